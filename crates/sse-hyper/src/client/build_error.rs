use http::{Method, Uri};

#[cfg(feature = "tls")]
use super::ClientTlsError;
use super::{ProxyError, address};

/// Why there can be no client of this address.
///
/// ```
/// use sse_hyper::{BuildError, EventSource};
///
/// let source = EventSource::builder("/poll/42".parse()?).build();
/// let Err(BuildError::Address { uri }) = source else {
///     panic!("there is no host in it");
/// };
/// assert_eq!(uri, "/poll/42");
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing can be reached there: the host is missing or is no host, or the scheme is neither `http` nor,
    /// with the feature `tls`, `https`.
    #[error("{}", address::refusal(uri))]
    Address {
        /// The address, with `***` in place of its user and password.
        uri: Uri,
    },
    /// The port of the address is no number from 1 to 65535.
    #[error("{port:?} is no port: ports are numbers from 1 to 65535")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// The password in the address holds what ends the host.
    #[error("`/`, `?` and `#` in the password of an address must be percent-encoded")]
    Password,
    /// The proxy that leads to the address cannot be used.
    #[error("the proxy {value:?}{} cannot be used: {problem}", of_variable(*variable))]
    Proxy {
        /// The variable of the environment that names it, if one does.
        variable: Option<&'static str>,
        /// Its address, without its password.
        value: String,
        /// What is wrong with it.
        problem: ProxyError,
    },
    /// The answer to a request with this method has no body, and so no events.
    #[error("the answer to {method} has no body, so there are no events to wait for")]
    Method {
        /// The method.
        method: Method,
    },
    /// There is nobody to trust.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

fn of_variable(variable: Option<&str>) -> String {
    variable.map(|name| format!(" of the variable {name}")).unwrap_or_default()
}
