use std::{convert::Infallible, path::PathBuf, str::FromStr};

/// Where a JWK set is, as `--jwks` says it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum KeySet {
    File(PathBuf),
    Url(String),
}

impl FromStr for KeySet {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        Ok(match scheme.as_deref() {
            Some("http" | "https") => Self::Url(text.to_owned()),
            _ => Self::File(text.into()),
        })
    }
}
