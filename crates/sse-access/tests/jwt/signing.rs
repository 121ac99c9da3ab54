use std::time::Instant;

use serde_json::{Value, json};
use sse_access::{Algorithm, Jwt, KeyError, Keys, SigningKey, SigningKeyError};

use crate::support::{decoded, valid_claims};

const MADE: [Algorithm; 6] = [
    Algorithm::Hs256,
    Algorithm::Hs384,
    Algorithm::Hs512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

#[test]
fn what_a_new_key_signs_is_taken_by_its_other_half() {
    for algorithm in MADE {
        let key = SigningKey::generate(algorithm).unwrap().with_id("2026");
        let token = key.sign(&valid_claims());

        let keys = match key.public_jwk() {
            Some(jwk) => Keys::from_jwks(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap(),
            None => Keys::new().with_key(key.verifying_key()),
        };
        assert!(Jwt::new(keys).verify(&token, Instant::now()).is_ok(), "{algorithm}");
        let other = SigningKey::generate(algorithm).unwrap().with_id("2026");
        let others = Jwt::new(Keys::new().with_key(other.verifying_key()));
        assert!(others.verify(&token, Instant::now()).is_err(), "{algorithm}");
    }
}

#[test]
fn a_key_is_the_same_after_it_was_kept() {
    for algorithm in MADE {
        let key = SigningKey::generate(algorithm).unwrap();
        let line = [key.contents(), b"\n"].concat();
        for contents in [key.contents(), &line] {
            let kept = SigningKey::from_contents(algorithm, contents).unwrap();
            let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
            assert!(jwt.verify(&kept.sign(&valid_claims()), Instant::now()).is_ok(), "{algorithm}");
            assert_eq!(kept.public_jwk(), key.public_jwk());
        }
    }
}

#[test]
fn a_token_says_how_and_with_which_key_it_is_signed() {
    let key = SigningKey::generate(Algorithm::Es384).unwrap();
    let header = |token: String| -> Value {
        serde_json::from_slice(&decoded(token.split('.').next().unwrap())).unwrap()
    };

    let expected = json!({ "typ": "JWT", "alg": "ES384" });
    assert_eq!(header(key.sign(&json!({}))), expected);
    let expected = json!({ "typ": "JWT", "alg": "ES384", "kid": "a\"b" });
    assert_eq!(header(key.with_id("a\"b").sign(&json!({}))), expected);
}

#[test]
fn secrets_are_as_long_as_their_hash() {
    for (algorithm, len) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
    {
        let key = SigningKey::generate(algorithm).unwrap();
        let text = str::from_utf8(key.contents()).unwrap();
        assert_eq!(decoded(text).len(), len);
        assert_eq!(key.public_jwk(), None);
        assert!(!format!("{key:?} {:?}", key.verifying_key()).contains(text));
    }
}

#[test]
fn keys_that_openssl_made_sign() {
    for (pem, algorithms) in [
        (&include_bytes!("data/rsa.pem")[..], &RSA[..]),
        (include_bytes!("data/rsa-pkcs1.pem"), &RSA),
        (include_bytes!("data/p256.pem"), &[Algorithm::Es256]),
        (include_bytes!("data/p384.pem"), &[Algorithm::Es384]),
        (include_bytes!("data/ed25519.pem"), &[Algorithm::EdDsa]),
    ] {
        for &algorithm in algorithms {
            let key = SigningKey::from_pem(algorithm, pem).unwrap();
            let keys = json!({ "keys": [key.public_jwk().unwrap()] }).to_string();
            let jwt = Jwt::new(Keys::from_jwks(keys.as_bytes()).unwrap());
            assert!(jwt.verify(&key.sign(&valid_claims()), Instant::now()).is_ok(), "{algorithm}");
        }
    }
}

/// That of PKCS#8 in its first version, which all tools read.
#[test]
fn a_new_ed25519_key_is_written_as_in_rfc_8410() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let of_openssl = pem::parse(include_bytes!("data/ed25519.pem")).unwrap().into_contents();
    let written = pem::parse(key.contents()).unwrap().into_contents();

    assert_eq!(written[..written.len() - 32], of_openssl[..of_openssl.len() - 32]);
    assert_ne!(written, of_openssl);
}

#[test]
fn what_cannot_sign_says_why() {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap_err();
    assert_eq!(rsa, SigningKeyError::Generate { algorithm: Algorithm::Rs256 });
    let p256 = SigningKey::generate(Algorithm::Es256).unwrap();
    let as_secret = SigningKey::from_contents(Algorithm::Hs256, p256.contents()).unwrap_err();
    assert_eq!(as_secret, SigningKeyError::Key(KeyError::PemAsSecret));
    let as_secret = SigningKey::from_secret(Algorithm::Hs256, p256.contents()).unwrap_err();
    assert_eq!(as_secret, SigningKeyError::Key(KeyError::PemAsSecret));
    for algorithm in [Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256] {
        let error = SigningKey::from_pem(algorithm, p256.contents()).unwrap_err();
        assert!(matches!(error, SigningKeyError::Rejected { .. }), "{algorithm} {error}");
    }
    let sec1 = include_bytes!("data/p256-sec1.pem");
    assert_eq!(SigningKey::from_pem(Algorithm::Es256, sec1).unwrap_err(), SigningKeyError::Sec1);
    let encrypted = include_bytes!("data/ed25519-encrypted.pem");
    let error = SigningKey::from_pem(Algorithm::EdDsa, encrypted).unwrap_err();
    assert_eq!(error, SigningKeyError::Encrypted);
    for text in [&b""[..], b"no key", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"] {
        let error = SigningKey::from_pem(Algorithm::EdDsa, text).unwrap_err();
        assert_eq!(error, SigningKeyError::NoPem);
    }
    let error = SigningKey::from_secret(Algorithm::EdDsa, &[7; 32]).unwrap_err();
    assert!(matches!(error, SigningKeyError::Key(KeyError::Mismatch { .. })), "{error}");
}

const RSA: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];
