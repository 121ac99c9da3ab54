//! Tokens: what is taken, what is refused, and what they grant.

#![cfg(feature = "jwt")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

mod attacks;
mod claims;
mod keys;
mod signatures;
mod signing;
mod time;
mod vectors;
