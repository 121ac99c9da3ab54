use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header, uri::Scheme};

use super::{ClientRequest, location};

/// Follows the redirect that `status` and `location` are: `request` becomes the next one.
///
/// # Source
///
/// Fetch Standard, [HTTP-redirect fetch][fetch]. It takes only `Authorization` away from requests that
/// leave the origin; here all that carries credentials stays behind, and headers that are marked
/// sensitive.
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
    let is_downgrade = request.uri.scheme() == Some(&Scheme::HTTPS)
        && target.scheme() == Some(&Scheme::HTTP)
        && has_credentials(&request.headers);
    if is_downgrade {
        return Err(RedirectError::Downgrade { target });
    }
    let drops_body = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        StatusCode::SEE_OTHER => request.method != Method::GET && request.method != Method::HEAD,
        _ => false,
    };
    if drops_body {
        request.method = Method::GET;
        request.body.clear();
        for name in OF_BODY {
            request.headers.remove(name);
        }
    }
    if origin(&request.uri) != origin(&target) {
        request.headers = without_credentials(&request.headers);
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
/// use sse_core::RedirectError;
///
/// assert_eq!(RedirectError::TooMany { limit: 20 }.to_string(), "more than 20 redirects");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It leads nowhere.
    #[error("a redirect to {location:?}, which is no address")]
    Location {
        /// The `Location`.
        location: String,
    },
    /// It would carry credentials from `https` to `http`.
    #[error("a redirect from https to {target} with credentials")]
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

fn has_credentials(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, value)| CREDENTIALS.contains(name) || value.is_sensitive())
}

fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        // A caller's host is that of the first origin.
        if !CREDENTIALS.contains(name) && !value.is_sensitive() && name != header::HOST {
            kept.append(name, value.clone());
        }
    }
    kept
}

fn origin(uri: &Uri) -> (Option<&Scheme>, Option<String>, u16) {
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let host = uri.host().map(str::to_ascii_lowercase);
    (uri.scheme(), host, uri.port_u16().unwrap_or(default))
}

/// How many redirects are followed for one answer.
pub(super) const MAX_REDIRECTS: u32 = 20;

const CREDENTIALS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
const OF_BODY: [HeaderName; 5] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
];
