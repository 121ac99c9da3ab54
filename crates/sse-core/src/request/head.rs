use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version, header, request::Parts,
    uri::Scheme,
};

use super::Authority;

/// The part of a request that says for whom it is and where it ends, to be checked as HTTP demands.
///
/// HTTP libraries hand on much of what a server has to refuse. What two servers on the way of a request
/// understand differently lets one request hide in another.
///
/// ```
/// use http::Request;
/// use sse_core::request::{RequestError, RequestHead};
///
/// let request = Request::get("/poll/42").header("host", "localhost:8888").body(())?;
/// assert_eq!(RequestHead::from(&request).check(), Ok(()));
///
/// let request = Request::get("/poll/42").body(())?;
/// assert_eq!(RequestHead::from(&request).check(), Err(RequestError::NoHost));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    method: &'a Method,
    uri: &'a Uri,
    version: Version,
    headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// Sees that the request names a target and a host that can be, and that its body is chunked once if
    /// at all.
    ///
    /// CONNECT is 501, not 405: that would have to name the methods which the target allows.
    ///
    /// # Errors
    ///
    /// [`RequestError`] says what it is that no server may take.
    ///
    /// # Source
    ///
    /// RFC 9110, [CONNECT][connect]; RFC 9112, [Request Target][target] and
    /// [Transfer-Encoding][coding]; RFC 9113, [Request Pseudo-Header Fields][pseudo].
    ///
    /// [connect]: https://www.rfc-editor.org/rfc/rfc9110.html#name-connect
    /// [target]: https://www.rfc-editor.org/rfc/rfc9112.html#name-request-target
    /// [coding]: https://www.rfc-editor.org/rfc/rfc9112.html#name-transfer-encoding
    /// [pseudo]: https://www.rfc-editor.org/rfc/rfc9113.html#name-request-pseudo-header-fields
    pub fn check(&self) -> Result<(), RequestError> {
        self.authority().map(|_| ())
    }

    /// The host that the request is for; HTTP/1.0 can do without.
    pub(crate) fn authority(&self) -> Result<Option<Authority<'a>>, RequestError> {
        if self.method == Method::CONNECT {
            return Err(RequestError::Connect);
        }
        if self.uri.path() == "*" && self.method != Method::OPTIONS {
            return Err(RequestError::Asterisk);
        }
        if !self.is_target() {
            return Err(RequestError::Target);
        }
        let authority = self.host()?;
        self.check_coding()?;
        Ok(authority)
    }

    /// Whether the target is a path, a whole URL, or the asterisk of OPTIONS.
    fn is_target(&self) -> bool {
        let is_path = self.uri.path() == "*" || self.uri.path().starts_with('/');
        let is_origin = match (self.uri.scheme(), self.uri.authority()) {
            (None, None) => true,
            (Some(scheme), Some(_)) => *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS,
            // HTTP/2 may leave the scheme to the connection; HTTP/1 has no such target.
            (None, Some(_)) => self.version == Version::HTTP_2,
            (Some(_), None) => false,
        };
        // `:path` of HTTP/2 is not empty, where a URL may have no path.
        let target = self.uri.path_and_query().map_or("", |target| target.as_str());
        is_path && is_origin && !(self.version == Version::HTTP_2 && target.starts_with('?'))
    }

    fn host(&self) -> Result<Option<Authority<'a>>, RequestError> {
        let mut fields = self.headers.get_all(header::HOST).iter().map(HeaderValue::as_bytes);
        let field = fields.next();
        if fields.next().is_some() {
            return Err(RequestError::ManyHosts);
        }
        let parse = |value: &'a [u8]| {
            Authority::parse(value).ok_or_else(|| RequestError::Host {
                host: String::from_utf8_lossy(value).chars().take(SHOWN).collect(),
            })
        };
        let field = field.map(parse).transpose()?;
        let target = self.uri.authority().map(|authority| parse(authority.as_str().as_bytes()));
        let target = target.transpose()?;
        match (self.version, &target, &field) {
            (Version::HTTP_11, _, None) | (Version::HTTP_2 | Version::HTTP_3, None, None) => {
                Err(RequestError::NoHost)
            }
            (Version::HTTP_2 | Version::HTTP_3, Some(target), Some(field))
                if !self.is_same(target, field) =>
            {
                Err(RequestError::OtherHost)
            }
            _ => Ok(target.or(field)),
        }
    }

    /// Whether both name the same, but for a port that goes without saying.
    fn is_same(&self, one: &Authority<'_>, other: &Authority<'_>) -> bool {
        let usual = if self.uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        one.host == other.host && one.port.unwrap_or(usual) == other.port.unwrap_or(usual)
    }

    /// Libraries look at the last coding alone.
    fn check_coding(&self) -> Result<(), RequestError> {
        let values = self.headers.get_all(header::TRANSFER_ENCODING).iter();
        let codings = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        let (mut chunked, mut others) = (0, 0);
        for coding in codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()) {
            if coding.eq_ignore_ascii_case(b"chunked") {
                chunked += 1;
            } else {
                others += 1;
            }
        }
        match (chunked, others) {
            (0 | 1, 0) => Ok(()),
            (0 | 1, _) => Err(RequestError::Coding),
            _ => Err(RequestError::ChunkedTwice),
        }
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            version: parts.version,
            headers: &parts.headers,
        }
    }
}

