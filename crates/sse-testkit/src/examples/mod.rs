//! What the examples of every adapter do, as processes over sockets.
//!
//! [`example_tests!`](crate::example_tests) runs those that each adapter has; a [`Program`] is any other.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod list;
mod process;

mod program;
pub use program::Program;

pub mod chat;
pub mod guarded;
pub mod protocol_server;
pub mod tokens;
