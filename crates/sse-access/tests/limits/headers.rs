//! Headers of proxies against a model that reads them slowly, and with anything on their left.

use std::{net::IpAddr, sync::LazyLock};

use proptest::{collection::vec, prelude::*, sample::select};
use sse_access::limits::{ClientHeader, Limits};

use super::{naive, support::parts};

const PARTS: [&str; 32] = [
    ",",
    ",",
    ", ",
    ";",
    "=",
    "\"",
    "\"",
    "\\",
    " ",
    "\t",
    "for=",
    "For=",
    "for=\"",
    "by=",
    "proto=http",
    "host=\"a\"",
    ";host=\"a,\\\"\"",
    "host=\"a\\\\\"",
    "10.0.0.2",
    "10.0.0.3",
    "203.0.113.9",
    "198.51.100.1",
    "::ffff:10.0.0.4",
    "[2001:db8::9]",
    "2001:db8::9",
    "[2001:db8::9]:80\"",
    ":80",
    ":_p",
    "unknown",
    "_hidden",
    "a",
    "1",
];

fn lines() -> impl Strategy<Value = Vec<String>> {
    vec(vec(select(&PARTS[..]), 0..12).prop_map(|parts| parts.concat()), 0..4)
}

fn is_trusted(ip: IpAddr) -> bool {
    matches!(ip.to_canonical(), IpAddr::V4(ip) if ip.octets()[0] == 10)
}

static FORWARDED: LazyLock<Limits> = LazyLock::new(|| trusting(ClientHeader::Forwarded));
static X_FORWARDED_FOR: LazyLock<Limits> = LazyLock::new(|| trusting(ClientHeader::XForwardedFor));

fn trusting(header: ClientHeader) -> Limits {
    Limits::new().with_trusted_proxy("10.0.0.0/8".parse().unwrap()).with_client_header(header)
}

fn found(header: ClientHeader, lines: &[String]) -> IpAddr {
    let (name, limits) = match header {
        ClientHeader::Forwarded => ("Forwarded", &FORWARDED),
        _ => ("X-Forwarded-For", &X_FORWARDED_FOR),
    };
    let headers: Vec<_> = lines.iter().map(|line| (name, &**line)).collect();
    limits.client(&parts("10.0.0.1", &headers)).unwrap().ip()
}

fn peer() -> IpAddr {
    "10.0.0.1".parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn x_forwarded_for_is_read_as_the_model_reads_it(lines in lines()) {
        let expected = naive::x_forwarded_for(&lines, peer(), is_trusted);
        prop_assert_eq!(found(ClientHeader::XForwardedFor, &lines), expected);
    }

    #[test]
    fn forwarded_is_read_as_the_model_reads_it(lines in lines()) {
        if let Some(expected) = naive::forwarded(&lines, peer(), is_trusted) {
            prop_assert_eq!(found(ClientHeader::Forwarded, &lines), expected);
        }
    }

    #[test]
    fn what_the_proxy_adds_on_the_right_is_what_counts(mut lines in lines(), is_same_line: bool) {
        for (header, added, expected) in [
            (ClientHeader::XForwardedFor, "203.0.113.7", "203.0.113.7"),
            (ClientHeader::Forwarded, "for=203.0.113.7;proto=https", "203.0.113.7"),
            (ClientHeader::Forwarded, "by=\"[::1]\";for=\"[2001:db8::7]:1\"", "2001:db8::7"),
        ] {
            let before = lines.clone();
            match lines.last_mut().filter(|_| is_same_line) {
                Some(line) => *line = format!("{line}, {added}"),
                None => lines.push(added.to_owned()),
            }
            prop_assert_eq!(found(header, &lines).to_string(), expected);
            lines = before;
        }
    }
}
