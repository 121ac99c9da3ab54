use std::str::FromStr;

/// The path before the two segments of every route, as it goes on the wire.
///
/// Typed with or without slashes around it; `path()` has one in front, none behind, and is empty
/// if there is no prefix.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct PathPrefix(String);

impl PathPrefix {
    pub(crate) fn path(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPrefix {
    type Err = PathPrefixError;

    fn from_str(text: &str) -> Result<Self, PathPrefixError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte)) {
            return Err(PathPrefixError);
        }
        match text.trim_matches('/') {
            "" => Ok(Self::default()),
            path => Ok(Self(format!("/{path}"))),
        }
    }
}

/// A text that cannot be part of a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a path: visible ASCII without `?` and `#`, percent-encoded where needed")]
pub(crate) struct PathPrefixError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_around_a_prefix_do_not_matter() {
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("a", "/a"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("a/b", "/a/b"),
            ("//a%20b//", "/a%20b"),
        ] {
            assert_eq!(text.parse::<PathPrefix>().unwrap().path(), path, "{text:?}");
        }
    }

    #[test]
    fn what_no_path_can_hold_is_refused() {
        for text in ["a b", "/a?b", "/a#b", "/é", "/a\n"] {
            assert_eq!(text.parse::<PathPrefix>(), Err(PathPrefixError), "{text:?}");
        }
    }
}
