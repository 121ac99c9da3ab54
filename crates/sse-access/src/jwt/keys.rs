use serde::Deserialize;
use serde_json::Value;

use super::{Key, KeyError, jwk::Jwk};

/// The keys that tokens may be signed with.
///
/// ```
/// use sse_access::Keys;
///
/// let keys = Keys::from_jwks(br#"{"keys": [{
///     "kty": "OKP", "crv": "Ed25519", "kid": "2026",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }]}"#)?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), sse_access::KeysError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// How many keys a JWK set may have: a token that names no key is tried with each.
    pub const MAX_LEN: usize = 100;

    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. Several keys may have the same ID, or none.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.0.push(key);
        self
    }

    /// The keys of a JWK set.
    ///
    /// A key that cannot be used is left out, and the log says why: if it is not for signatures (`use`, `key_ops`),
    /// its kind or algorithm is unknown, or it is damaged, too small or private. Without `alg` an RSA key may be
    /// used with RS256, RS384 and RS512, one of P-256 with ES256, one of P-384 with ES384 and one of Ed25519 with
    /// EdDSA; a secret is left out.
    ///
    /// # Errors
    ///
    /// [`KeysError::NotASet`], [`KeysError::TooMany`], [`KeysError::Empty`], or [`KeysError::NoneUsable`] if every
    /// key is left out.
    ///
    /// # Source
    ///
    /// RFC 7517, [JWK Set Format](https://www.rfc-editor.org/rfc/rfc7517.html#section-5).
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeysError> {
        let set: Set = serde_json::from_slice(json)
            .map_err(|error| KeysError::NotASet { line: error.line(), column: error.column() })?;
        if Self::MAX_LEN < set.keys.len() {
            return Err(KeysError::TooMany { count: set.keys.len() });
        }
        let (mut keys, mut first_error) = (Self::new(), None);
        for (index, value) in set.keys.iter().enumerate() {
            match Jwk::read(value).and_then(Jwk::into_key) {
                Ok(key) => keys.0.push(key),
                Err(error) => {
                    let id = value.get("kid").and_then(Value::as_str).unwrap_or_default();
                    tracing::warn!(index, id, %error, "left out a key of a JWK set");
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error {
            _ if !keys.0.is_empty() => Ok(keys),
            Some(first) => Err(KeysError::NoneUsable { count: set.keys.len(), first }),
            None => Err(KeysError::Empty),
        }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, in the order in which they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Key> {
        self.0.iter()
    }

    /// The keys that a token may be signed with: those with the ID that it names, or all if it names none.
    pub(super) fn named<'a>(
        &'a self,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> + Clone {
        self.0.iter().filter(move |key| id.is_none() || key.id() == id)
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<T: IntoIterator<Item = Key>>(keys: T) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl Extend<Key> for Keys {
    fn extend<T: IntoIterator<Item = Key>>(&mut self, keys: T) {
        self.0.extend(keys);
    }
}

impl IntoIterator for Keys {
    type Item = Key;
    type IntoIter = std::vec::IntoIter<Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Keys {
    type Item = &'a Key;
    type IntoIter = std::slice::Iter<'a, Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// Why a JWK set cannot be used.
///
/// ```
/// use sse_access::{KeyError, Keys, KeysError};
///
/// let error = Keys::from_jwks(br#"{"keys": [{"kty": "EC", "crv": "P-521"}]}"#).unwrap_err();
/// assert_eq!(error, KeysError::NoneUsable { count: 1, first: KeyError::Unsupported });
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Not JSON, or not an object with a list `keys`.
    #[error("this is no JWK set, an object with a list `keys`: line {line}, column {column}")]
    NotASet {
        /// The line of the error, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// More keys than [`Keys::MAX_LEN`].
    #[error("there are {count} keys, and at most {} are allowed", Keys::MAX_LEN)]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// Every key is left out.
    #[error("none of the {count} keys can be used; of the first one: {first}")]
    NoneUsable {
        /// How many there are.
        count: usize,
        /// Why the first one is left out.
        first: KeyError,
    },
    /// The list is empty.
    #[error("the list `keys` is empty")]
    Empty,
}
