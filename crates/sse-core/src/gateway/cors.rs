use http::{HeaderMap, HeaderValue, header};

/// Which pages of other origins may read answers.
///
/// Without it a gateway says nothing about origins, and browsers keep such pages out.
///
/// ```
/// use sse_core::{
///     GatewayConfig,
///     gateway::{Cors, CorsError},
/// };
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

    /// What is allowed to the origin that a request says it comes from.
    pub(super) fn judge<'a>(&self, headers: &'a HeaderMap) -> Origin<'a> {
        let Some(listed) = &self.origins else {
            return Origin::Any;
        };
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if listed.contains(origin) => Origin::Listed(origin),
            _ => Origin::Unlisted,
        }
    }

    /// Whether the request says that it comes from an origin that is allowed.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        match self.judge(headers) {
            Origin::Any => headers.contains_key(header::ORIGIN),
            Origin::Listed(_) => true,
            Origin::Unlisted => false,
        }
    }

    pub(super) fn has_credentials(&self) -> bool {
        self.credentials
    }
}

/// How an origin stands to those that are allowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    /// All are allowed.
    Any,
    Listed(&'a HeaderValue),
    /// Another one, or none at all.
    Unlisted,
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
