use std::{collections::HashMap, path::Path};

use serde::de::IgnoredAny;
use sse_access::{Algorithm, Key, KeyError, SigningKey, SigningKeyError};

use crate::data::{self, ReadError};

/// The key that signs, out of `file`. Without an algorithm it is used by the one that it is made for.
pub(super) fn signing_key(
    file: &Path,
    algorithm: Option<Algorithm>,
) -> Result<SigningKey, KeyFileError> {
    let contents = read(file)?;
    let key = match algorithm {
        Some(algorithm) => SigningKey::from_contents(algorithm, &contents),
        None => guess(&contents),
    };
    let key = key.map_err(|error| KeyFileError::Invalid { file: data::name(file), error })?;
    let len = key.contents().len();
    let is_guessed = algorithm.is_none() && key.algorithm() == Algorithm::Hs256;
    if is_guessed && MIN_HS384 <= len {
        return Err(KeyFileError::Ambiguous { file: data::name(file), len });
    }
    Ok(key)
}

fn guess(contents: &[u8]) -> Result<SigningKey, SigningKeyError> {
    let mut outcome = SigningKey::from_contents(Algorithm::Hs256, contents);
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256] {
        // What is no key for one may be one for another.
        if !outcome.as_ref().is_err_and(is_of_another_kind) {
            break;
        }
        outcome = SigningKey::from_contents(algorithm, contents);
    }
    match outcome {
        Err(SigningKeyError::Rejected { .. }) => Err(KeyError::Unsupported.into()),
        outcome => outcome,
    }
}

/// The key that verifies, out of `file`, once for each algorithm that it can be used by.
pub(super) fn verifying_keys(
    file: &Path,
    algorithm: Option<Algorithm>,
) -> Result<Vec<Key>, KeyFileError> {
    let contents = read(file)?;
    let algorithms = match &algorithm {
        Some(algorithm) => std::slice::from_ref(algorithm),
        None => &Algorithm::ALL,
    };
    let (mut keys, mut reason) = (Vec::new(), None);
    for &algorithm in algorithms {
        match verifying_key(algorithm, &contents) {
            Ok(key) => keys.push(key),
            Err(error) if reason.is_none() || !is_of_another_kind(&error) => reason = Some(error),
            Err(_) => {}
        }
    }
    match reason {
        Some(error) if keys.is_empty() => {
            Err(KeyFileError::Invalid { file: data::name(file), error })
        }
        _ => Ok(keys),
    }
}

/// Of a private key its public half.
fn verifying_key(algorithm: Algorithm, contents: &[u8]) -> Result<Key, SigningKeyError> {
    match Key::from_contents(&[algorithm], contents) {
        Err(KeyError::Private) => {
            SigningKey::from_contents(algorithm, contents).map(|key| key.verifying_key())
        }
        key => Ok(key?),
    }
}

fn is_of_another_kind(error: &SigningKeyError) -> bool {
    use SigningKeyError::{Key, Rejected};
    matches!(error, Rejected { .. } | Key(KeyError::Mismatch { .. } | KeyError::PemAsSecret))
}

fn read(file: &Path) -> Result<Vec<u8>, KeyFileError> {
    let contents = data::read_file(file).map_err(KeyFileError::Read)?;
    // As a secret it would be one that others know.
    if serde_json::from_slice::<HashMap<String, IgnoredAny>>(&contents).is_ok() {
        return Err(KeyFileError::Json { file: data::name(file) });
    }
    Ok(contents)
}

/// Why there is no key in a file. Nothing of it is repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFileError {
    #[error("--key")]
    Read(#[source] ReadError),
    #[error("--key: {file}: this is JSON, and a JWK set is given by --jwks")]
    Json { file: String },
    #[error("--key: {file}: {error}")]
    Invalid { file: String, error: SigningKeyError },
    #[error(
        "--key: {file}: a secret of {len} bytes may be for HS384 or HS512 too: say for which by --alg"
    )]
    Ambiguous { file: String, len: usize },
}

/// How long a secret for HS384 is at least, in bytes. One that is shorter can only be meant for HS256.
///
/// # Source
///
/// RFC 7518, [HMAC with SHA-2 Functions](https://www.rfc-editor.org/rfc/rfc7518.html#section-3.2).
const MIN_HS384: usize = 48;
