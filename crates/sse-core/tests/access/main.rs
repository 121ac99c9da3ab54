//! Access: what a grant permits and when it ends, what is revoked, who is asked, and who is let in.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod book;
mod counted;
mod credentials;
mod ends;
mod limits;
mod order;
mod permissions;
mod revocations;
mod routes;
mod shown;
mod support;
mod tickets;
mod verdicts;