impl<'a, B> From<&'a Request<B>> for RequestHead<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
        }
    }
}

/// What it is in the head of a request that no server may take.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The method asks for a tunnel.
    #[error("CONNECT is not served here")]
    Connect,
    /// The target is neither a path nor a URL of http or https.
    #[error("the request target is neither a path nor a URL")]
    Target,
    /// The target is `*`, and the method is not OPTIONS.
    #[error("only OPTIONS has the request target *")]
    Asterisk,
    /// HTTP/1.1 has a field `Host`, and HTTP/2 that or `:authority`.
    #[error("the request names no host")]
    NoHost,
    /// There is more than one field `Host`.
    #[error("the request has more than one field Host")]
    ManyHosts,
    /// What names the host is no host with a port or without.
    #[error("the host is not valid: {host:?}")]
    Host {
        /// The beginning of it.
        host: String,
    },
    /// Over HTTP/2, `Host` names another host than `:authority`.
    #[error("the field Host differs from :authority")]
    OtherHost,
    /// The body is said to be chunked more than once.
    #[error("a body is chunked once")]
    ChunkedTwice,
    /// The body has a transfer coding other than `chunked`.
    #[error("chunked is the only transfer coding that is served here")]
    Coding,
}

impl RequestError {
    /// The status of the answer: 400, or 501 for what is right but not served.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Connect | Self::Coding => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// How much of a refused value an error repeats, in characters.
const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(
        method: &str,
        target: &str,
        version: Version,
        fields: &[(&str, &str)],
    ) -> Result<(), RequestError> {
        let mut request = Request::builder().method(method).uri(target).version(version);
        for &(name, value) in fields {
            request = request.header(name, value);
        }
        RequestHead::from(&request.body(()).unwrap()).check()
    }

    #[test]
    fn a_target_is_a_path_or_a_url() {
        let host = [("host", "h")];
        for (method, target, expected) in [
            ("GET", "/poll/42", Ok(())),
            ("GET", "/", Ok(())),
            ("GET", "http://h/poll/42", Ok(())),
            ("GET", "https://h", Ok(())),
            ("OPTIONS", "*", Ok(())),
            ("GET", "*", Err(RequestError::Asterisk)),
            ("GET", "x", Err(RequestError::Target)),
            ("GET", "h:1", Err(RequestError::Target)),
            ("GET", "ftp://h/", Err(RequestError::Target)),
            ("CONNECT", "h:1", Err(RequestError::Connect)),
        ] {
            let checked = checked(method, target, Version::HTTP_11, &host);
            assert_eq!(checked, expected, "{method} {target}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let invalid = |host: &str| Err(RequestError::Host { host: host.to_owned() });
        for (version, target, fields, expected) in [
            (Version::HTTP_11, "/", &[("host", "h:1")][..], Ok(())),
            (Version::HTTP_11, "http://h/", &[("host", "other")], Ok(())),
            (Version::HTTP_11, "/", &[], Err(RequestError::NoHost)),
            (Version::HTTP_11, "http://h/", &[], Err(RequestError::NoHost)),
            (Version::HTTP_11, "/", &[("host", "")], invalid("")),
            (Version::HTTP_11, "/", &[("host", "a b")], invalid("a b")),
            (Version::HTTP_11, "http://u@h/", &[("host", "h")], invalid("u@h")),
            (Version::HTTP_10, "/", &[], Ok(())),
            (Version::HTTP_10, "/", &[("host", "h"), ("host", "h")], Err(RequestError::ManyHosts)),
            (Version::HTTP_2, "http://h/", &[], Ok(())),
            (Version::HTTP_2, "/", &[("host", "h")], Ok(())),
            (Version::HTTP_2, "/", &[], Err(RequestError::NoHost)),
            (Version::HTTP_2, "http://h/", &[("host", "H:80")], Ok(())),
            (Version::HTTP_2, "https://h/", &[("host", "h:443")], Ok(())),
            (Version::HTTP_2, "http://h/", &[("host", "h:1")], Err(RequestError::OtherHost)),
            (Version::HTTP_2, "http://h/", &[("host", "i")], Err(RequestError::OtherHost)),
        ] {
            let checked = checked("GET", target, version, fields);
            assert_eq!(checked, expected, "{version:?} {target} {fields:?}");
        }
    }

    #[test]
    fn a_body_is_chunked_once_and_nothing_more() {
        for (codings, expected) in [
            (&["chunked"][..], Ok(())),
            (&["Chunked ,"], Ok(())),
            (&["chunked, chunked"], Err(RequestError::ChunkedTwice)),
            (&["chunked", "CHUNKED"], Err(RequestError::ChunkedTwice)),
            (&["gzip, chunked, chunked"], Err(RequestError::ChunkedTwice)),
            (&["gzip, chunked"], Err(RequestError::Coding)),
            (&["gzip", "chunked"], Err(RequestError::Coding)),
            (&["xchunked"], Err(RequestError::Coding)),
        ] {
            let codings = codings.iter().map(|coding| ("transfer-encoding", *coding));
            let fields: Vec<_> = [("host", "h")].into_iter().chain(codings).collect();
            let checked = checked("POST", "/", Version::HTTP_11, &fields);
            assert_eq!(checked, expected, "{fields:?}");
        }
    }
}
