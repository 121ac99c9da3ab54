use http::{Uri, uri::Scheme};

use super::{
    exceptions::{Exceptions, is_loopback},
    proxy::{Proxy, ProxyError},
};
use crate::client::{BuildError, address, direct::dialer::default_port};

/// The proxies that the variables of an environment name.
///
/// # Source
///
/// curl's manual, section "Environment".
#[derive(Debug)]
pub(crate) struct Environment {
    http: Option<Named>,
    https: Option<Named>,
    exceptions: Exceptions,
    has_ignored: bool,
}

/// A proxy, and the variable that names it.
#[derive(Debug)]
struct Named {
    variable: &'static str,
    /// Without its password.
    value: String,
    proxy: Result<Proxy, ProxyError>,
}

impl Environment {
    /// What `value` says of each variable.
    pub(super) fn new(value: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|&name| {
                let value = value(name).filter(|value| !value.is_empty())?;
                Some((name, value))
            })
        };
        let named = |names| {
            first(names).map(|(variable, value)| Named {
                variable,
                proxy: value.parse(),
                value: address::without_password(&value),
            })
        };
        Self {
            http: named(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: named(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            exceptions: first(&["no_proxy", "NO_PROXY"])
                .map(|(_, value)| Exceptions::new(&value))
                .unwrap_or_default(),
            has_ignored: first(&["HTTP_PROXY"]).is_some(),
        }
    }

    /// The proxy that leads to `uri`; none if the server is reached without.
    pub(super) fn proxy(&self, uri: &Uri) -> Result<Option<&Proxy>, BuildError> {
        let named = if is_https(uri) { &self.https } else { &self.http };
        match named {
            Some(named) if !self.passes_by(uri) => match &named.proxy {
                Ok(proxy) => Ok(Some(proxy)),
                Err(problem) => Err(BuildError::Proxy {
                    variable: Some(named.variable),
                    value: named.value.clone(),
                    problem: problem.clone(),
                }),
            },
            _ => Ok(None),
        }
    }

    /// Says that a variable is not read, where `uri` would otherwise be reached by it.
    pub(super) fn explain(&self, uri: &Uri) {
        if self.has_ignored && self.http.is_none() && !is_https(uri) && !self.passes_by(uri) {
            tracing::warn!(
                "HTTP_PROXY is not read, because a server may set it from what a client sends: \
                 set http_proxy, in lower case"
            );
        }
    }

    /// Whether no proxy leads to `uri`, whatever the other variables say.
    fn passes_by(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or_else(|| default_port(uri));
        is_loopback(host) || self.exceptions.contain(host, port)
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_curl_reads_them() {
        let (http, https) = ("http://a.example/", "https://a.example/");
        for (variables, uri, expected) in [
            (&[][..], http, None),
            (&[("http_proxy", "p:1")], http, Some("http://p:1/")),
            (&[("http_proxy", "p:1")], https, None),
            (&[("HTTP_PROXY", "p:1")], http, None),
            (&[("HTTPS_PROXY", "p:1")], https, Some("http://p:1/")),
            (&[("HTTPS_PROXY", "p:1"), ("https_proxy", "q:1")], https, Some("http://q:1/")),
            (&[("HTTPS_PROXY", "p:1"), ("https_proxy", "")], https, Some("http://p:1/")),
            (&[("http_proxy", ""), ("ALL_PROXY", "p:1")], http, Some("http://p:1/")),
            (&[("all_proxy", "socks5://p"), ("ALL_PROXY", "q")], https, Some("socks5://p:1080/")),
            (&[("all_proxy", "p:1"), ("https_proxy", "q:1")], https, Some("http://q:1/")),
            (&[("all_proxy", "p:1"), ("no_proxy", ""), ("NO_PROXY", "a.example")], http, None),
            (
                &[("all_proxy", "p:1"), ("no_proxy", "b"), ("NO_PROXY", "*")],
                http,
                Some("http://p:1/"),
            ),
        ] {
            let environment = environment(variables);

            let proxy = environment.proxy(&uri.parse().unwrap()).unwrap();

            let uri = proxy.map(|proxy| proxy.uri().to_string());
            assert_eq!(uri.as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn exceptions_and_this_machine_are_reached_without() {
        for (no_proxy, without, by) in [
            (
                "",
                "http://localhost/ http://LOCALHOST.:1/ http://a.localhost/ http://127.9.9.9/",
                "",
            ),
            ("", "http://[::1]/ http://[::ffff:127.0.0.1]/ http://127.1/ http://0x7f000001/", ""),
            ("", "", "http://localhost.example/ http://128.0.0.1/ http://127.a/ http://a127.1/"),
            ("*", "http://a/ http://10.0.0.1/ http://[fe80::1]/", ""),
            ("b, *", "http://a/", ""),
            ("a.example", "http://A.example/ http://x.a.example./", "http://xa.example/"),
            (".a.example.", "http://a.example/ http://x.a.example:1/", "http://example/"),
            ("b a,\tc", "http://a/ http://b/ http://c/", "http://d/"),
            (".", "", "http://a/ http://a./"),
            ("10.1.2.3", "http://10.1.2.3:1/ http://[::ffff:10.1.2.3]/", "http://a.10.1.2.3/"),
            ("10.0.0.0/8", "http://10.1.2.3/", "http://11.0.0.0/ http://a10.0.0.0/"),
            ("10.1.2.3/0", "http://11.0.0.0/", "http://[::1:1]/"),
            ("10.0.0.0/33,10.0.0.0/x", "", "http://10.0.0.0/"),
            ("fe80::1", "http://[fe80::1]/ http://[FE80:0::1]:8/", "http://[fe80::2]/"),
            ("[fe80::]/10", "http://[febf::1]/", "http://[fec0::1]/ http://10.0.0.1/"),
            ("::/0", "http://[fec0::1]/", "http://10.0.0.1/"),
            ("a:8080", "http://a:8080/ http://x.a:8080/", "http://a/"),
            ("a:80", "http://a/", "http://a:8080/"),
            (
                "[fe80::1]:80 10.0.0.1:81",
                "http://[fe80::1]/ http://10.0.0.1:81/",
                "http://10.0.0.1/",
            ),
            ("a:x,a:99999", "", "http://a/"),
        ] {
            let environment = environment(&[("all_proxy", "p"), ("no_proxy", no_proxy)]);
            for (uris, is_by) in [(without, false), (by, true)] {
                for uri in uris.split_whitespace() {
                    let proxy = environment.proxy(&uri.parse().unwrap()).unwrap();

                    assert_eq!(proxy.is_some(), is_by, "{uri} with no_proxy={no_proxy}");
                }
            }
        }
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(|name| {
            let variable = variables.iter().find(|(known, _)| *known == name);
            variable.map(|(_, value)| (*value).to_owned())
        })
    }
}
