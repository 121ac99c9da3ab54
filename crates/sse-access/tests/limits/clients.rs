//! Who sends a request.

use http::{HeaderValue, Request};
use sse_access::limits::{ClientHeader, Limits};

use super::support::{client, parts};

/// Trusts 10.0.0.0/8, 127.0.0.0/8 and 2001:db8:ff::/48.
fn trusting(header: ClientHeader) -> Limits {
    Limits::new()
        .with_trusted_proxy("10.0.0.0/8".parse().unwrap())
        .with_trusted_proxy("127.0.0.0/8".parse().unwrap())
        .with_trusted_proxy("2001:db8:ff::/48".parse().unwrap())
        .with_client_header(header)
}

fn found(limits: &Limits, peer: &str, name: &str, lines: &[&str]) -> String {
    let headers: Vec<_> = lines.iter().map(|line| (name, *line)).collect();
    limits.client(&parts(peer, &headers)).unwrap().ip().to_string()
}

#[test]
fn the_client_of_a_trusted_proxy_is_the_rightmost_address_that_is_not_trusted() {
    let limits = trusting(ClientHeader::XForwardedFor);
    let cases: [(&[&str], &str); 29] = [
        (&["203.0.113.7"], "203.0.113.7"),
        (&["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (&["198.51.100.1,203.0.113.7,10.0.0.2,10.0.0.3"], "203.0.113.7"),
        (&["198.51.100.1, 203.0.113.7 , \t10.0.0.2"], "203.0.113.7"),
        // All lines are one list.
        (&["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (&["198.51.100.1", "203.0.113.7, 10.0.0.2", "10.0.0.3"], "203.0.113.7"),
        (&["203.0.113.7", "10.0.0.2", ""], "203.0.113.7"),
        // Empty elements of a list are none.
        (&["203.0.113.7,, ,10.0.0.2,"], "203.0.113.7"),
        (&[",203.0.113.7"], "203.0.113.7"),
        // All are trusted: the leftmost.
        (&["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
        (&["10.0.0.9", "10.0.0.2"], "10.0.0.9"),
        (&["127.0.0.5"], "127.0.0.5"),
        // Nobody is named: the peer.
        (&[], "10.0.0.1"),
        (&[""], "10.0.0.1"),
        (&[" , ,"], "10.0.0.1"),
        // What is no address ends the search.
        (&["unknown"], "10.0.0.1"),
        (&["203.0.113.7, unknown"], "10.0.0.1"),
        (&["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
        (&["203.0.113.7", "_hidden", "10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["203.0.113.7, unix:, 10.0.0.2"], "10.0.0.2"),
        // Ports and brackets.
        (&["203.0.113.7:4711"], "203.0.113.7"),
        (&["203.0.113.7:_port"], "203.0.113.7"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["[2001:db8::7]"], "2001:db8::7"),
        (&["[2001:DB8:0:0::7]:4711, [2001:db8:ff::1]:80"], "2001:db8::7"),
        // An IPv4 address in the form of IPv6 is one.
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
        (&["[::ffff:203.0.113.7]:1"], "203.0.113.7"),
        (&["\"203.0.113.7\""], "10.0.0.1"),
    ];
    for (lines, expected) in cases {
        assert_eq!(found(&limits, "10.0.0.1", "X-Forwarded-For", lines), expected, "{lines:?}");
    }
}

#[test]
fn what_is_nearly_an_address_is_none() {
    for hop in [
        "203.0.113",
        "203.0.113.7.",
        "203.0.113.256",
        "203.0.113.07",
        "203.0.113.7:",
        "203.0.113.7:x",
        "203.0.113.7:65536",
        "203.0.113.7:-1",
        "203.0.113.7:+1",
        "203.0.113.7:1:2",
        "203.0.113.7 1",
        "[203.0.113.7]",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]x",
        "[2001:db8::7]:",
        "[]",
        "[2001:db8::7]:_",
        "2001:db8:::7",
        "fe80::1%eth0",
        ":",
        "[",
        "]",
        "[]:",
        "::ffff:",
        "0x7f.1",
        "localhost",
        "203.0.113.7/32",
        "\u{ff12}03.0.113.7",
    ] {
        let limits = trusting(ClientHeader::XForwardedFor);
        assert_eq!(found(&limits, "10.0.0.1", "X-Forwarded-For", &[hop]), "10.0.0.1", "{hop}");
    }
}

#[test]
fn forwarded_is_read_as_its_standard_says() {
    let limits = trusting(ClientHeader::Forwarded);
    let cases: [(&[&str], &str); 40] = [
        (&["for=203.0.113.7"], "203.0.113.7"),
        (&["For=203.0.113.7"], "203.0.113.7"),
        (&["FOR=\"203.0.113.7\""], "203.0.113.7"),
        (&["for=\"203.0.113.7:4711\""], "203.0.113.7"),
        (&["for=203.0.113.7:4711"], "203.0.113.7"),
        (&["for=\"[2001:db8::7]\""], "2001:db8::7"),
        (&["for=\"[2001:db8::7]:4711\""], "2001:db8::7"),
        (&["for=\"[2001:db8::7]:_port\""], "2001:db8::7"),
        (&["for=\"[::ffff:203.0.113.7]\""], "203.0.113.7"),
        (&["for=[2001:db8::7]"], "2001:db8::7"),
        (&["proto=https;for=203.0.113.7;by=10.0.0.2;host=a"], "203.0.113.7"),
        (&["proto=https ; for=203.0.113.7 ;"], "203.0.113.7"),
        (&[";;for=203.0.113.7"], "203.0.113.7"),
        (&["for=198.51.100.1, for=203.0.113.7"], "203.0.113.7"),
        (&["for=198.51.100.1,for=203.0.113.7,for=10.0.0.2"], "203.0.113.7"),
        (&["for=198.51.100.1", "for=203.0.113.7", "for=10.0.0.2;proto=http"], "203.0.113.7"),
        (&["for=203.0.113.7, ,, for=10.0.0.2,"], "203.0.113.7"),
        // Commas, semicolons and quotes in quotes are nothing but text.
        (&["for=203.0.113.7;host=\"a, for=198.51.100.1\""], "203.0.113.7"),
        (&["for=203.0.113.7;host=\"a;for=198.51.100.1\""], "203.0.113.7"),
        (&[r#"for=203.0.113.7;host="\", for=198.51.100.1""#], "203.0.113.7"),
        (&[r#"for=203.0.113.7;host="\\", for=10.0.0.2"#], "203.0.113.7"),
        (&[r#"for=203.0.113.7;host="a, for=198.51.100.1\"""#], "203.0.113.7"),
        (&[r#"for=203.0.113.7;host="a, for=198.51.100.1\\\"b""#], "203.0.113.7"),
        (&[r#"for="\2\03.0.113\.7""#], "203.0.113.7"),
        // Nobody is named.
        (&[], "10.0.0.1"),
        (&[""], "10.0.0.1"),
        (&["proto=https"], "10.0.0.1"),
        (&["for=198.51.100.1, proto=https"], "10.0.0.1"),
        (&["for=unknown"], "10.0.0.1"),
        (&["for=198.51.100.1, for=_hidden, for=10.0.0.2"], "10.0.0.2"),
        (&["for=\"_hidden:_port\""], "10.0.0.1"),
        // It is said twice, or not validly.
        (&["for=198.51.100.1;for=203.0.113.7"], "10.0.0.1"),
        (&["for=203.0.113.7;For=203.0.113.7"], "10.0.0.1"),
        (&["for=203.0.113.7;proto"], "10.0.0.1"),
        (&["for=203.0.113.7 proto=http"], "10.0.0.1"),
        (&["for = 203.0.113.7"], "10.0.0.1"),
        (&["for="], "10.0.0.1"),
        (&["for=\"\""], "10.0.0.1"),
        (&["for=\"203.0.113.7"], "10.0.0.1"),
        (&["=203.0.113.7;for=203.0.113.7"], "10.0.0.1"),
    ];
    for (lines, expected) in cases {
        assert_eq!(found(&limits, "10.0.0.1", "Forwarded", lines), expected, "{lines:?}");
    }
}

#[test]
fn a_client_cannot_hide_behind_what_it_leaves_open() {
    let limits = trusting(ClientHeader::Forwarded);
    for sent in [
        "for=\"",
        "for=\"198.51.100.1",
        "for=198.51.100.1;by=\"",
        "\"",
        "\\",
        "for=\"\\",
        "\"\"\"",
        ",",
        "for=",
        "for=10.0.0.2;host=\"a\\",
        "=",
        ";",
    ] {
        for added in [
            "for=203.0.113.7",
            "for=\"203.0.113.7\"",
            "by=\"10.0.0.1\";for=203.0.113.7;host=\"a,b\"",
        ] {
            let line = format!("{sent}, {added}");
            assert_eq!(found(&limits, "10.0.0.1", "Forwarded", &[&line]), "203.0.113.7", "{line}");
            let lines = [sent, added];
            assert_eq!(found(&limits, "10.0.0.1", "Forwarded", &lines), "203.0.113.7", "{lines:?}");
        }
    }
}

#[test]
fn only_the_header_that_was_named_is_read_and_only_of_trusted_proxies() {
    let (x_forwarded_for, forwarded) = ("X-Forwarded-For", "Forwarded");
    for (header, peer, name, line, expected) in [
        (ClientHeader::XForwardedFor, "10.0.0.1", forwarded, "for=203.0.113.7", "10.0.0.1"),
        (ClientHeader::Forwarded, "10.0.0.1", x_forwarded_for, "203.0.113.7", "10.0.0.1"),
        (ClientHeader::XForwardedFor, "192.0.2.1", x_forwarded_for, "203.0.113.7", "192.0.2.1"),
        (ClientHeader::Forwarded, "192.0.2.1", forwarded, "for=203.0.113.7", "192.0.2.1"),
        (
            ClientHeader::XForwardedFor,
            "::ffff:10.0.0.1",
            x_forwarded_for,
            "203.0.113.7",
            "203.0.113.7",
        ),
        (
            ClientHeader::XForwardedFor,
            "2001:db8:ff::1",
            x_forwarded_for,
            "203.0.113.7",
            "203.0.113.7",
        ),
        (
            ClientHeader::XForwardedFor,
            "2001:db8:fe::1",
            x_forwarded_for,
            "203.0.113.7",
            "2001:db8:fe::1",
        ),
    ] {
        let found = found(&trusting(header), peer, name, &[line]);
        assert_eq!(found, expected, "{peer} {name}");
    }
}

#[test]
fn a_proxy_can_be_named_by_an_ipv4_network_in_the_form_of_ipv6() {
    for (net, expected) in [
        ("::ffff:10.0.0.0/104", "203.0.113.7"),
        ("::ffff:10.0.0.1/128", "203.0.113.7"),
        ("::ffff:10.0.0.2/128", "10.0.0.1"),
        ("::ffff:0.0.0.0/96", "203.0.113.7"),
        ("::/0", "10.0.0.1"),
        ("0.0.0.0/0", "203.0.113.7"),
    ] {
        let limits = Limits::new().with_trusted_proxy(net.parse().unwrap());
        let lines = &["203.0.113.7"];
        // Where everybody is trusted, it is the one on the left all the same.
        assert_eq!(found(&limits, "10.0.0.1", "X-Forwarded-For", lines), expected, "{net}");
    }
}

#[test]
fn loopback_addresses_are_limited_only_where_they_are_trusted_proxies() {
    let trusting = trusting(ClientHeader::XForwardedFor);
    for (peer, without, with) in [
        ("127.0.0.1", false, true),
        ("127.8.8.8", false, true),
        ("::ffff:127.0.0.1", false, true),
        ("::1", false, false),
        ("10.0.0.1", true, true),
        ("::", true, true),
        ("203.0.113.7", true, true),
    ] {
        assert_eq!(client(&Limits::new(), peer).is_limited(), without, "{peer}");
        assert_eq!(client(&trusting, peer).is_limited(), with, "{peer}");
    }
    // A client that a proxy names is one, whatever its address is.
    let named = trusting.client(&parts("10.0.0.1", &[("X-Forwarded-For", "::1")])).unwrap();
    assert!(named.is_limited());
}

#[test]
fn a_request_without_an_address_has_no_client() {
    let (parts, ()) =
        Request::get("/").header("X-Forwarded-For", "203.0.113.7").body(()).unwrap().into_parts();

    assert_eq!(trusting(ClientHeader::XForwardedFor).client(&parts), None);
}

#[test]
fn bytes_that_are_no_text_are_no_address() {
    for header in [ClientHeader::XForwardedFor, ClientHeader::Forwarded] {
        let mut parts = parts("10.0.0.1", &[]);
        for name in ["x-forwarded-for", "forwarded"] {
            parts
                .headers
                .append(name, HeaderValue::from_bytes(b"for=203.0.113.7, \xff\xfe").unwrap());
        }
        let client = trusting(header).client(&parts).unwrap();
        assert_eq!(client.ip().to_string(), "10.0.0.1");
    }
}

#[test]
fn long_lines_of_what_makes_work_are_read_in_time() {
    for part in
        [",", "10.0.0.2,", "\"", "\\", "\\\"", "\",", "\"\\", ";", "for=10.0.0.2,", "for=a;"]
    {
        let line = part.repeat((1 << 18) / part.len());
        let lines = ["for=203.0.113.7", &line, "for=\"\\\""];
        for header in [ClientHeader::XForwardedFor, ClientHeader::Forwarded] {
            let limits = trusting(header);
            for name in ["x-forwarded-for", "forwarded"] {
                // Were the time the square of the length, it would take minutes.
                found(&limits, "10.0.0.1", name, &[&line]);
                found(&limits, "10.0.0.1", name, &lines);
            }
        }
    }
}
