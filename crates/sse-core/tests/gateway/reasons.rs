//! What a log can say of a refusal.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    gateway::{Handled, Hosts, RefusalReason, refuse_foreign},
};

use crate::support::{ask, ask_with, epoch, gateway, handle, listen, permit, post};

#[test]
fn heads_that_are_no_http_have_a_reason() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for (fields, expected) in [
        (&[][..], "the request names no host"),
        (&[("host", "a"), ("host", "b")], "the request has more than one field Host"),
        (&[("host", "a b")], "the host is not valid: \"a b\""),
    ] {
        let response = ask_with(&gateway, "GET", "/poll/42", fields);
        assert_eq!(reason(&response), Some(expected), "{fields:?}");
    }
}

#[test]
fn bodies_that_do_not_arrive_have_a_reason() {
    let config = GatewayConfig::default()
        .with_max_body(10)
        .with_max_bodies(30)
        .with_body_timeout(Duration::ZERO);
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let permit = || permit(&gateway, "/ping/42");

    let late = permit().handle_timeout(epoch() + Duration::from_secs(1)).unwrap();
    assert_eq!(reason(&late), Some("the body did not arrive in time"));
    assert_eq!(reason(&permit().handle_abort()), Some("the body broke off"));
    let long = permit().handle_input(&[0; 11]).unwrap();
    assert_eq!(reason(&long), Some("the body is longer than 10 bytes"));
    let mut permits: Vec<_> = (0..10).map(|_| permit()).collect();
    let full = permits.iter_mut().find_map(|permit| permit.handle_input(&[0; 10])).unwrap();
    let expected =
        "all bodies that are arriving may take 30 bytes, and those of one connection a part of it";
    assert_eq!(reason(&full), Some(expected));
}

#[test]
fn a_browser_that_is_refused_in_a_stream_has_the_reason_too() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let browser =
        [("host", "test"), ("accept", "text/event-stream"), ("user-agent", "Mozilla/5.0")];

    let response = ask_with(&gateway, "GET", "/poll/42", &browser);

    assert_eq!(response.status(), 200);
    assert_eq!(reason(&response), Some("someone listens on this exclusive channel"));
}

#[test]
fn what_is_not_refused_has_none() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (stream, _listener) = listen(&gateway, "/poll/42").unwrap();

    assert!(stream.extensions().get::<RefusalReason>().is_none());
    assert_eq!(reason(&post(&gateway, "/ping/42", b"hi")), None);
    assert_eq!(reason(&ask(&gateway, "GET", "/")), None);
    assert_eq!(reason(&ask(&gateway, "GET", "/other/42")), None, "it is sent on");
    assert!(matches!(handle(&gateway, "GET", "/poll/43", epoch()), Handled::Listen(_)));
}

#[test]
fn a_route_beside_the_gateway_has_the_same_reasons() {
    let request = Request::get("/metrics").header("host", "evil.example").body(()).unwrap();

    let refused = refuse_foreign(&request.into_parts().0, Some(&Hosts::loopback())).unwrap();

    assert_eq!(reason(&refused), Some("the host \"evil.example\" is not allowed"));
}

fn reason(response: &Response<Bytes>) -> Option<&str> {
    response.extensions().get().map(RefusalReason::as_str)
}
