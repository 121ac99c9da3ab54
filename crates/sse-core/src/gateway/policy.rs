use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{Cors, cors::Origin};

/// What every answer to one request tells browsers: to believe its type, and who may read it.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    cors: Option<Grant>,
}

/// What an answer says about origins, where CORS is configured.
#[derive(Clone, Debug)]
struct Grant {
    allowed: Option<HeaderValue>,
    credentials: bool,
    varies: bool,
}

impl Policy {
    pub(super) fn new(cors: Option<&Cors>, headers: &HeaderMap) -> Self {
        let cors = cors.map(|cors| match cors.judge(headers) {
            Origin::Any => Grant { allowed: Some(ANY), credentials: false, varies: false },
            Origin::Listed(origin) => Grant {
                allowed: Some(origin.clone()),
                credentials: cors.has_credentials(),
                varies: true,
            },
            Origin::Unlisted => Grant { allowed: None, credentials: false, varies: true },
        });
        Self { cors }
    }

    pub(super) fn apply<T>(&self, mut response: Response<T>) -> Response<T> {
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if let Some(allowed) = self.open(headers) {
            let expose = HeaderValue::from_static(EXPOSED);
            allowed.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
        response
    }

    /// The answer to what a browser asks before a request that a page could not send otherwise, which may
    /// have one of `methods`, or `None` where origins are not spoken of.
    ///
    /// # Source
    ///
    /// Fetch Standard, [CORS-preflight fetch][spec].
    ///
    /// [spec]: https://fetch.spec.whatwg.org/#cors-preflight-fetch
    pub(super) fn preflight(
        &self,
        asked: &HeaderMap,
        methods: HeaderValue,
    ) -> Option<Response<Bytes>> {
        let is_allowed = self.cors.as_ref()?.allowed.is_some();
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if is_allowed {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(asked));
            headers.insert(header::VARY, VARIES_BY_HEADERS);
        }
        Some(response)
    }

    /// Says who may read, and hands the headers back if somebody may.
    fn open<'a>(&self, headers: &'a mut HeaderMap) -> Option<&'a mut HeaderMap> {
        let grant = self.cors.as_ref()?;
        if grant.varies {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, grant.allowed.clone()?);
        if grant.credentials {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        Some(headers)
    }
}

/// The headers that the protocol knows, and those that the page asks for: a proxy in front may want
/// them, and a client that sends one more is not to fail for it.
fn allowed_headers(asked: &HeaderMap) -> HeaderValue {
    let mut names: Vec<_> = KNOWN.map(HeaderName::from_static).into();
    let asked = asked.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let mut left = MAX_ASKED;
    for list in asked.filter_map(|list| list.to_str().ok()) {
        let Some(rest) = left.checked_sub(list.len()) else {
            break;
        };
        left = rest;
        for name in list.split(',').filter_map(|name| name.trim().parse::<HeaderName>().ok()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
    HeaderValue::try_from(names.join(", ")).expect("names of headers fit in a header")
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const VARIES_BY_HEADERS: HeaderValue = HeaderValue::from_static("Access-Control-Request-Headers");
const KNOWN: [&str; 3] = ["content-type", "last-event-id", "idempotency-key"];

/// How many bytes of names a page may ask for.
const MAX_ASKED: usize = 1 << 10;

const EXPOSED: &str = "Sse-Resume, Sse-Last-Event-ID, Sse-Id, Sse-Listeners, Sse-Duplicate, Sse-Refused, \
     Retry-After, WWW-Authenticate";
