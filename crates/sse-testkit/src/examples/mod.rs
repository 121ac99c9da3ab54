//! What the three examples of every adapter do, as processes over sockets.
//!
//! [`example_tests!`](crate::example_tests) runs them all.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod list;
mod process;

pub mod chat;
pub mod protocol_server;
pub mod tokens;
