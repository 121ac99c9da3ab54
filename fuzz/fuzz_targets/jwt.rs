//! No text is a token but those that were signed, whatever its header says.

#![no_main]

use std::{sync::LazyLock, time::Instant};

use libfuzzer_sys::fuzz_target;
use sse_access::{Jwt, Keys};

fuzz_target!(|bytes: &[u8]| {
    let Ok(token) = str::from_utf8(bytes) else {
        return;
    };
    let is_genuine = match JWT.verify(token, Instant::now()) {
        Ok(_) => true,
        Err(error) => error.is_genuine(),
    };
    // Those of the corpus are.
    let is_signed = SIGNED.iter().any(|signed| signed.trim_end() == token);
    assert_eq!(is_genuine, is_signed, "{token}");
});

/// The public keys and secrets of the examples in RFC 7515 and RFC 8037.
static JWT: LazyLock<Jwt> = LazyLock::new(|| {
    Jwt::new(Keys::from_jwks(include_bytes!("../keys.json")).expect("the keys are right"))
});

const SIGNED: [&str; 4] = [
    include_str!("../corpus/jwt/hs256"),
    include_str!("../corpus/jwt/rs256"),
    include_str!("../corpus/jwt/es256"),
    include_str!("../corpus/jwt/eddsa"),
];
