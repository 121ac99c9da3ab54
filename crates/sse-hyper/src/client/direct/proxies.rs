use std::env;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::client::{BuildError, address::check_port};

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
    /// Those that `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` name, but for what `NO_PROXY` names, in upper
    /// or in lower case; `HTTP_PROXY` means nothing in a CGI program. What is no address is ignored.
    #[default]
    Environment,
    /// None.
    None,
    /// This one for every server.
    One(Uri),
}

impl Proxies {
    pub(crate) fn matcher(&self) -> Result<Option<Matcher>, BuildError> {
        Ok(match self {
            // The matcher takes a star for a name, and so not for numeric addresses.
            Self::Environment if is_star(&["no_proxy", "NO_PROXY"]) => None,
            Self::Environment => Some(Matcher::from_env()),
            Self::None => None,
            Self::One(uri) => {
                check_port(uri)?;
                Some(Matcher::builder().all(uri.to_string()).build())
            }
        })
    }
}

/// Whether the first of these variables that there is names everything.
fn is_star(names: &[&str]) -> bool {
    let value = names.iter().find_map(|name| env::var(name).ok());
    value.is_some_and(|value| value.split(',').any(|name| name.trim() == "*"))
}
