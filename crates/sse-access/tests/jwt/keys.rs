//! What is a key, and by what algorithms it may be used.

use std::time::Instant;

use serde_json::{Value, json};
use sse_access::{Algorithm, Jwt, Key, KeyError, KeyKind, Keys, KeysError, SigningKey};

use crate::support::{SECRET, decoded, encoded, valid_claims};

fn read(keys: Value) -> Result<Keys, KeysError> {
    Keys::from_jwks(json!({ "keys": keys }).to_string().as_bytes())
}

/// Why the only key of a set is left out.
fn left_out(key: Value) -> KeyError {
    match read(json!([key])).unwrap_err() {
        KeysError::NoneUsable { count: 1, first } => first,
        other => panic!("{other}"),
    }
}

fn takes(keys: Keys, signing: &SigningKey) -> bool {
    Jwt::new(keys).verify(&signing.sign(&valid_claims()), Instant::now()).is_ok()
}

fn jwk(algorithm: Algorithm, pem: &[u8]) -> Value {
    let mut jwk = SigningKey::from_pem(algorithm, pem).unwrap().public_jwk().unwrap();
    let members = jwk.as_object_mut().unwrap();
    members.remove("alg");
    members.remove("use");
    jwk
}

fn rsa() -> Value {
    jwk(Algorithm::Rs256, include_bytes!("data/rsa.pem"))
}

