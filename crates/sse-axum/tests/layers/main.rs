//! Layers around a router: which leave the stream of a channel to the server, and which see its bytes.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod served;
mod support;
mod taken;
mod wrapped;
