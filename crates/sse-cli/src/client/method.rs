use http::Method;

use crate::escape::named;

/// A method as an argument, to which a stream can be the answer.
pub(super) fn parse(text: &str) -> Result<Method, MethodError> {
    if text.is_empty() {
        return Err(MethodError::Empty);
    }
    let is_in_methods = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if let Some(character) = text.chars().find(|&character| !is_in_methods(character)) {
        return Err(MethodError::Character { character });
    }
    match text.to_ascii_uppercase().as_str() {
        "HEAD" => Err(MethodError::Head),
        "CONNECT" => Err(MethodError::Connect),
        _ => text.parse().map_err(|_| MethodError::Other),
    }
}

/// Why no stream can be asked for with a method.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum MethodError {
    #[error("expected a method such as GET or POST: it is empty")]
    Empty,
    #[error("expected a method such as GET or POST: there is {} in it", named(*character))]
    Character { character: char },
    #[error("expected a method such as GET or POST")]
    Other,
    #[error("the answer to HEAD has no body, and so no stream")]
    Head,
    #[error("CONNECT asks a proxy for a tunnel, and its answer is no stream")]
    Connect,
}
