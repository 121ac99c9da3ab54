use http::Uri;

#[cfg(feature = "tls")]
use super::ClientTlsError;

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
    /// Nothing can be reached there: the host is missing, or the scheme is neither `http` nor, with
    /// the feature `tls`, `https`.
    #[error("no address to connect to: {uri}")]
    Address {
        /// The address.
        uri: Uri,
    },
    /// The port, of the address or of a proxy's, is no number up to 65535.
    #[error("{port:?} is no port: ports are numbers up to 65535")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// There is nobody to trust.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}
