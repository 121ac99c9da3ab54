use bytes::Bytes;
use http::{Response, request::Parts};

use super::{Hosts, policy::Policy, refusal::Refusal, site};
use crate::request::RequestHead;

/// Answers a request that no route beside the gateway is to serve: one that is not valid HTTP (400), one for a
/// host that is not among `hosts` (403), and one that a browser sends for a page of another site (403).
///
/// A [`Gateway`](super::Gateway) does this by itself. `None` for `hosts` allows every host.
///
/// ```
/// use http::Request;
/// use sse_core::gateway::{Hosts, refuse_foreign};
///
/// let hosts = Hosts::loopback();
/// let status = |host: &str, origin: &str| {
///     let request = Request::get("/metrics").header("host", host).header("origin", origin);
///     let (parts, ()) = request.body(()).unwrap().into_parts();
///     refuse_foreign(&parts, Some(&hosts)).map(|refusal| refusal.status().as_u16())
/// };
/// assert_eq!(status("localhost:9000", "http://localhost:9000"), None);
/// assert_eq!(status("localhost:9000", "http://app.example"), Some(403));
/// assert_eq!(status("app.example", "http://app.example"), Some(403));
/// ```
///
/// # Source
///
/// Fetch Metadata Request Headers, [The `Sec-Fetch-Site` HTTP Request Header][spec]; Fetch Standard,
/// [`Origin` header][origin].
///
/// [spec]: https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header
/// [origin]: https://fetch.spec.whatwg.org/#origin-header
pub fn refuse_foreign(parts: &Parts, hosts: Option<&Hosts>) -> Option<Response<Bytes>> {
    let refusal = match RequestHead::from(parts).authority() {
        Err(error) => error.into(),
        Ok(host) => match (hosts, &host) {
            (Some(hosts), Some(host)) if !hosts.allow(host) => {
                Refusal::ForeignHost { host: host.to_string() }
            }
            _ if site::is_other(parts, host.as_ref()) => Refusal::OtherSite,
            _ => return None,
        },
    };
    Some(Policy::default().apply(refusal.into_uncounted()))
}
