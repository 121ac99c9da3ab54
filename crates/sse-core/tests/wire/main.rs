//! The wire format: what is written, that nothing can be smuggled into it, and that it is read
//! the same wherever the bytes are cut.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod decode;
mod encode;
mod injection;
mod limits;
mod model;
mod naive;
mod outcome;
mod raw;
mod round_trip;
mod validation;
mod vectors;
