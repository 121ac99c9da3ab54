use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Scheme};

use super::{ClientRequest, attempt::LAST_EVENT_ID, location};

/// Follows the redirect that `status` and `location` are: `request` becomes the next one.
///
/// # Source
///
/// Fetch Standard, [HTTP-redirect fetch][fetch]. It takes only `Authorization` away from requests that
/// leave the origin, as a page can set few others; here only headers that are known to be no secret go along,
/// unless they are marked sensitive.
///
/// [fetch]: https://fetch.spec.whatwg.org/#http-redirect-fetch
pub(super) fn follow(
    request: &mut ClientRequest,
    status: StatusCode,
    location: &[u8],
) -> Result<(), RedirectError> {
    let Some(target) = location::resolve(&request.uri, location) else {
        let location = String::from_utf8_lossy(location).into_owned();
        return Err(RedirectError::Location { location });
    };
    let drops_body = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        StatusCode::SEE_OTHER => request.method != Method::GET && request.method != Method::HEAD,
        _ => false,
    };
    let is_downgrade = request.uri.scheme() == Some(&Scheme::HTTPS)
        && target.scheme() == Some(&Scheme::HTTP)
        && (has_secrets(&request.headers) || !(request.body.is_empty() || drops_body));
    if is_downgrade {
        return Err(RedirectError::Downgrade { target });
    }
    if drops_body {
        request.method = Method::GET;
        request.body.clear();
        for name in OF_BODY {
            request.headers.remove(name);
        }
    }
    if origin(&request.uri) != origin(&target) {
        request.headers = without_secrets(&request.headers);
    }
    request.uri = target;
    Ok(())
}

/// Whether an answer with this status is a redirect once it has a `Location`.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Why a redirect is not followed.
///
/// ```
/// use sse_core::client::RedirectError;
///
/// assert_eq!(RedirectError::TooMany { limit: 20 }.to_string(), "more than 20 redirects");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It leads nowhere.
    #[error("a redirect to {:?}, which is no address of http or https", without_user(location))]
    Location {
        /// The `Location`.
        location: String,
    },
    /// The request has headers that may be secrets, or a body, and would go from `https` to `http`.
    #[error(
        "a redirect from https to {}, with headers or a body that may be secrets",
        without_query(target)
    )]
    Downgrade {
        /// Where it leads.
        target: Uri,
    },
    /// There were too many in a row.
    #[error("more than {limit} redirects")]
    TooMany {
        /// How many are followed.
        limit: u32,
    },
}

/// A location as it may be shown.
fn without_user(location: &str) -> String {
    match (location.find("//"), location.rfind('@')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}***{}", &location[..start + 2], &location[end..])
        }
        _ => location.to_owned(),
    }
}

/// A query may hold a token.
fn without_query(uri: &Uri) -> String {
    let whole = uri.to_string();
    match whole.split_once('?') {
        Some((path, _)) => format!("{path}?…"),
        None => whole,
    }
}

fn has_secrets(headers: &HeaderMap) -> bool {
    // A caller's host is that of the first origin, and stays there, but is no secret.
    headers.iter().any(|(name, value)| name != header::HOST && !crosses_origins(name, value))
}

fn without_secrets(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        if crosses_origins(name, value) {
            kept.append(name, value.clone());
        }
    }
    kept
}

fn crosses_origins(name: &HeaderName, value: &HeaderValue) -> bool {
    CROSSING.contains(name) && !value.is_sensitive()
}

fn origin(uri: &Uri) -> (Option<&Scheme>, Option<String>, u16) {
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let host = uri.host().map(str::to_ascii_lowercase);
    (uri.scheme(), host, uri.port_u16().unwrap_or(default))
}

/// How many redirects are followed for one answer.
pub(super) const MAX_REDIRECTS: u32 = 20;

const CROSSING: [HeaderName; 9] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    LAST_EVENT_ID,
    header::USER_AGENT,
];
const OF_BODY: [HeaderName; 5] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
];
