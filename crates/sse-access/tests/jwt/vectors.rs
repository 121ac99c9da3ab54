//! The examples of the standards. They ended long ago, or claim nothing, so what shows that their signatures are
//! right is why they are refused.

use std::time::Instant;

use serde_json::{Value, json};
use sse_access::{Algorithm, Jwt, JwtError, Keys, SigningKey};

use crate::support::{decoded, encoded, valid_claims};

fn jwt(key: Value) -> Jwt {
    Jwt::new(Keys::from_jwks(json!({ "keys": [key] }).to_string().as_bytes()).unwrap())
}

#[test]
fn the_examples_of_rfc_7515_are_verified() {
    for (name, key, header, signature) in [
        (
            "A.1",
            json!({
                "kty": "oct",
                "alg": "HS256",
                "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            }),
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            "A.2",
            json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB" }),
            "eyJhbGciOiJSUzI1NiJ9",
            RSA_SIGNATURE,
        ),
        (
            "A.3",
            json!({
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }),
            "eyJhbGciOiJFUzI1NiJ9",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
    ] {
        let token = format!("{header}.{CLAIMS}.{signature}");
        let error = jwt(key.clone()).verify(&token, Instant::now()).unwrap_err();
        assert!(matches!(error, JwtError::Expired { .. }), "{name}: {error}");

        let changed = format!("{header}.{}.{signature}", encoded(r#"{"exp":4000000000}"#));
        let error = jwt(key).verify(&changed, Instant::now()).unwrap_err();
        assert_eq!(error, JwtError::Signature, "{name}");
    }
}

#[test]
fn the_example_of_rfc_8037_is_verified() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": ED25519_X });
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    let error = jwt(key).verify(token, Instant::now()).unwrap_err();
    assert_eq!(error, JwtError::Claims, "it claims a sentence");
}

/// RFC 9864 gives the same algorithm a name that says its curve.
#[test]
fn eddsa_has_two_names() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let mut jwk = key.public_jwk().unwrap();
    for name in ["EdDSA", "Ed25519"] {
        jwk["alg"] = name.into();
        let token = key.sign(&valid_claims());
        assert!(jwt(jwk.clone()).verify(&token, Instant::now()).is_ok(), "{name}");
        let header = encoded(json!({ "alg": name }).to_string());
        let renamed = format!("{header}.{}", token.split_once('.').unwrap().1);
        let error = jwt(jwk.clone()).verify(&renamed, Instant::now()).unwrap_err();
        assert_eq!(error, JwtError::Signature, "{name} is known, and the header is signed");
    }
}

#[test]
fn the_private_key_of_rfc_8037_has_its_public_half() {
    let seed = decoded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let start = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", [&start[..], &seed].concat()));

    let key = SigningKey::from_pem(Algorithm::EdDsa, pem.as_bytes()).unwrap();
    assert_eq!(key.public_jwk().unwrap()["x"], ED25519_X);
}

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0\
                      cnVlfQ";
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL\
                     -yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9\
                     e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAc\
                     o9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp\
                             5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMH\
                             lb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w\
                             9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
