//! The checker of fault tests sees each of its rules broken in every way, and nothing where nothing is.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod gaps;
mod identity;
mod loss;
mod order;
mod origin;
mod size;
mod support;
