use std::net::Ipv6Addr;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header,
    uri::{Authority, Scheme},
};

/// Why a request is answered before the service sees it, whatever the service is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    Connect,
    Target,
    NoHost,
    ManyHosts,
    Host,
    OtherHost,
    Chunked,
    Coding,
    Framing,
}

impl Refusal {
    /// Why `request` is refused, if it is.
    ///
    /// CONNECT is 501, not 405: that would have to name the methods which the target allows, and only
    /// the service knows them.
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
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        if request.method() == Method::CONNECT {
            return Some(Self::Connect);
        }
        let is_target = match request.version() {
            Version::HTTP_2 => is_path(request.method(), request.uri()),
            _ => is_target(request.method(), request.uri()),
        };
        if !is_target {
            return Some(Self::Target);
        }
        host(request).or_else(|| coding(request))
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Connect | Self::Coding => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT is not served here\n",
            Self::Target => "the request target is neither a path nor a URL\n",
            Self::NoHost => "the request names no host\n",
            Self::ManyHosts => "the request names more than one host\n",
            Self::Host => "the field Host names no host\n",
            Self::OtherHost => "the field Host differs from :authority\n",
            Self::Chunked => "a body is chunked once\n",
            Self::Coding => "chunked is the only transfer coding that is served here\n",
            Self::Framing => "the body breaks the rules of its framing\n",
        }
    }

    /// The answer. Over HTTP/1 it is the last one: where the next request begins is not certain.
    pub(super) fn response(self, version: Version) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(self.text().as_bytes()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, text);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if version != Version::HTTP_2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Whether `uri` is in origin form, in absolute form, or the asterisk of OPTIONS.
fn is_target(method: &Method, uri: &Uri) -> bool {
    match (uri.scheme(), uri.authority()) {
        (None, None) if uri.path() == "*" => method == Method::OPTIONS,
        (None, None) => uri.path().starts_with('/'),
        (Some(scheme), Some(authority)) => {
            let is_known = *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
            is_known && is_host(authority.as_str().as_bytes())
        }
        _ => false,
    }
}

/// Whether `uri` has what HTTP/2 calls `:path`.
fn is_path(method: &Method, uri: &Uri) -> bool {
    match uri.path() {
        "*" => method == Method::OPTIONS,
        path => {
            path.starts_with('/')
                && uri.path_and_query().is_some_and(|it| !it.as_str().starts_with('?'))
        }
    }
}

/// # Source
///
/// RFC 9112, [Request Target][spec]: HTTP/1.1 names its host in exactly one valid field.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-request-target
fn host<B>(request: &Request<B>) -> Option<Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, is_one) = (hosts.next().map(HeaderValue::as_bytes), hosts.next().is_none());
    if !is_one {
        return Some(Refusal::ManyHosts);
    }
    if host.is_some_and(|host| !is_host(host)) {
        return Some(Refusal::Host);
    }
    match (request.version(), request.uri().authority(), host) {
        (Version::HTTP_2, Some(authority), _) if !is_host(authority.as_str().as_bytes()) => {
            Some(Refusal::Target)
        }
        (Version::HTTP_2, Some(authority), Some(host)) => {
            (!is_same(request.uri().scheme(), authority, host)).then_some(Refusal::OtherHost)
        }
        (Version::HTTP_2, None, None) | (Version::HTTP_11, _, None) => Some(Refusal::NoHost),
        _ => None,
    }
}

/// Whether `authority` and `host`, both valid, name the same, but for case and a port that goes
/// without saying.
fn is_same(scheme: Option<&Scheme>, authority: &Authority, host: &[u8]) -> bool {
    let usual = if scheme == Some(&Scheme::HTTPS) { ":443" } else { ":80" };
    let bare = |it: &str| {
        let lower = it.to_ascii_lowercase();
        let bare = lower.strip_suffix(usual).or_else(|| lower.strip_suffix(':')).map(str::to_owned);
        bare.unwrap_or(lower)
    };
    str::from_utf8(host).is_ok_and(|host| bare(host) == bare(authority.as_str()))
}

/// Whether `value` is the host of an http URL and perhaps a port, and nothing beside.
///
/// # Source
///
/// RFC 3986, [Host][spec]; RFC 9110, [http URI Scheme][http]: an empty host is invalid.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
/// [http]: https://www.rfc-editor.org/rfc/rfc9110.html#name-http-uri-scheme
fn is_host(value: &[u8]) -> bool {
    let (is_host, port) = if let Some(value) = value.strip_prefix(b"[") {
        let end = value.iter().position(|byte| *byte == b']');
        let Some((address, rest)) = end.map(|end| (&value[..end], &value[end + 1..])) else {
            return false;
        };
        let is_address = str::from_utf8(address).is_ok_and(|it| it.parse::<Ipv6Addr>().is_ok());
        (is_address, rest)
    } else {
        let end = value.iter().position(|byte| *byte == b':').unwrap_or(value.len());
        (is_name(&value[..end]), &value[end..])
    };
    is_host && is_port(port)
}

fn is_name(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => {
                [bytes.next(), bytes.next()].iter().all(|it| it.is_some_and(u8::is_ascii_hexdigit))
            }
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte),
        };
        if !is_allowed {
            return false;
        }
    }
    !name.is_empty()
}

/// Whether `rest` is empty, or a colon and perhaps a port.
fn is_port(rest: &[u8]) -> bool {
    match rest.strip_prefix(b":") {
        Some(b"") => true,
        Some(port) => {
            let digits =
                str::from_utf8(port).ok().filter(|it| it.bytes().all(|b| b.is_ascii_digit()));
            digits.is_some_and(|digits| digits.parse::<u16>().is_ok())
        }
        None => rest.is_empty(),
    }
}

/// hyper looks at the last coding alone.
///
/// # Source
///
/// RFC 9112, [Transfer-Encoding][spec]: a body is chunked once and at last, and who does not
/// understand a coding answers 501.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-transfer-encoding
fn coding<B>(request: &Request<B>) -> Option<Refusal> {
    let (mut chunked, mut others) = (0, 0);
    for value in request.headers().get_all(header::TRANSFER_ENCODING) {
        for coding in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            match coding {
                b"" => (),
                _ if coding.eq_ignore_ascii_case(b"chunked") => chunked += 1,
                _ => others += 1,
            }
        }
    }
    match (chunked, others) {
        (0 | 1, 0) => None,
        (0 | 1, _) => Some(Refusal::Coding),
        _ => Some(Refusal::Chunked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        let cases = [
            ("localhost", true),
            ("a_b.example.", true),
            ("127.0.0.1:8888", true),
            ("h:", true),
            ("%41b", true),
            ("[::1]:80", true),
            ("", false),
            (":80", false),
            ("h:65536", false),
            ("h:+1", false),
            ("h:80:80", false),
            ("h/x", false),
            ("h?x", false),
            ("a b", false),
            ("a,b:c", false),
            ("user@h", false),
            ("%4", false),
            ("%zz", false),
            ("[::1", false),
            ("[::1]x", false),
            ("[1.2.3.4]", false),
            ("::1", false),
            ("h\\x", false),
            ("größe", false),
        ];
        for (value, expected) in cases {
            assert_eq!(is_host(value.as_bytes()), expected, "{value:?}");
        }
    }
}
