use std::{fmt::Write, str};

use http::{
    Uri,
    uri::{Authority, PathAndQuery},
};

use crate::request::port_of;

/// What the reference in a `Location` means, seen from `base`: an absolute address without a user.
///
/// # Source
///
/// RFC 3986, section 5.2, with what the URL Standard forgives: outer spaces, tabs, backslashes, and
/// bytes that are to be percent-encoded. Hosts are ASCII.
pub(super) fn resolve(base: &Uri, reference: &[u8]) -> Option<Uri> {
    let reference = cleaned(reference);
    let (base_scheme, base_authority) = (base.scheme_str()?, base.authority()?);
    let (scheme, rest) = match split_scheme(&reference) {
        Some((scheme, rest)) => (scheme, rest.strip_prefix("//").map(|_| rest)?),
        None => (base_scheme, &*reference),
    };
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let (authority, path_and_query) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            (without_user(&rest[..end]).parse::<Authority>().ok()?, rest[end..].to_owned())
        }
        None => (base_authority.clone(), merged(base, rest)),
    };
    if authority.host().is_empty() || !has_port_of_digits(&authority) {
        return None;
    }
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (&*path_and_query, None),
    };
    let mut target = without_dots(path);
    if let Some(query) = query {
        write!(target, "?{query}").expect("a string takes everything");
    }
    Uri::builder()
        .scheme(&*scheme.to_ascii_lowercase())
        .authority(without_user(authority.as_str()))
        .path_and_query(target)
        .build()
        .ok()
}

/// `uri` as it is sent: with a path that begins with a slash, and with nothing in it that a request may
/// not hold. Dots stay, because a channel may be called so.
///
/// # Source
///
/// RFC 9112, section 3.2.1.
pub(super) fn normalized(uri: Uri) -> Uri {
    let mut target = cleaned(uri.path_and_query().map_or("/", PathAndQuery::as_str).as_bytes());
    if !target.starts_with('/') {
        target.insert(0, '/');
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    Uri::from_parts(parts).unwrap_or(uri)
}

/// Without its fragment, and with nothing in it that browsers do not send.
///
/// # Source
///
/// URL Standard, [Percent-encoded bytes][url]: the path percent-encode set, and the special-query one.
///
/// [url]: https://url.spec.whatwg.org/#percent-encoded-bytes
fn cleaned(reference: &[u8]) -> String {
    let mut text = String::with_capacity(reference.len());
    let mut is_query = false;
    for &byte in reference.trim_ascii() {
        match byte {
            b'\t' => (),
            b'#' => break,
            b'\\' if !is_query => text.push('/'),
            b'!'..=b'~' if !to_encode(is_query).contains(&byte) => {
                is_query |= byte == b'?';
                text.push(char::from(byte));
            }
            _ => write!(text, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    text
}

fn to_encode(is_query: bool) -> &'static [u8] {
    if is_query { b"\"'<>" } else { b"\"<>^`{}" }
}

fn split_scheme(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// `http` takes any text for a port.
fn has_port_of_digits(authority: &Authority) -> bool {
    let host = without_user(authority.as_str());
    let port = host.strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':'));
    port.is_none_or(|port| port.is_empty() || port_of(port).is_some())
}

/// The path and the query that a reference without an authority leads to.
fn merged(base: &Uri, reference: &str) -> String {
    match reference.as_bytes().first() {
        None => base.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        Some(b'?') => format!("{}{reference}", base.path()),
        Some(b'/') => reference.to_owned(),
        Some(_) => {
            let folder = base.path().rfind('/').map_or("/", |end| &base.path()[..=end]);
            format!("{folder}{reference}")
        }
    }
}

/// # Source
///
/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_written_as_it_is_sent() {
        for (uri, expected) in [
            ("http://a", "http://a/"),
            ("http://a:81?x=1", "http://a:81/?x=1"),
            ("http://me@a/b/../c?e", "http://me@a/b/../c?e"),
            ("http://a/é|?{é}|", "http://a/%C3%A9|?{%C3%A9}|"),
            ("http://a/{'^}?'^`\\", "http://a/%7B'%5E%7D?%27^`\\"),
            ("http://a/%c3%a9?%20", "http://a/%c3%a9?%20"),
            ("/b/c", "/b/c"),
        ] {
            assert_eq!(normalized(uri.parse().unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn references_lead_where_the_rfc_says() {
        let base = "http://a:81/b/c/d?q".parse().unwrap();
        for (reference, expected) in [
            ("g", "http://a:81/b/c/g"),
            ("./g", "http://a:81/b/c/g"),
            ("g/", "http://a:81/b/c/g/"),
            ("/g", "http://a:81/g"),
            ("//g", "http://g/"),
            ("?y", "http://a:81/b/c/d?y"),
            ("g?y/../z", "http://a:81/b/c/g?y/../z"),
            ("", "http://a:81/b/c/d?q"),
            ("#s", "http://a:81/b/c/d?q"),
            (".", "http://a:81/b/c/"),
            ("..", "http://a:81/b/"),
            ("../../../g", "http://a:81/g"),
            ("https://user:secret@h/x#y", "https://h/x"),
            ("HTTP://h", "http://h/"),
            (" /a b\\é\t ", "http://a:81/a%20b/%C3%A9"),
            ("x:y", ""),
            ("ftp://h/", ""),
            ("http:g", ""),
            ("//", ""),
            ("//h:port/", ""),
            ("//h:+80/", ""),
            ("//h:/", "http://h:/"),
        ] {
            let resolved = resolve(&base, reference.as_bytes());

            assert_eq!(resolved.map(|uri| uri.to_string()).unwrap_or_default(), expected);
        }
    }
}
