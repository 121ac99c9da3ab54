use core::net::Ipv6Addr;

use crate::request::Authority;

/// The hosts under which a server may be asked.
///
/// A page of another site cannot read what this server answers, unless its own name resolves to this
/// server's address (DNS rebinding): then the browser takes both for one. What it cannot do is to name
/// another host than its own. Case, ports and a final dot do not count.
///
/// ```
/// use sse_core::{GatewayConfig, gateway::Hosts};
///
/// let hosts = Hosts::loopback().with_host("events.example")?.with_host("*.app.example")?;
/// let config = GatewayConfig::default().with_hosts(hosts);
///
/// let error = Hosts::default().with_host("https://app.example/").unwrap_err();
/// assert!(error.to_string().contains("https://app.example/"));
/// # Ok::<(), sse_core::gateway::HostsError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hosts {
    loopback: bool,
    names: Vec<String>,
    /// What is allowed below names, each with its dot before it.
    domains: Vec<String>,
}

impl Hosts {
    /// `localhost` and the names below it, 127.0.0.0/8, `[::1]`: what reaches a server that is bound to
    /// a loopback address.
    #[must_use]
    pub fn loopback() -> Self {
        Self { loopback: true, ..Self::default() }
    }

    /// Allows `host` too: a name, an address, or `*.` and a name for all that is below it.
    ///
    /// # Errors
    ///
    /// [`HostsError`] if no request can name such a host.
    pub fn with_host(mut self, host: &str) -> Result<Self, HostsError> {
        let (name, below) = match host.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (host, false),
        };
        let is_bare = name.parse::<Ipv6Addr>().is_ok();
        let name = if is_bare { format!("[{name}]") } else { name.to_owned() };
        let named = Authority::parse(name.as_bytes()).filter(|_| !name.contains('*'));
        let Some(Authority { host: name, .. }) = named else {
            return Err(HostsError { host: host.to_owned() });
        };
        if below {
            self.domains.push(format!(".{name}"));
        } else {
            self.names.push(name.into_owned());
        }
        Ok(self)
    }

    pub(super) fn allow(&self, authority: &Authority<'_>) -> bool {
        let host = &authority.host;
        self.loopback && authority.is_loopback()
            || self.names.iter().any(|name| name == host)
            || self.domains.iter().any(|domain| host.ends_with(domain))
    }
}

/// A host that no request can name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{host:?} is no host: a name, an IP address, or `*.` and a name, without scheme and path")]
pub struct HostsError {
    host: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_allowed_under_any_port_and_case() {
        let hosts = Hosts::loopback();
        let hosts =
            hosts.with_host("app.example:8888").unwrap().with_host("*.below.example").unwrap();
        let hosts = hosts.with_host("2001:db8::1").unwrap();
        for (host, is_allowed) in [
            ("localhost", true),
            ("LOCALHOST.:1", true),
            ("a.b.localhost:8888", true),
            ("127.0.0.1", true),
            ("127.255.1.2:8888", true),
            ("[::1]:8888", true),
            ("[::ffff:127.0.0.1]:8888", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("App.Example.", true),
            ("x.below.example", true),
            ("[2001:db8::1]", true),
            ("[2001:0DB8:0::1]", true),
            ("evil.example", false),
            ("notlocalhost", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("[::2]", false),
            ("below.example", false),
            ("xbelow.example", false),
            ("x.app.example", false),
        ] {
            let authority = Authority::parse(host.as_bytes()).unwrap();
            assert_eq!(hosts.allow(&authority), is_allowed, "{host}");
        }
    }

    #[test]
    fn what_no_request_can_name_is_refused() {
        for host in ["", "*", "*.", "a b", "http://a", "a/b", "[::1", "a:b"] {
            assert_eq!(Hosts::default().with_host(host), Err(HostsError { host: host.to_owned() }));
        }
    }
}
