use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};

/// Which pages of other origins may read answers.
///
/// Without it a gateway says nothing about origins, and browsers keep such pages out.
///
/// ```
/// use sse_core::{Cors, CorsError, GatewayConfig};
///
/// let cors = Cors::new(["https://app.example", "http://localhost:3000"])?.with_credentials()?;
/// let config = GatewayConfig::default().with_cors(cors);
///
/// assert_eq!(Cors::new(["*"])?.with_credentials().unwrap_err(), CorsError::CredentialsForAny);
/// # Ok::<(), CorsError>(())
/// ```
///
/// # Source
///
/// Fetch Standard, [HTTP responses][spec].
///
/// [spec]: https://fetch.spec.whatwg.org/#http-responses
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cors {
    /// None for any.
    origins: Option<Vec<HeaderValue>>,
    credentials: bool,
}

impl Cors {
    /// The origins `scheme://host` or `scheme://host:port`, as browsers send them, or `*` alone.
    ///
    /// # Errors
    ///
    /// [`CorsError::Origin`] for what no browser sends, [`CorsError::AnyAndMore`] for `*` among
    /// others, [`CorsError::None`] without any.
    pub fn new<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Result<Self, CorsError> {
        let (mut any, mut listed) = (false, Vec::new());
        for origin in origins {
            match origin.as_ref() {
                "*" => any = true,
                origin => listed.push(parse(origin)?),
            }
        }
        let origins = match (any, listed.is_empty()) {
            (true, true) => None,
            (false, false) => Some(listed),
            (true, false) => return Err(CorsError::AnyAndMore),
            (false, true) => return Err(CorsError::None),
        };
        Ok(Self { origins, credentials: false })
    }

    /// Lets them send cookies and other credentials too.
    ///
    /// # Errors
    ///
    /// [`CorsError::CredentialsForAny`] if any origin is allowed: browsers refuse that.
    pub fn with_credentials(mut self) -> Result<Self, CorsError> {
        if self.origins.is_none() {
            return Err(CorsError::CredentialsForAny);
        }
        self.credentials = true;
        Ok(self)
    }

    /// What the answers to this request carry.
    pub(super) fn grant(&self, parts: &Parts) -> Grant {
        let allowed = match &self.origins {
            None => Some(ANY),
            Some(listed) => {
                let origin = parts.headers.get(header::ORIGIN);
                origin.filter(|origin| listed.contains(origin)).cloned()
            }
        };
        Grant::Asked { allowed, credentials: self.credentials, varies: self.origins.is_some() }
    }
}

/// Why origins cannot be allowed so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CorsError {
    /// No browser sends such an origin.
    #[error("{origin:?} is no origin: `scheme://host` or `scheme://host:port`, in lower case")]
    Origin {
        /// What was given.
        origin: String,
    },
    /// `*` allows every origin, so there is nothing to add.
    #[error("`*` allows every origin: it stands alone")]
    AnyAndMore,
    /// No origin at all.
    #[error("no origin is given")]
    None,
    /// Browsers do not send credentials where every origin is allowed.
    #[error("credentials are for listed origins, not for `*`")]
    CredentialsForAny,
}

/// What one answer says about origins.
#[derive(Clone, Debug, Default)]
pub(super) enum Grant {
    /// Nothing: it was not configured.
    #[default]
    Silent,
    Asked {
        allowed: Option<HeaderValue>,
        credentials: bool,
        varies: bool,
    },
}

impl Grant {
    pub(super) fn apply<T>(&self, mut response: Response<T>) -> Response<T> {
        if let Some(allowed) = self.open(response.headers_mut()) {
            let expose = HeaderValue::from_static(EXPOSED);
            allowed.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
        response
    }

    /// The answer to what a browser asks before a POST that a page could not send otherwise, or
    /// `None` where origins are not spoken of.
    pub(super) fn preflight<T>(&self, empty: T) -> Option<Response<T>> {
        if matches!(self, Self::Silent) {
            return None;
        }
        let mut response = Response::new(empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        if let Some(allowed) = self.open(response.headers_mut()) {
            for (name, value) in PREFLIGHT {
                allowed.insert(name, HeaderValue::from_static(value));
            }
        }
        Some(response)
    }

    /// Says who may read, and hands the headers back if somebody may.
    fn open<'a>(&self, headers: &'a mut HeaderMap) -> Option<&'a mut HeaderMap> {
        let Self::Asked { allowed, credentials, varies } = self else {
            return None;
        };
        if *varies {
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone()?);
        if *credentials {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        Some(headers)
    }
}

/// An origin in the form in which browsers serialise it, so that it can be compared byte by byte.
fn parse(origin: &str) -> Result<HeaderValue, CorsError> {
    let refused = || CorsError::Origin { origin: origin.to_owned() };
    let (scheme, authority) = origin.split_once("://").ok_or_else(refused)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
        });
    let is_authority = !authority.is_empty()
        && authority.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte)
        });
    if is_scheme && is_authority {
        HeaderValue::try_from(origin).map_err(|_| refused())
    } else {
        Err(refused())
    }
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: &str = "Sse-Resume, Sse-Last-Event-ID, Sse-Id, Sse-Listeners, Sse-Duplicate";
const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Last-Event-ID, Idempotency-Key"),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];
