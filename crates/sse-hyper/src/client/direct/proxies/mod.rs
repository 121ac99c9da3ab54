mod environment;
mod exceptions;
mod proxy;

pub use proxy::ProxyError;
pub(super) use proxy::{Proxy, ProxyKind};

use std::{env, fmt};

use http::Uri;

use crate::client::{BuildError, address};
use environment::Environment;

/// By which proxies a client reaches its server.
///
/// They are `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`; the user and the password of one
/// stand in its address. As with curl, an address without a scheme is one of `http`, and one without a port
/// means 1080, or 443 if it is `https`.
///
/// The names of servers are looked up by this machine for `socks4` and `socks5`, and by the proxy otherwise.
/// SOCKS4 is told no user.
///
/// ```
/// use sse_hyper::{EventSource, Proxies};
///
/// let builder = EventSource::builder("http://a.example/".parse()?)
///     .with_proxies(Proxies::One("socks5h://127.0.0.1:1080".parse()?));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Proxies {
    /// Those of the environment, which is read once, when the client is built. The rules are curl's:
    ///
    /// - `http_proxy`, in lower case only, because a server may set `HTTP_PROXY` for its CGI programs from
    ///   what a client sends; `https_proxy` or `HTTPS_PROXY`; and for both schemes, if theirs is not set,
    ///   `all_proxy` or `ALL_PROXY`. A variable in lower case comes first, and an empty one counts as none.
    /// - `no_proxy` or `NO_PROXY` names what is reached without a proxy, divided by commas or spaces: domains
    ///   with all below them, addresses, networks such as `10.0.0.0/8`, and `*` for everything. A name or an
    ///   address with a port counts for that port only.
    ///
    /// This machine (`localhost`, `127.0.0.0/8`, `[::1]`) is never reached by one of these proxies. One that
    /// cannot be used is an error.
    #[default]
    Environment,
    /// None.
    None,
    /// This one for every server, on this machine too.
    One(Uri),
}

impl Proxies {
    /// Which proxy leads to which address.
    pub(crate) fn rules(&self) -> Result<ProxyRules, BuildError> {
        Ok(match self {
            Self::Environment => {
                let value = |name: &str| Some(env::var_os(name)?.to_string_lossy().into_owned());
                ProxyRules::Environment(Box::new(Environment::new(value)))
            }
            Self::None => ProxyRules::None,
            Self::One(uri) => {
                let text = uri.to_string();
                let proxy = text.parse().map_err(|problem| BuildError::Proxy {
                    variable: None,
                    value: address::without_password(&text),
                    problem,
                })?;
                ProxyRules::One(proxy)
            }
        })
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::None => f.write_str("None"),
            Self::One(uri) => {
                f.debug_tuple("One").field(&address::without_password(&uri.to_string())).finish()
            }
        }
    }
}

/// Which proxy leads to which address.
#[derive(Debug)]
pub(crate) enum ProxyRules {
    None,
    One(Proxy),
    Environment(Box<Environment>),
}

impl ProxyRules {
    /// The proxy that leads to `uri`; none if the server is reached without.
    pub(crate) fn proxy(&self, uri: &Uri) -> Result<Option<&Proxy>, BuildError> {
        match self {
            Self::None => Ok(None),
            Self::One(proxy) => Ok(Some(proxy)),
            Self::Environment(environment) => environment.proxy(uri),
        }
    }

    /// Refuses at once a proxy that would fail at every attempt to reach `uri`.
    pub(crate) fn check(&self, uri: &Uri) -> Result<(), BuildError> {
        self.proxy(uri)?;
        if let Self::Environment(environment) = self {
            environment.explain(uri);
        }
        Ok(())
    }
}
