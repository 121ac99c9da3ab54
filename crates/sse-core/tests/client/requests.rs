use http::{Method, header};
use sse_core::{
    Client,
    client::{ClientConfig, ClientRequest, ReadyState},
};

use crate::support::{epoch, next_request, open, reconnect, request};

#[test]
fn first_request_has_the_headers_of_the_standard_and_no_id() {
    let mut client = Client::new(request(), ClientConfig::default());

    let sent = next_request(&mut client, epoch());

    assert_eq!((sent.method(), sent.uri()), (&Method::GET, request().uri()));
    assert_eq!(sent.headers().len(), 2);
    assert_eq!(sent.headers()["accept"], "text/event-stream");
    assert_eq!(sent.headers()["cache-control"], "no-cache");
    assert_eq!(client.ready_state(), ReadyState::Connecting);
}

#[test]
fn header_of_the_caller_takes_the_place_of_the_standards() {
    let request = request()
        .with_header(header::CACHE_CONTROL, "no-store".parse().unwrap())
        .with_header(header::COOKIE, "a=1".parse().unwrap())
        .with_header(header::COOKIE, "b=2".parse().unwrap());

    let sent = next_request(&mut Client::new(request, ClientConfig::default()), epoch());

    assert_eq!(sent.headers().get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"]);
    assert_eq!(sent.headers().get_all("cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
}

#[test]
fn same_request_is_sent_again_with_its_method_its_body_and_its_headers() {
    let request = ClientRequest::get("http://a.example/".parse().unwrap())
        .with_method(Method::from_bytes(b"REPORT").unwrap())
        .with_header(header::CONTENT_TYPE, "application/json".parse().unwrap())
        .with_body("{}");
    let mut client = Client::new(request, ClientConfig::default());
    let first = next_request(&mut client, epoch());
    open(&mut client, epoch());

    let (second, _) = reconnect(&mut client, epoch());

    assert_eq!(first, second);
    assert_eq!((second.body(), second.method().as_str()), (&"{}".into(), "REPORT"));
}

#[test]
fn restart_connects_at_once_whatever_it_does_unless_it_is_closed() {
    let (mut client, now) = (Client::new(request(), ClientConfig::default()), epoch());
    next_request(&mut client, now);
    open(&mut client, now);
    client.handle_input("id: 1\ndata: a\n\ndata: never".into(), now);
    while !matches!(client.poll_output(now), sse_core::client::ClientOutput::Receive { .. }) {}

    client.restart();

    let sent = next_request(&mut client, now);
    assert_eq!(sent.headers()["last-event-id"], "1");
    client.close();
    client.restart();
    assert_eq!(client.ready_state(), ReadyState::Closed);
}
