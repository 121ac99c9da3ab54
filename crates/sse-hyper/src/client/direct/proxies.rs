use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// By which proxies a source reaches its server.
///
/// They are `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`; the user and the password of one
/// stand in its address.
///
/// ```
/// use sse_hyper::{EventSource, Proxies};
///
/// let builder = EventSource::builder("http://a.example/".parse()?)
///     .with_proxies(Proxies::One("socks5h://127.0.0.1:1080".parse()?));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Proxies {
    /// Those that `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` name, but for what `NO_PROXY` names, as
    /// curl reads them.
    #[default]
    Environment,
    /// None.
    None,
    /// This one for every server.
    One(Uri),
}

impl Proxies {
    pub(crate) fn matcher(&self) -> Option<Matcher> {
        match self {
            Self::Environment => Some(Matcher::from_env()),
            Self::None => None,
            Self::One(uri) => Some(Matcher::builder().all(uri.to_string()).build()),
        }
    }
}
