use std::{path::PathBuf, str::FromStr};

use sse_access::{Algorithm, AlgorithmError};

/// A key as `--jwt-key` names it: `ALG[,ALG...][:KID]=FILE`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct JwtKey {
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) id: Option<String>,
    pub(super) file: PathBuf,
}

impl FromStr for JwtKey {
    type Err = JwtKeyError;

    fn from_str(text: &str) -> Result<Self, JwtKeyError> {
        let (kind, file) = text.split_once('=').ok_or(JwtKeyError::File)?;
        let (algorithms, id) = match kind.split_once(':') {
            Some((algorithms, id)) => (algorithms, Some(id.to_owned())),
            None => (kind, None),
        };
        if file.is_empty() {
            return Err(JwtKeyError::File);
        }
        if id.as_deref() == Some("") {
            return Err(JwtKeyError::Id);
        }
        let algorithms = algorithms.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { algorithms, id, file: file.into() })
    }
}

/// Why a text names no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum JwtKeyError {
    #[error("expected an algorithm, `=` and a file, such as `HS256=secret.key`")]
    File,
    #[error("expected the name of the key behind the colon")]
    Id,
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_algorithms_its_id_and_its_file() {
        for (text, algorithms, id, file) in [
            ("HS256=secret", &[Algorithm::Hs256][..], None, "secret"),
            (
                "RS256,RS512:main=a=b.pem",
                &[Algorithm::Rs256, Algorithm::Rs512],
                Some("main"),
                "a=b.pem",
            ),
            ("EdDSA:a:b=./k", &[Algorithm::EdDsa], Some("a:b"), "./k"),
        ] {
            let expected = JwtKey {
                algorithms: algorithms.into(),
                id: id.map(str::to_owned),
                file: file.into(),
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["secret", "HS256=", ""] {
            assert_eq!(text.parse::<JwtKey>(), Err(JwtKeyError::File), "{text}");
        }
        assert_eq!("HS256:=secret".parse::<JwtKey>(), Err(JwtKeyError::Id));
        for text in ["none=secret", "=secret", "HS256,=secret", "hs1:x=secret"] {
            let error = text.parse::<JwtKey>().unwrap_err();
            assert!(matches!(error, JwtKeyError::Algorithm(_)), "{text}: {error}");
        }
    }
}
