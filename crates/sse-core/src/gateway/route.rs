use std::borrow::Cow;

use crate::{Token, channel::TokenError};

/// What a path names.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Route {
    /// The root of the prefix.
    Root,
    /// `/{action}/{token}`, both decoded.
    Channel { action: String, token: Token },
}

impl Route {
    /// Splits `path` first and decodes the segments then, so that `a%2Fb` is one segment.
    pub(super) fn parse(path: &str, prefix: &str) -> Result<Self, RouteError> {
        let outside = || RouteError::Prefix { prefix: prefix.to_owned() };
        let path = path.strip_prefix(prefix).ok_or_else(outside)?;
        if path.is_empty() || path == "/" {
            return Ok(Self::Root);
        }
        let segments = path.strip_prefix('/').ok_or_else(outside)?;
        let (action, token) = segments.split_once('/').ok_or(RouteError::Segments)?;
        if action.is_empty() || token.contains('/') {
            return Err(RouteError::Segments);
        }
        Ok(Self::Channel { action: decode(action)?.into(), token: Token::new(&decode(token)?)? })
    }
}

/// Why a path names nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum RouteError {
    #[error("Path does not begin with {prefix}")]
    Prefix { prefix: String },
    #[error("Path is not /action/token")]
    Segments,
    #[error("A % in the path is not followed by two hexadecimal digits")]
    Percent,
    #[error("Path is not UTF-8 once decoded")]
    NotUtf8,
    #[error("Token is not valid: {0}")]
    Token(#[from] TokenError),
}

fn decode(segment: &str) -> Result<Cow<'_, str>, RouteError> {
    if !segment.contains('%') {
        return Ok(segment.into());
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || (bytes.next()? as char).to_digit(16);
                let high = digit().ok_or(RouteError::Percent)?;
                let low = digit().ok_or(RouteError::Percent)?;
                u8::try_from(high << 4 | low).expect("two hexadecimal digits are a byte")
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).map(Cow::from).map_err(|_| RouteError::NotUtf8)
}