fn p256() -> Value {
    jwk(Algorithm::Es256, include_bytes!("data/p256.pem"))
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

#[test]
fn public_keys_and_certificates_of_openssl_are_read() {
    for (private, public, algorithm) in [
        (
            &include_bytes!("data/rsa.pem")[..],
            &include_bytes!("data/rsa-public.pem")[..],
            Algorithm::Rs256,
        ),
        (
            include_bytes!("data/rsa.pem"),
            include_bytes!("data/rsa-public-pkcs1.pem"),
            Algorithm::Ps512,
        ),
        (
            include_bytes!("data/rsa.pem"),
            include_bytes!("data/rsa-certificate.pem"),
            Algorithm::Rs512,
        ),
        (include_bytes!("data/p256.pem"), include_bytes!("data/p256-public.pem"), Algorithm::Es256),
        (
            include_bytes!("data/p256.pem"),
            include_bytes!("data/p256-certificate.pem"),
            Algorithm::Es256,
        ),
        (include_bytes!("data/p384.pem"), include_bytes!("data/p384-public.pem"), Algorithm::Es384),
        (
            include_bytes!("data/ed25519.pem"),
            include_bytes!("data/ed25519-public.pem"),
            Algorithm::EdDsa,
        ),
    ] {
        let signing = SigningKey::from_pem(algorithm, private).unwrap();
        let behind_text = [b"of our issuer\r\n\r\n", public].concat();
        for pem in [
            public,
            &behind_text,
            &String::from_utf8_lossy(public).replace('\n', "\r\n").into_bytes(),
        ] {
            let key = Key::from_contents(&[algorithm], pem).unwrap();
            assert!(takes(Keys::new().with_key(key), &signing), "{algorithm}");
        }
    }
}

#[test]
fn a_file_that_holds_no_public_key_says_why() {
    for (pem, expected) in [
        (&b""[..], KeyError::NoPem),
        (b"no key at all", KeyError::NoPem),
        (b"-----BEGIN PUBLIC KEY-----\nMCow", KeyError::NoPem),
        (b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", KeyError::Malformed),
        (b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", KeyError::Malformed),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", KeyError::Malformed),
        (b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n", KeyError::NoPem),
        (include_bytes!("data/rsa.pem"), KeyError::Private),
        (include_bytes!("data/rsa-pkcs1.pem"), KeyError::Private),
        (include_bytes!("data/p256-sec1.pem"), KeyError::Private),
        (include_bytes!("data/ed25519-encrypted.pem"), KeyError::Private),
        (include_bytes!("data/rsa-1024-public.pem"), KeyError::RsaSize { bits: 1024 }),
        (include_bytes!("data/p521-public.pem"), KeyError::Unsupported),
        (include_bytes!("data/x25519-public.pem"), KeyError::Unsupported),
    ] {
        let error = Key::from_pem(&[Algorithm::Rs256], pem).unwrap_err();
        assert_eq!(error, expected, "{}", String::from_utf8_lossy(pem));
    }
}

#[test]
fn a_public_key_that_is_cut_anywhere_is_none() {
    for (algorithm, pem) in [
        (Algorithm::Es256, &include_bytes!("data/p256-public.pem")[..]),
        (Algorithm::EdDsa, include_bytes!("data/ed25519-public.pem")),
        (Algorithm::Rs256, include_bytes!("data/rsa-public.pem")),
        (Algorithm::Rs256, include_bytes!("data/rsa-public-pkcs1.pem")),
        (Algorithm::Rs256, include_bytes!("data/rsa-certificate.pem")),
    ] {
        let section = pem::parse(pem).unwrap();
        // The rest of a certificate does not count.
        let end = if section.tag() == "CERTIFICATE" { 400 } else { section.contents().len() };
        for at in 0..end {
            let cut = pem::Pem::new(section.tag(), &section.contents()[..at]);
            let error = Key::from_pem(&[algorithm], pem::encode(&cut).as_bytes()).unwrap_err();
            assert_eq!(error, KeyError::Malformed, "{} at {at}", section.tag());
        }
    }
}

#[test]
fn each_kind_of_key_has_its_own_algorithms() {
    for (kind, key) in [
        (KeyKind::Rsa, &include_bytes!("data/rsa-public.pem")[..]),
        (KeyKind::P256, include_bytes!("data/p256-public.pem")),
        (KeyKind::P384, include_bytes!("data/p384-public.pem")),
        (KeyKind::Ed25519, include_bytes!("data/ed25519-public.pem")),
        (KeyKind::Secret, SECRET),
    ] {
        for algorithm in Algorithm::ALL {
            let read = Key::from_contents(&[algorithm], key).map(drop);
            let expected = if algorithm.key_kind() == kind {
                Ok(())
            } else {
                Err(KeyError::Mismatch { kind, algorithm })
            };
            assert_eq!(read, expected);
        }
        assert_eq!(Key::from_contents(&[], key).unwrap_err(), KeyError::NoAlgorithm);
    }
}

#[test]
fn a_secret_is_read_to_the_last_byte_and_from_a_file_to_the_line_end() {
    let signing = SigningKey::from_secret(Algorithm::Hs256, SECRET).unwrap();
    let hs256 = [Algorithm::Hs256];
    for (end, as_it_is, from_file) in [
        (&b""[..], true, true),
        (b"\n", false, true),
        (b"\r\n", false, true),
        (b"\r", false, false),
        (b"\n\n", false, false),
        (b" ", false, false),
    ] {
        let secret = [SECRET, end].concat();
        let keys = Keys::new().with_key(Key::from_secret(&hs256, &secret).unwrap());
        assert_eq!(takes(keys, &signing), as_it_is, "{end:?}");
        let keys = Keys::new().with_key(Key::from_contents(&hs256, &secret).unwrap());
        assert_eq!(takes(keys, &signing), from_file, "{end:?}");
    }
    for len in [0, 1, 31] {
        let error = Key::from_secret(&hs256, &SECRET[..len]).unwrap_err();
        assert_eq!(error, KeyError::ShortSecret { len });
    }
    assert!(Key::from_secret(&hs256, &SECRET[..32]).is_ok());
    assert!(Key::from_contents(&hs256, &[&SECRET[..31], b"\n"].concat()).is_err());
}

#[test]
fn a_key_of_a_set_has_the_usual_algorithms_unless_it_says_others() {
    for (jwk, expected) in [
        (rsa(), &[Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512][..]),
        (with(rsa(), "alg", json!("PS384")), &[Algorithm::Ps384]),
        (p256(), &[Algorithm::Es256]),
        (jwk(Algorithm::Es384, include_bytes!("data/p384.pem")), &[Algorithm::Es384]),
        (jwk(Algorithm::EdDsa, include_bytes!("data/ed25519.pem")), &[Algorithm::EdDsa]),
        (json!({ "kty": "oct", "alg": "HS512", "k": encoded(SECRET) }), &[Algorithm::Hs512]),
    ] {
        let key = with(with(jwk, "kid", json!("2026")), "x5t", json!("unknown"));
        let keys = read(json!([with(key, "key_ops", json!(["verify"]))])).unwrap();
        let found: Vec<_> = keys.iter().map(|key| (key.algorithms(), key.id())).collect();
        assert_eq!(found, [(expected, Some("2026"))]);
    }
}

#[test]
fn a_key_of_a_set_that_cannot_be_used_is_left_out() {
    let short = encoded([0xff; 128]);
    for (key, expected) in [
        (with(rsa(), "use", json!("enc")), KeyError::OtherUse),
        (with(rsa(), "use", json!("")), KeyError::OtherUse),
        (with(rsa(), "key_ops", json!(["encrypt"])), KeyError::OtherUse),
        (with(rsa(), "key_ops", json!([])), KeyError::OtherUse),
        (
            with(rsa(), "alg", json!("RSA-OAEP")),
            KeyError::UnknownAlgorithm { name: "RSA-OAEP".into() },
        ),
        (with(rsa(), "alg", json!("none")), KeyError::UnknownAlgorithm { name: "none".into() }),
        (
            with(rsa(), "alg", json!("HS256")),
            KeyError::Mismatch { kind: KeyKind::Rsa, algorithm: Algorithm::Hs256 },
        ),
        (
            with(p256(), "alg", json!("ES384")),
            KeyError::Mismatch { kind: KeyKind::P256, algorithm: Algorithm::Es384 },
        ),
        (with(rsa(), "d", json!("AQAB")), KeyError::Private),
        (with(rsa(), "kid", json!(1)), KeyError::Malformed),
        (with(rsa(), "n", json!("AQAB")), KeyError::RsaSize { bits: 17 }),
        (with(rsa(), "n", json!("")), KeyError::RsaSize { bits: 0 }),
        (with(rsa(), "n", json!(short)), KeyError::RsaSize { bits: 1024 }),
        (with(rsa(), "n", json!(encoded([0xff; 1025]))), KeyError::RsaSize { bits: 8200 }),
        (with(rsa(), "n", json!(encoded([0xfe; 256]))), KeyError::Malformed),
        (with(rsa(), "n", json!(null)), KeyError::Malformed),
        (with(rsa(), "n", json!("===")), KeyError::Malformed),
        (with(rsa(), "e", json!("AQ")), KeyError::Malformed),
        (with(rsa(), "e", json!("Ag")), KeyError::Malformed),
        (with(rsa(), "e", json!("")), KeyError::Malformed),
        (with(rsa(), "e", json!(encoded([1; 5]))), KeyError::Malformed),
        (with(p256(), "x", json!(encoded([0; 32]))), KeyError::Malformed),
        (with(p256(), "x", json!(encoded([1; 31]))), KeyError::Malformed),
        (with(p256(), "crv", json!("P-384")), KeyError::Malformed),
        (with(p256(), "crv", json!("secp256k1")), KeyError::Unsupported),
        (with(p256(), "crv", json!("P-521")), KeyError::Unsupported),
        (with(p256(), "kty", json!("ec")), KeyError::Unsupported),
        (json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded([1; 31]) }), KeyError::Malformed),
        (json!({ "kty": "OKP", "crv": "X25519", "x": encoded([1; 32]) }), KeyError::Unsupported),
        (json!({ "kty": "oct", "k": encoded(SECRET) }), KeyError::SecretWithoutAlgorithm),
        (json!({ "kty": "oct", "alg": "HS256", "k": "AQAB" }), KeyError::ShortSecret { len: 3 }),
        (
            json!({ "kty": "oct", "alg": "RS256", "k": encoded(SECRET) }),
            KeyError::Mismatch { kind: KeyKind::Secret, algorithm: Algorithm::Rs256 },
        ),
        (
            json!({ "kty": "oct", "alg": "HS256", "k": encoded(include_bytes!("data/rsa-public.pem")) }),
            KeyError::PemAsSecret,
        ),
        (json!({}), KeyError::Malformed),
        (json!(null), KeyError::Malformed),
        (json!(["RSA"]), KeyError::Malformed),
        (json!({ "kty": 1 }), KeyError::Malformed),
    ] {
        assert_eq!(left_out(key.clone()), expected, "{key}");
        let beside = read(json!([key, p256()])).unwrap();
        assert_eq!(beside.len(), 1, "the others count: {key}");
    }
}

#[test]
fn a_set_is_an_object_with_a_list_of_keys() {
    for json in ["", "null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, "{\"keys\":[]", "x"]
    {
        let error = Keys::from_jwks(json.as_bytes()).unwrap_err();
        assert!(matches!(error, KeysError::NotASet { .. }), "{json} {error}");
    }
    assert_eq!(read(json!([])).unwrap_err(), KeysError::Empty);
    assert_eq!(read(json!(vec![p256(); 100])).unwrap().len(), 100);
    assert_eq!(read(json!(vec![p256(); 101])).unwrap_err(), KeysError::TooMany { count: 101 });
    let with_more = json!({ "keys": [p256()], "issuer": "x" }).to_string();
    assert!(Keys::from_jwks(with_more.as_bytes()).is_ok());
}

#[test]
fn keys_can_be_exchanged_while_they_are_used() {
    let (old, new) = (
        SigningKey::generate(Algorithm::EdDsa).unwrap(),
        SigningKey::generate(Algorithm::EdDsa).unwrap(),
    );
    let jwt = Jwt::new(Keys::new().with_key(old.verifying_key()));
    let is_taken =
        |key: &SigningKey| jwt.verify(&key.sign(&valid_claims()), Instant::now()).is_ok();
    assert_eq!((is_taken(&old), is_taken(&new)), (true, false));

    jwt.set_keys([old.verifying_key(), new.verifying_key()].into_iter().collect());
    assert_eq!((is_taken(&old), is_taken(&new)), (true, true));
    jwt.set_keys(Keys::new().with_key(new.verifying_key()));
    assert_eq!((is_taken(&old), is_taken(&new)), (false, true));
}

#[test]
fn a_key_shows_nothing_of_a_secret() {
    let key = Key::from_secret(&[Algorithm::Hs256], SECRET).unwrap().with_id("2026");
    let shown = format!("{key:?} {:?}", Jwt::new(Keys::new().with_key(key.clone())));

    assert!(shown.contains("2026") && shown.contains("Hs256"), "{shown}");
    assert!(!shown.contains("secret of") && !shown.contains(&format!("{SECRET:?}")), "{shown}");
}

/// One key of 128 has such a coordinate.
#[test]
fn a_coordinate_with_zeros_before_it_is_as_long_as_the_others() {
    let coordinate = |jwk: &Value, name: &str| decoded(jwk[name].as_str().unwrap());
    let is_short = |jwk: &Value| coordinate(jwk, "x")[0] == 0 || coordinate(jwk, "y")[0] == 0;
    let keys = (0..4000).map(|_| SigningKey::generate(Algorithm::Es256).unwrap());
    let mut with_jwk = keys.map(|key| (key.public_jwk().unwrap(), key));
    let (jwk, key) = with_jwk.find(|(jwk, _)| is_short(jwk)).unwrap();

    assert_eq!((coordinate(&jwk, "x").len(), coordinate(&jwk, "y").len()), (32, 32));
    assert!(takes(read(json!([jwk])).unwrap(), &key));
}
