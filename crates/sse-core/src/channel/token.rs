use std::{fmt, str::FromStr, sync::Arc};

/// The name of a channel.
///
/// Any text that is not empty, has no control characters and is at most 256 bytes long. Case
/// matters. A clone shares the text.
///
/// ```
/// use sse_core::{Token, channel::TokenError};
///
/// assert_eq!(Token::new("42:42 é")?.as_str(), "42:42 é");
/// assert_eq!(Token::new(""), Err(TokenError::Empty));
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Token(Arc<str>);

impl Token {
    /// The longest token, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Checks that `name` can name a channel.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if it is empty, too long or has a control character.
    pub fn new(name: &str) -> Result<Self, TokenError> {
        if name.is_empty() {
            return Err(TokenError::Empty);
        }
        if Self::MAX_LEN < name.len() {
            return Err(TokenError::TooLong { len: name.len() });
        }
        match name.char_indices().find(|(_, character)| character.is_control()) {
            Some((at, character)) => Err(TokenError::Control { character, at }),
            None => Ok(Self(name.into())),
        }
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of the token, for log lines: whoever knows a token can listen and publish.
    ///
    /// ```
    /// # use sse_core::Token;
    /// assert_eq!(Token::new("0123456789abcdef")?.shortened().to_string(), "01234567…");
    /// assert_eq!(Token::new("42")?.shortened().to_string(), "42");
    /// # Ok::<(), sse_core::channel::TokenError>(())
    /// ```
    pub fn shortened(&self) -> impl fmt::Display + '_ {
        let end = self.0.char_indices().nth(SHOWN).map(|(end, _)| end);
        Shortened { text: &self.0[..end.unwrap_or(self.0.len())], cut: end.is_some() }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(name: &str) -> Result<Self, TokenError> {
        Self::new(name)
    }
}

impl TryFrom<&str> for Token {
    type Error = TokenError;

    fn try_from(name: &str) -> Result<Self, TokenError> {
        Self::new(name)
    }
}

impl TryFrom<String> for Token {
    type Error = TokenError;

    fn try_from(name: String) -> Result<Self, TokenError> {
        Self::new(&name)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Token {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Token {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).map_err(serde::de::Error::custom)
    }
}

/// Why a text cannot name a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No text at all.
    #[error("the token is empty")]
    Empty,
    /// More than [`Token::MAX_LEN`] bytes.
    #[error("the token has {len} bytes, and at most {} are allowed", Token::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A control character, which no log line or terminal should meet.
    #[error("the token holds the control character {character:?} at byte {at}")]
    Control {
        /// The character.
        character: char,
        /// Its offset in bytes.
        at: usize,
    },
}

struct Shortened<'a> {
    text: &'a str,
    cut: bool,
}

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        f.write_str(if self.cut { "…" } else { "" })
    }
}

/// How many characters of a token a log line shows.
const SHOWN: usize = 8;
