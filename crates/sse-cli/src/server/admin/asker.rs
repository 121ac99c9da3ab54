use std::{fmt, net::SocketAddr};

use http::request::Parts;
use sse_hyper::RemoteAddr;

/// The sender of a request to the operator's address, as the log names it.
#[derive(Debug)]
pub(super) struct Asker {
    /// The name in the password file, where there is one.
    user: Option<String>,
    remote: Option<SocketAddr>,
}

impl Asker {
    pub(super) fn new(user: Option<&str>, parts: &Parts) -> Self {
        let remote = parts.extensions.get().map(RemoteAddr::addr);
        Self { user: user.map(str::to_owned), remote }
    }
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user, &self.remote) {
            (Some(user), Some(remote)) => write!(f, "{user} at {remote}"),
            (Some(user), None) => f.write_str(user),
            (None, Some(remote)) => remote.fmt(f),
            (None, None) => f.write_str("an unknown address"),
        }
    }
}
