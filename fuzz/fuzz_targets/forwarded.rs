//! Whatever the lines of a header are: they are read as the naive model of the tests reads them, and what a
//! trusted proxy adds on their right is what counts.

#![no_main]

#[path = "../../crates/sse-access/tests/limits/naive.rs"]
mod naive;

use std::{net::IpAddr, sync::LazyLock};

use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use sse_access::limits::{ClientHeader, Limits};
use sse_core::gateway::RemoteAddr;

static X_FORWARDED_FOR: LazyLock<Limits> = LazyLock::new(|| trusting(ClientHeader::XForwardedFor));
static FORWARDED: LazyLock<Limits> = LazyLock::new(|| trusting(ClientHeader::Forwarded));

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(field).collect();
    let client = found(&X_FORWARDED_FOR, "x-forwarded-for", &lines);
    let forwarded = found(&FORWARDED, "forwarded", &lines);
    if let Some(lines) = text(&lines) {
        assert_eq!(client, naive::x_forwarded_for(&lines, PEER.into(), is_trusted));
        if let Some(expected) = naive::forwarded(&lines, PEER.into(), is_trusted) {
            assert_eq!(forwarded, expected);
        }
    }
    for (limits, name, added) in [
        (&X_FORWARDED_FOR, "x-forwarded-for", "203.0.113.7"),
        (&FORWARDED, "forwarded", "for=\"203.0.113.7:80\""),
    ] {
        let mut added_to = lines.clone();
        let line = added_to.last_mut().expect("a split has a part");
        line.extend_from_slice(b", ");
        line.extend_from_slice(added.as_bytes());
        assert_eq!(found(limits, name, &added_to), IpAddr::from([203, 0, 113, 7]));
    }
});

/// What a field can hold of `line`.
fn field(line: &[u8]) -> Vec<u8> {
    let is_of_field = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    line.iter().copied().filter(is_of_field).collect()
}

/// The lines, if there is nothing in them but ASCII.
fn text(lines: &[Vec<u8>]) -> Option<Vec<String>> {
    lines
        .iter()
        .map(|line| line.is_ascii().then(|| String::from_utf8(line.clone()).ok())?)
        .collect()
}

fn found(limits: &Limits, name: &'static str, lines: &[Vec<u8>]) -> IpAddr {
    let (mut parts, ()) = Request::new(()).into_parts();
    for line in lines {
        parts.headers.append(name, HeaderValue::from_bytes(line).expect("it is one"));
    }
    parts.extensions.insert(RemoteAddr::from((PEER, 40_000)));
    limits.client(&parts).expect("the peer is known").ip()
}

fn trusting(header: ClientHeader) -> Limits {
    let proxies = "10.0.0.0/8".parse().expect("it is a network");
    Limits::new().with_trusted_proxy(proxies).with_client_header(header)
}

fn is_trusted(ip: IpAddr) -> bool {
    matches!(ip.to_canonical(), IpAddr::V4(ip) if ip.octets()[0] == 10)
}

const PEER: [u8; 4] = [10, 0, 0, 1];
