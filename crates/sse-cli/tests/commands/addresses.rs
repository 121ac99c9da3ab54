//! Addresses as browsers read them, and what is refused in them.

use sse_testkit::RecordedRequest;

use crate::support::{CLIENT, Peer, REQUEST, answer, run, stream, to_post};

#[test]
fn paths_and_queries_are_encoded_as_browsers_do() {
    for (typed, sent) in [
        ("/s?f={%22a%22:1}", "/s?f={%22a%22:1}"),
        ("/s?f={\"a\":1}|x", "/s?f={%22a%22:1}|x"),
        ("/a b?c d", "/a%20b?c%20d"),
        ("/a\tb\n?c\td\r", "/ab?cd"),
        ("/ä/漢?ö=ü", "/%C3%A4/%E6%BC%A2?%C3%B6=%C3%BC"),
        ("/%C3%a4?%ff%zz", "/%C3%a4?%ff%zz"),
        ("/a<b>\"`{}|^?a<b>\"'", "/a%3Cb%3E%22%60%7B%7D|%5E?a%3Cb%3E%22%27"),
        ("\\a\\b?c\\d", "/a/b?c\\d"),
        ("/a/./b/../c/%2e%2E/d/..", "/a/"),
        ("/../../a", "/a"),
        ("/a//b/", "/a//b/"),
        ("/a#fragment?x", "/a"),
        ("?q", "/?q"),
        ("#x", "/"),
        ("", "/"),
    ] {
        let (code, request) = requested(|port| format!("http://127.0.0.1:{port}{typed}"));

        assert_eq!(code, Some(0), "{typed:?}");
        assert_eq!(target(&request), sent, "{typed:?}");
    }
}

#[test]
fn hosts_are_read_as_browsers_do() {
    for (typed, host) in [
        ("HTTP://127.0.0.1:PORT/", "127.0.0.1:PORT"),
        ("  http://127.0.0.1:PORT/  ", "127.0.0.1:PORT"),
        ("ht\ttp:\\\\127.0.0.1:PORT\\x", "127.0.0.1:PORT"),
        ("http://LocalHost:PORT", "localhost:PORT"),
        ("http://%6c%6Fcalhost:PORT/", "localhost:PORT"),
        ("http://ｌｏｃａｌｈｏｓｔ:PORT/", "localhost:PORT"),
        ("http://127.1:PORT/", "127.0.0.1:PORT"),
        ("http://0x7f.0.0.01:PORT/", "127.0.0.1:PORT"),
        ("http://2130706433:0PORT/", "127.0.0.1:PORT"),
        ("http://127。0。0。1:PORT/", "127.0.0.1:PORT"),
        ("http://me:p@w@127.0.0.1:PORT/", "127.0.0.1:PORT"),
    ] {
        let (code, request) = requested(|port| typed.replace("PORT", port));

        assert_eq!(code, Some(0), "{typed}");
        let port = request.field("host").unwrap().rsplit(':').next().unwrap().to_owned();
        assert_eq!(request.field("host"), Some(&*host.replace("PORT", &port)), "{typed}");
    }
}

#[test]
fn user_and_password_are_sent_as_they_were_typed() {
    for (typed, authorization) in [
        ("me:p@w", "Basic bWU6cEB3"),
        ("me:p%40w", "Basic bWU6cEB3"),
        ("me:s p|\"", "Basic bWU6cyBwfCI="),
        ("mé:pä", "Basic bcOpOnDDpA=="),
        ("me", "Basic bWU6"),
    ] {
        let (code, request) = requested(|port| format!("http://{typed}@127.0.0.1:{port}/"));

        assert_eq!(code, Some(0), "{typed}");
        assert_eq!(request.field("authorization"), Some(authorization), "{typed}");
    }
}

