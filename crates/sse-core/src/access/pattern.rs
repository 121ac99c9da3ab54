use std::{fmt, str::FromStr};

use crate::{Token, channel::TokenError};

/// A pattern of tokens: one token, all tokens with the same beginning, or all tokens.
///
/// A `*` at the end stands for the rest of a token, which may be empty. A `*` anywhere before the end is an
/// error. So a token that has a `*` in it cannot be written as a pattern; only a pattern of its beginning matches
/// it.
///
/// ```
/// use sse_core::{Token, access::Pattern};
///
/// let rooms: Pattern = "room:*".parse()?;
/// assert!(rooms.matches(&Token::new("room:42")?));
/// assert!(!rooms.matches(&Token::new("news")?));
/// assert!(Pattern::any().matches(&Token::new("news")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Pattern(Meant);

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Meant {
    Exactly(Box<str>),
    StartingWith(Box<str>),
}

impl Pattern {
    /// The pattern that `text` writes.
    ///
    /// # Errors
    ///
    /// [`PatternError::Star`] for a `*` before the last character, [`PatternError::Token`] if no token can match.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let (start, is_open) = match text.strip_suffix('*') {
            Some(start) => (start, true),
            None => (text, false),
        };
        if let Some(at) = start.find('*') {
            return Err(PatternError::Star { at });
        }
        if !(is_open && start.is_empty()) {
            Token::new(start)?;
        }
        Ok(Self(if is_open {
            Meant::StartingWith(start.into())
        } else {
            Meant::Exactly(start.into())
        }))
    }

    /// The pattern that matches `token` and no other. If `token` has a `*` in it, the pattern cannot be written as
    /// text.
    ///
    /// ```
    /// # use sse_core::{Token, access::Pattern};
    /// let pattern = Pattern::exactly(&Token::new("room:*")?);
    /// assert!(pattern.matches(&Token::new("room:*")?));
    /// assert!(!pattern.matches(&Token::new("room:42")?));
    /// # Ok::<(), sse_core::channel::TokenError>(())
    /// ```
    pub fn exactly(token: &Token) -> Self {
        Self(Meant::Exactly(token.as_str().into()))
    }

    /// The pattern `*`, which matches every token.
    pub fn any() -> Self {
        Self(Meant::StartingWith("".into()))
    }

    /// Whether it matches `token`.
    pub fn matches(&self, token: &Token) -> bool {
        match &self.0 {
            Meant::Exactly(name) => **name == *token.as_str(),
            Meant::StartingWith(start) => token.as_str().starts_with(&**start),
        }
    }
}

/// As it is written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Meant::Exactly(name) => f.write_str(name),
            Meant::StartingWith(start) => write!(f, "{start}*"),
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for Pattern {
    type Error = PatternError;

    fn try_from(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::new(&text)
    }
}

/// Why a text is not a [`Pattern`].
///
/// ```
/// use sse_core::access::{Pattern, PatternError};
///
/// assert_eq!(Pattern::new("a*b"), Err(PatternError::Star { at: 1 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// A `*` before the end.
    #[error("`*` stands for the rest of a token and can only be the last character, not byte {at}")]
    Star {
        /// Where it stands, in bytes.
        at: usize,
    },
    /// No token can begin like this.
    #[error(transparent)]
    Token(#[from] TokenError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_one_token_or_all_that_begin_alike() {
        for (pattern, token, expected) in [
            ("news", "news", true),
            ("news", "News", false),
            ("news", "newsletter", false),
            ("room:*", "room:1", true),
            ("room:*", "room:", true),
            ("room:*", "room:*", true),
            ("room:*", "room", false),
            ("a*", "a*b", true),
            ("*", "*", true),
            ("*", "anything at all", true),
        ] {
            let matches = Pattern::new(pattern).unwrap().matches(&Token::new(token).unwrap());
            assert_eq!(matches, expected, "{pattern} {token}");
        }
    }

    #[test]
    fn a_star_stands_at_the_end_alone() {
        for (text, at) in [("a*b", 1), ("**", 0), ("*a*", 0), ("a**", 1)] {
            assert_eq!(Pattern::new(text), Err(PatternError::Star { at }), "{text}");
        }
        for text in ["", "a\n", "a\u{7f}*", &"a".repeat(257)] {
            assert!(matches!(Pattern::new(text), Err(PatternError::Token(_))), "{text:?}");
        }
    }

    #[test]
    fn a_pattern_is_shown_as_it_is_written() {
        for text in ["news", "room:*", "*"] {
            assert_eq!(Pattern::new(text).unwrap().to_string(), text);
        }
    }
}
