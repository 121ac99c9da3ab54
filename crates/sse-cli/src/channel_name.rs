use sse_core::{Token, action::ActionError, channel::TokenError};

/// A token as an argument.
pub(crate) fn token(text: &str) -> Result<Token, TokenError> {
    Token::new(text)
}

/// An action as an argument. What else than the empty one a server refuses is its own business.
pub(crate) fn action(text: &str) -> Result<String, ActionError> {
    if text.is_empty() { Err(ActionError::Empty) } else { Ok(text.to_owned()) }
}
