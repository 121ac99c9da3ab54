use http::{HeaderName, header, request::Parts};

use crate::request::Authority;

/// Whether a browser sent the request for a page of another site than this server's.
///
/// Programs send neither of the two headers and pass.
///
/// # Source
///
/// Fetch Metadata Request Headers, [The `Sec-Fetch-Site` HTTP Request Header][spec]; Fetch Standard,
/// [`Origin` header][origin].
///
/// [spec]: https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header
/// [origin]: https://fetch.spec.whatwg.org/#origin-header
pub(super) fn is_other(parts: &Parts, host: Option<&Authority<'_>>) -> bool {
    let mut sites = parts.headers.get_all(&SITE).iter();
    if let Some(site) = sites.next() {
        return sites.next().is_some() || !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let mut origins = parts.headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return false;
    };
    origins.next().is_some() || !host.is_some_and(|host| is_of(origin.as_bytes(), host))
}

/// Whether `origin` is one of `host`, whatever its scheme: a proxy may have taken TLS off.
fn is_of(origin: &[u8], host: &Authority<'_>) -> bool {
    let Some((scheme, authority)) =
        str::from_utf8(origin).ok().and_then(|origin| origin.split_once("://"))
    else {
        return false;
    };
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    Authority::parse(authority.as_bytes()).is_some_and(|origin| {
        origin.host == host.host && origin.port.unwrap_or(default) == host.port.unwrap_or(default)
    })
}

static SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn other(host: &str, fields: &[(&str, &str)]) -> bool {
        let mut request = Request::post("/ping/42");
        for &(name, value) in fields {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        is_other(&parts, Authority::parse(host.as_bytes()).as_ref())
    }

    #[test]
    fn the_site_that_a_browser_names_decides() {
        for (site, is_other) in [
            ("same-origin", false),
            ("none", false),
            ("same-site", true),
            ("cross-site", true),
            ("Same-Origin", true),
            ("", true),
            ("same-origin, none", true),
            ("junk", true),
        ] {
            let fields = [("sec-fetch-site", site), ("origin", "http://h:8888")];
            assert_eq!(other("h:8888", &fields), is_other, "{site:?}");
        }
        assert!(other("h", &[("sec-fetch-site", "none"), ("sec-fetch-site", "none")]));
    }

    #[test]
    fn without_it_the_origin_has_to_be_that_of_the_host() {
        for (origin, host, is_other) in [
            ("http://h:8888", "h:8888", false),
            ("http://H:8888", "h.:8888", false),
            ("http://h", "h", false),
            ("http://h", "h:80", false),
            ("https://h", "h:443", false),
            ("https://h", "h", false),
            ("https://h:8888", "h:8888", false),
            ("http://[::1]:8888", "[::1]:8888", false),
            ("http://h:8888", "h", true),
            ("http://h", "h:8888", true),
            ("http://h", "h:443", true),
            ("http://evil", "h", true),
            ("http://h.evil", "h", true),
            ("null", "h", true),
            ("null", "null", true),
            ("", "h", true),
            ("h", "h", true),
            ("ftp://h", "h", true),
            ("http://h/", "h", true),
            ("http://u@h", "h", true),
        ] {
            assert_eq!(other(host, &[("origin", origin)]), is_other, "{origin:?} {host:?}");
        }
        assert!(other("h", &[("origin", "http://h"), ("origin", "http://h")]));
        assert!(other("", &[("origin", "http://h")]), "no host is known");
    }

    #[test]
    fn programs_pass() {
        assert!(!other("h", &[]));
        assert!(!other("", &[]));
    }
}
