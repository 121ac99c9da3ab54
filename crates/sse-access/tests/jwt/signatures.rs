//! Signatures that a careless verifier takes for those of a key.

use std::time::Instant;

use serde_json::json;
use sse_access::{Algorithm, Jwt, JwtError, Key, Keys, SigningKey};

use crate::support::{SECRET, decoded, encoded, hs256, refused, valid_claims};

#[test]
fn an_algorithm_that_the_key_is_not_for_is_refused() {
    let rsa = include_bytes!("data/rsa.pem");
    let public = include_bytes!("data/rsa-public.pem");
    let allowed = [Algorithm::Rs384, Algorithm::Ps256];
    let jwt = Jwt::new(Keys::new().with_key(Key::from_pem(&allowed, public).unwrap()));
    for algorithm in Algorithm::ALL {
        let Ok(key) = SigningKey::from_pem(algorithm, rsa) else {
            continue;
        };
        let verified = jwt.verify(&key.sign(&valid_claims()), Instant::now());
        assert_eq!(verified.is_ok(), allowed.contains(&algorithm), "{algorithm}");
    }
    let hs512 = SigningKey::from_secret(Algorithm::Hs512, SECRET).unwrap();
    assert_eq!(refused(&hs256(), &hs512.sign(&valid_claims())), JwtError::Algorithm);
}

#[test]
fn a_signature_of_one_algorithm_is_none_of_another() {
    let rsa = include_bytes!("data/rsa.pem");
    let all: Vec<_> = Algorithm::ALL
        .into_iter()
        .filter_map(|algorithm| SigningKey::from_pem(algorithm, rsa).ok())
        .collect();
    let algorithms: Vec<_> = all.iter().map(SigningKey::algorithm).collect();
    let public = Key::from_pem(&algorithms, include_bytes!("data/rsa-public.pem")).unwrap();
    let jwt = Jwt::new(Keys::new().with_key(public));
    assert_eq!(all.len(), 6);
    for key in &all {
        let token = key.sign(&valid_claims());
        let (header, rest) = token.split_once('.').unwrap();
        for other in &algorithms {
            let name = encoded(json!({ "typ": "JWT", "alg": other.name() }).to_string());
            let is_own = *other == key.algorithm();
            let changed = format!("{}.{rest}", if is_own { header } else { &name });
            assert_eq!(jwt.verify(&changed, Instant::now()).is_ok(), is_own, "{other}");
        }
    }
}

#[test]
fn a_signature_of_ecdsa_is_two_numbers_of_one_length_that_are_not_zero() {
    for (algorithm, len) in [(Algorithm::Es256, 32), (Algorithm::Es384, 48)] {
        let key = SigningKey::generate(algorithm).unwrap();
        let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
        let token = key.sign(&valid_claims());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = decoded(signature);
        assert_eq!(signature.len(), 2 * len);
        let (r, s) = signature.split_at(len);
        let zero = vec![0; len];
        let most = vec![0xff; len];
        let der = {
            let number = |n: &[u8]| [&[2, n.len() as u8 + 1, 0][..], n].concat();
            let both = [number(r), number(s)].concat();
            [&[0x30, both.len() as u8][..], &both].concat()
        };
        for (name, changed) in [
            ("r = s = 0", [&zero[..], &zero].concat()),
            ("r = 0", [&zero[..], s].concat()),
            ("s = 0", [r, &zero].concat()),
            ("beyond the order", [&most[..], &most].concat()),
            ("swapped", [s, r].concat()),
            ("one byte less", signature[1..].to_vec()),
            ("one byte less at the end", signature[..2 * len - 1].to_vec()),
            ("a zero before", [&[0][..], &signature].concat()),
            ("a zero behind", [&signature[..], &[0]].concat()),
            ("twice", [&signature[..], &signature].concat()),
            ("DER", der),
            ("empty", Vec::new()),
        ] {
            let error = refused(&jwt, &format!("{message}.{}", encoded(changed)));
            assert_eq!(error, JwtError::Signature, "{algorithm} {name}");
        }
    }
}

#[test]
fn a_signature_of_rsa_has_the_length_of_its_key() {
    let key = SigningKey::from_pem(Algorithm::Rs256, include_bytes!("data/rsa.pem")).unwrap();
    let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
    let token = key.sign(&valid_claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = decoded(signature);
    for changed in [
        vec![],
        vec![0; 256],
        vec![0xff; 256],
        [&[0; 255][..], &[1]].concat(),
        signature[1..].to_vec(),
        [&[0][..], &signature].concat(),
        [&signature[..], &[0]].concat(),
    ] {
        let error = refused(&jwt, &format!("{message}.{}", encoded(&changed)));
        assert_eq!(error, JwtError::Signature, "{} bytes", changed.len());
    }
}

/// A point of small order verifies any message with some signatures, where that is not looked at.
#[test]
fn a_signature_of_eddsa_has_one_form() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
    let token = key.sign(&valid_claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = decoded(signature);
    let (point, scalar) = signature.split_at(32);
    for changed in [
        vec![0; 64],
        [&[1][..], &[0; 63]].concat(),
        [point, &plus_order(scalar)].concat(),
        [point, &[0; 32]].concat(),
        signature[..63].to_vec(),
        [&signature[..], &[0]].concat(),
    ] {
        let error = refused(&jwt, &format!("{message}.{}", encoded(&changed)));
        assert_eq!(error, JwtError::Signature, "{changed:x?}");
    }
}

/// The same scalar, written larger than the order of the group.
fn plus_order(scalar: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    let sum = scalar.iter().zip(ORDER).map(|(&one, other)| {
        let sum = u16::from(one) + u16::from(other) + carry;
        carry = sum >> 8;
        sum as u8
    });
    sum.collect()
}