#[test]
fn names_of_all_scripts_are_looked_up_as_idna_has_them() {
    for (typed, asked) in [
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://b%C3%BCcher.example/", "xn--bcher-kva.example"),
        ("http://BÜCHER.example/", "xn--bcher-kva.example"),
        ("http://faß.example/", "xn--fa-hia.example"),
        ("http://☕.example:81/", "xn--53h.example:81"),
        ("http://a_b.example:80/", "a_b.example"),
    ] {
        // A proxy shows the name without that anything of the kind has to be there.
        let mut peer = Peer::start([stream("data: a\n\n")]);
        let proxy = format!("http://127.0.0.1:{}", peer.port());

        let ended = run(CLIENT, ["--url", typed, "--proxy", &proxy, "--count", "1"]);

        assert_eq!(ended.code, Some(0), "{typed}: {ended:?}");
        let request = peer.request();
        assert_eq!(target(&request), format!("http://{asked}/"), "{typed}");
        assert_eq!(request.field("host"), Some(asked), "{typed}");
    }
}

#[test]
fn host_option_takes_names_of_all_scripts() {
    for host in ["ｌｏｃａｌｈｏｓｔ", "localhost"] {
        let mut peer = Peer::start([stream("data: a\n\n")]);
        let mut other = Peer::start([to_post(answer("200 OK", ""))]);

        let client = run(CLIENT, ["42", "-H", host, "-P", &peer.port(), "--count", "1"]);
        let request = run(REQUEST, ["42", "ping", "-H", host, "-P", &other.port()]);

        assert_eq!((client.code, request.code), (Some(0), Some(0)), "{client:?} {request:?}");
        let names = [peer.request(), other.request()].map(|r| r.field("host").unwrap().to_owned());
        assert_eq!(
            names.map(|name| name.split(':').next().unwrap().to_owned()),
            ["localhost", "localhost"]
        );
    }
    let ended = run(CLIENT, ["42", "-H", "nichts-bücher.invalid"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("xn--nichts-bcher-"), "{ended:?}");
}

#[test]
fn what_is_refused_in_an_address_is_named_in_a_whole_sentence() {
    for (rest, reason) in [
        ("[fe80::1%25eth0]/", "the address has the zone \"%25eth0\", which no URL can hold"),
        ("[fe80::1%eth0]:80/", "the address has the zone \"%eth0\", which no URL can hold"),
        ("[fe80::1]x/", "there is \"x\" behind the address in brackets"),
        ("[fe80::1/", "the bracket of the IPv6 address is not closed"),
        ("[fe80::g]/", "\"fe80::g\" is no IPv6 address"),
        ("[1.2.3.4]/", "\"1.2.3.4\" is no IPv6 address"),
        ("::1/", "an IPv6 address stands in brackets: \"[::1]\""),
        ("fe80::1:8080", "an IPv6 address stands in brackets: \"[fe80::1:8080]\""),
        ("", "there is no host in it"),
        ("/x", "there is no host in it"),
        (":80/", "there is no host in it"),
        ("me@/", "there is no host in it"),
        ("\u{ad}/", "there is no host in it"),
        ("a b/", "the host has a space in it, which no host may have"),
        ("a%20b/", "the host has a space in it, which no host may have"),
        ("a%00b/", "the host has '\\0' in it, which no host may have"),
        ("a<b/", "the host has '<' in it, which no host may have"),
        ("a|b/", "the host has '|' in it, which no host may have"),
        ("a%25b/", "the host has '%' in it, which no host may have"),
        ("a%b/", "the host has '%' in it, which no host may have"),
        ("xn--a/", "IDNA"),
        ("a\u{200d}b.example/", "IDNA"),
        ("%ff.example/", "IDNA"),
        ("256.1.1.1/", "\"256.1.1.1\" is no IPv4 address"),
        ("1.2.3.4.5/", "\"1.2.3.4.5\" is no IPv4 address"),
        ("0x100000000/", "\"0x100000000\" is no IPv4 address"),
        ("h:65536/", "expected a port from 1 to 65535 instead of \"65536\""),
        ("h:0/", "expected a port from 1 to 65535 instead of \"0\""),
        ("h:-1/", "expected a port from 1 to 65535 instead of \"-1\""),
        ("h:8 0/", "expected a port from 1 to 65535 instead of \"8 0\""),
        ("h:x/", "expected a port from 1 to 65535 instead of \"x\""),
    ] {
        for option in ["--url", "--proxy"] {
            let address = format!("http://{rest}");
            let token = if option == "--proxy" { &["42"][..] } else { &[] };

            let ended = run(CLIENT, token.iter().copied().chain([option, &address]));

            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{address:?}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{address:?}: {ended:?}");
            assert!(ended.stderr.contains(option), "{address:?}: {ended:?}");
        }
    }
}

#[test]
fn host_option_names_what_it_refuses() {
    for (host, reason) in [
        ("fe80::1%eth0", "the address has the zone \"%eth0\", which no URL can hold"),
        ("[fe80::1%25eth0]", "the address has the zone \"%25eth0\", which no URL can hold"),
        ("a b", "neither a host's name nor an address: there is a space in it"),
        ("a/b", "neither a host's name nor an address: there is '/' in it"),
        ("a%20b", "neither a host's name nor an address: there is '%' in it"),
        ("http://h", "neither a host's name nor an address: there is ':' in it"),
        ("h:80", "neither a host's name nor an address: there is ':' in it"),
        ("[h]", "neither a host's name nor an address: there is '[' in it"),
        ("a\tb", "neither a host's name nor an address: there is '\\t' in it"),
        ("", "neither a host's name nor an address: it is empty"),
        ("xn--a", "IDNA"),
        ("1.2.3.4.5", "\"1.2.3.4.5\" is no IPv4 address"),
    ] {
        for program in [CLIENT, REQUEST] {
            let token: &[&str] = if program == CLIENT { &["42"] } else { &["42", "ping"] };

            let ended = run(program, token.iter().copied().chain(["-H", host]));

            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{host:?}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{host:?}: {ended:?}");
            assert!(ended.stderr.contains("--host"), "{host:?}: {ended:?}");
        }
    }
}

#[test]
fn addresses_without_a_scheme_that_is_spoken_say_which_are() {
    for address in
        ["h", "h/x", "h:80/x", "//h/", "ftp://h/", "http:", "http:/h", "/x", "", "ws://h"]
    {
        let ended = run(CLIENT, ["--url", address]);

        assert_eq!(ended.code, Some(2), "{address:?}: {ended:?}");
        let reason = "expected an address that begins with http://, https://";
        assert!(ended.stderr.contains(reason), "{address:?}: {ended:?}");
    }
    let ended = run(CLIENT, ["42", "--proxy", "ftp://h/"]);
    assert!(ended.stderr.contains("http://, https://, socks4://"), "{ended:?}");
}

#[test]
fn methods_without_a_stream_are_refused_with_the_reason() {
    for (method, reason) in [
        ("GET *", "expected a method such as GET or POST: there is a space in it"),
        ("a\tb", "expected a method such as GET or POST: there is '\\t' in it"),
        ("GÉT", "expected a method such as GET or POST: there is 'É' in it"),
        ("GET/x", "expected a method such as GET or POST: there is '/' in it"),
        ("", "expected a method such as GET or POST: it is empty"),
        ("HEAD", "the answer to HEAD has no body, and so no stream"),
        ("head", "the answer to HEAD has no body, and so no stream"),
        ("CONNECT", "CONNECT asks a proxy for a tunnel, and its answer is no stream"),
    ] {
        let ended = run(CLIENT, ["--url", "http://127.0.0.1:1/", "--method", method]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{method:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{method:?}: {ended:?}");
        assert!(ended.stderr.contains("--method"), "{method:?}: {ended:?}");
    }
}

/// The exit code of a client that listens to an address of a port, and its request.
fn requested(address: impl FnOnce(&str) -> String) -> (Option<i32>, RecordedRequest) {
    let mut peer = Peer::start([stream("data: a\n\n")]);
    let ended = run(CLIENT, ["--url", &address(&peer.port()), "--count", "1"]);
    assert_eq!(ended.stdout, "Event<,message,a>\n", "{ended:?}");
    (ended.code, peer.request())
}

fn target(request: &RecordedRequest) -> &str {
    request.head.split(' ').nth(1).unwrap()
}
