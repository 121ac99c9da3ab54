//! Listeners that an engine drives: what is written to which socket and when, in what order, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocked;
mod both;
mod counted;
mod cuts;
mod deadlines;
mod ends;
mod fairness;
mod flight;
mod keys;
mod pages;
mod support;
mod users_code;
mod writes;
