use std::{ffi::OsStr, num::NonZeroU16};

use clap::{
    Arg, Command,
    builder::TypedValueParser,
    error::{ContextKind, ContextValue},
};
use http::{
    Uri,
    uri::{Authority, InvalidUri},
};

/// Parses an address; one that it refuses is shown without its password.
#[derive(Clone, Copy, Debug)]
pub(super) struct AddressParser {
    schemes: &'static [&'static str],
}

impl AddressParser {
    /// For the address of a server.
    pub(super) fn url() -> Self {
        Self { schemes: &["http", "https"] }
    }

    /// For the address of a proxy.
    pub(super) fn proxy() -> Self {
        Self { schemes: &["http", "https", "socks4", "socks4a", "socks5", "socks5h"] }
    }

    fn parse(self, text: &str) -> Result<Uri, AddressError> {
        let schemes = self.schemes;
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme { schemes })?;
        if !schemes.contains(&&*scheme.to_ascii_lowercase()) {
            return Err(AddressError::Scheme { schemes });
        }
        if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
            return Err(AddressError::Host);
        }
        let uri: Uri = text.parse().map_err(|error| {
            let unfit = text.chars().find(|c| c.is_whitespace() || c.is_control());
            unfit
                .map_or(AddressError::Uri(error), |character| AddressError::Character { character })
        })?;
        let authority = uri.authority().ok_or(AddressError::Host)?;
        if authority.host().is_empty() {
            return Err(AddressError::Host);
        }
        match port(authority) {
            port if is_port(port) => Ok(uri),
            // What looks like a port is a part of the password, and must not be shown.
            _ if uri.path_and_query().is_some_and(|path| path.as_str().contains('@')) => {
                Err(AddressError::Password)
            }
            port => Err(AddressError::Port { port: port.to_owned() }),
        }
    }
}

impl TypedValueParser for AddressParser {
    type Value = Uri;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Uri, clap::Error> {
        let parser = *self;
        let parse = move |text: &str| parser.parse(text);
        parse.parse_ref(command, arg, value).map_err(|mut error| {
            let shown = without_password(&value.to_string_lossy());
            error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
            error
        })
    }
}

/// Why a text is no address that can be gone to.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddressError {
    #[error("expected an address that begins with {}", shown(schemes))]
    Scheme { schemes: &'static [&'static str] },
    #[error("there is no host in it")]
    Host,
    #[error("expected a port from 1 to 65535 instead of {port:?}")]
    Port { port: String },
    #[error("`/`, `?` and `#` in a password must be percent-encoded")]
    Password,
    #[error("there is {} in it, which must be percent-encoded", named(*character))]
    Character { character: char },
    #[error(transparent)]
    Uri(InvalidUri),
}

/// What is written as the port; nothing is the default one. `Uri` takes what is no number for
/// nothing.
fn port(authority: &Authority) -> &str {
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    let host = host.rsplit(']').next().unwrap_or_default();
    host.split_once(':').map_or("", |(_, port)| port)
}

fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || (is_number && text.parse::<NonZeroU16>().is_ok())
}

/// All before the last `@` may be of a password in a text that is no address.
fn without_password(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once('@') else { return text.to_owned() };
    match before.split_once("://") {
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("{scheme}://***@{after}")
        }
        _ => format!("***@{after}"),
    }
}

fn shown(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(", ")
}

fn named(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_of_the_schemes_that_are_spoken() {
        for (text, is_url, is_proxy) in [
            ("http://a.example", true, true),
            ("HTTP://a.example", true, true),
            ("https://me:secret@a.example:1/x?y", true, true),
            ("http://me:@a.example:/@:x", true, true),
            ("http://[::1]:65535", true, true),
            ("http://[::1]/", true, true),
            ("socks5h://a.example:1080", false, true),
            ("ftp://a.example/", false, false),
            ("a.example/x", false, false),
            ("/x", false, false),
        ] {
            let parse = |parser: AddressParser| parser.parse(text).is_ok();
            let parsed = (parse(AddressParser::url()), parse(AddressParser::proxy()));

            assert_eq!(parsed, (is_url, is_proxy), "{text}");
        }
    }

    #[test]
    fn reason_names_what_is_wrong() {
        for (text, reason) in [
            ("http://", "no host"),
            ("http:///x", "no host"),
            ("http://:80/", "no host"),
            ("http://a b/", "a space"),
            ("http://a/b c", "a space"),
            ("http://a/\t", "'\\t'"),
            ("http://a:99999/", "\"99999\""),
            ("http://a:65536", "1 to 65535"),
            ("http://a:0/", "\"0\""),
            ("http://a:+80/", "\"+80\""),
            ("http://a:abc?x", "\"abc\""),
            ("http://me:pw@a:8080*/", "\"8080*\""),
            ("http://[::1]:x/", "\"x\""),
            ("http://me:p/w@a/", "in a password"),
            ("http://<a>/", "invalid uri character"),
        ] {
            for parser in [AddressParser::url(), AddressParser::proxy()] {
                let error = parser.parse(text).unwrap_err().to_string();

                assert!(error.contains(reason), "{text}: {error}");
            }
        }
    }

    #[test]
    fn passwords_are_left_out() {
        for (text, shown) in [
            ("http://a/b", "http://a/b"),
            ("http://me:pw@a:x/", "http://***@a:x/"),
            ("http://me:p/@w@a/", "http://***@a/"),
            ("me:pw@a", "***@a"),
            ("me:p://w@a", "***@a"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
