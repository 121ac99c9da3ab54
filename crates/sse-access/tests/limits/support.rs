use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use http::{Method, Request, request::Parts};
use sse_access::limits::{Client, Limits};
use sse_core::{
    Token,
    access::{AccessRequest, Grant, Limited, Limiter, Operation, Permissions, Seat},
    action::Action,
    gateway::RemoteAddr,
};

/// The head of a GET that comes from `peer`.
pub(crate) fn parts(peer: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::get("/poll/42");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    parts.extensions.insert(RemoteAddr::from(socket(peer)));
    parts
}

/// A port of `ip`.
pub(crate) fn socket(ip: &str) -> SocketAddr {
    (ip.parse::<IpAddr>().unwrap(), 40_000).into()
}

pub(crate) fn client(limits: &Limits, ip: &str) -> Client {
    limits.client(&parts(ip, &[])).unwrap()
}

/// What comes of a GET that would listen.
pub(crate) fn listen(
    limits: &Limits,
    parts: &Parts,
    subject: Option<&str>,
) -> Result<Seat, Limited> {
    let mut grant = Grant::new(Permissions::all());
    if let Some(subject) = subject {
        grant = grant.with_subject(subject);
    }
    admit(limits, parts, &Operation::Listen, Some(&grant), Instant::now())
}

pub(crate) fn head(limits: &Limits, parts: &Parts, subject: Option<&str>) -> Result<Seat, Limited> {
    let mut parts = parts.clone();
    parts.method = Method::HEAD;
    listen(limits, &parts, subject)
}

/// What comes of a publication from `ip`.
pub(crate) fn publish(limits: &Limits, ip: &str, now: Instant) -> Result<Seat, Limited> {
    let publish = Operation::Publish { name: "ping".into(), action: Action::Event };
    admit(limits, &parts(ip, &[]), &publish, None, now)
}

pub(crate) fn admit(
    limits: &Limits,
    parts: &Parts,
    operation: &Operation,
    grant: Option<&Grant>,
    now: Instant,
) -> Result<Seat, Limited> {
    let token = Token::new("42").unwrap();
    limits.admit(&AccessRequest::new(parts, &token, operation, None), grant, now)
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
