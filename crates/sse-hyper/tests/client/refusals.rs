//! What is refused before anything is sent.

use http::{Method, Uri};
use sse_hyper::{BuildError, EventSource, Proxies, Publisher, Transport, TransportFuture};

#[test]
fn address_to_which_nobody_can_connect_is_refused_with_the_reason() {
    for (uri, words) in [
        ("/poll/42", "the address \"/poll/42\" does not begin with http:// or https://"),
        ("a.example:80", "the address \"a.example:80\" does not begin with http:// or https://"),
        (
            "ftp://a.example/",
            "the scheme \"ftp\" of \"ftp://a.example/\" is neither http nor https",
        ),
        ("ws://me:secret@a/", "the scheme \"ws\" of \"ws://***@a/\" is neither http nor https"),
        (
            "http://[fe80::g]/",
            "the host \"[fe80::g]\" is no address of IPv6, which has no zone here",
        ),
        ("http://a:0/", "\"0\" is no port: ports are numbers from 1 to 65535"),
        ("http://a:+80/", "\"+80\" is no port: ports are numbers from 1 to 65535"),
        ("http://a:99999/", "\"99999\" is no port: ports are numbers from 1 to 65535"),
        ("http://[::1]:abc/", "\"abc\" is no port: ports are numbers from 1 to 65535"),
        ("http://me:secret@a:8080*/", "\"8080*\" is no port: ports are numbers from 1 to 65535"),
        (
            "ftp://me:sec/ret@a/",
            "`/`, `?` and `#` in the password of an address must be percent-encoded",
        ),
        (
            "http://me:sec/ret@a/",
            "`/`, `?` and `#` in the password of an address must be percent-encoded",
        ),
    ] {
        let uri: Uri = uri.parse().unwrap_or_else(|error| panic!("{uri}: {error}"));
        let source = EventSource::builder(uri.clone()).build().unwrap_err();
        let other = EventSource::builder(uri.clone()).build_with(NeverAsked).unwrap_err();
        let publisher = Publisher::builder(uri.clone()).build().unwrap_err();

        for refused in [source, other, publisher] {
            assert_eq!(refused.to_string(), words, "{uri}");
        }
    }
}

#[test]
fn address_that_is_one_is_taken() {
    for uri in ["http://a:/", "http://a:65535/", "http://[::1]/", "http://me@a/b@c", "HTTP://A/"] {
        let uri: Uri = uri.parse().unwrap();

        assert!(EventSource::builder(uri.clone()).build().is_ok(), "{uri}");
        assert!(Publisher::builder(uri.clone()).build().is_ok(), "{uri}");
    }
}

#[test]
fn method_whose_answers_have_no_body_is_refused() {
    let uri: Uri = "http://a.example/".parse().unwrap();
    for method in [Method::HEAD, Method::CONNECT] {
        let builder = EventSource::builder(uri.clone()).with_method(method.clone());
        let other = builder.clone().build_with(NeverAsked).unwrap_err();

        for refused in [builder.build().unwrap_err(), other] {
            let words =
                format!("the answer to {method} has no body, so there are no events to wait for");
            assert_eq!(refused.to_string(), words);
            assert!(matches!(refused, BuildError::Method { .. }), "{refused:?}");
        }
    }
    for method in ["GET", "POST", "OPTIONS", "QUERY", "head"] {
        let builder = EventSource::builder(uri.clone()).with_method(method.parse().unwrap());

        assert!(builder.build().is_ok(), "{method}");
    }
}

#[test]
fn proxy_that_cannot_be_asked_is_refused_with_the_reason() {
    let uri: Uri = "http://a.example/".parse().unwrap();
    for (proxy, words) in [
        (
            "ftp://me:secret@p/",
            "the proxy \"ftp://***@p/\" cannot be used: proxies are http, https, socks4, socks4a, socks5 or \
             socks5h, and not \"ftp\"",
        ),
        ("/p", "the proxy \"/p\" cannot be used: there is no host in it"),
        (
            "http://p:99999/",
            "the proxy \"http://p:99999/\" cannot be used: \"99999\" is no port: ports are numbers from 1 to \
             65535",
        ),
    ] {
        let proxies = Proxies::One(proxy.parse().unwrap());
        let source = EventSource::builder(uri.clone()).with_proxies(proxies.clone()).build();
        let publisher = Publisher::builder(uri.clone()).with_proxies(proxies).build();

        for refused in [source.unwrap_err(), publisher.unwrap_err()] {
            assert!(matches!(refused, BuildError::Proxy { variable: None, .. }), "{refused:?}");
            assert_eq!(refused.to_string(), words);
        }
    }
}

struct NeverAsked;

impl Transport for NeverAsked {
    fn send(&mut self, _request: http::Request<bytes::Bytes>) -> TransportFuture {
        unreachable!("it is refused before")
    }
}
