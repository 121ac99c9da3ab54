//! A server of one's own that is asked who a credential is.

mod answers;
mod memory;
mod questions;
mod together;
