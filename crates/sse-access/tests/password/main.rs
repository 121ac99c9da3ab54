//! Names and passwords. One file a subject.

#![cfg(feature = "password")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod file;

/// Hashes of `password`, test vectors of the reference implementation.
const ONE: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
const OTHER: &str =
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
