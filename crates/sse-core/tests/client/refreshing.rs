use http::{HeaderMap, StatusCode, header};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, Disconnect, Failure},
};

use crate::support::{SECOND, answer, epoch, interruption, next_request, open, reconnect, request};

#[test]
fn headers_are_asked_for_before_each_attempt_but_not_for_each_redirect() {
    let (mut client, now) = (refreshing(), epoch());
    assert_eq!(client.poll_output(now), ClientOutput::Refresh);
    assert!(matches!(client.poll_output(now), ClientOutput::Receive { .. }));

    client.handle_headers(token("one"));
    let first = next_request(&mut client, now);
    let elsewhere = [(header::LOCATION, "https://b.example/".parse().unwrap())];
    answer(&mut client, StatusCode::FOUND, &HeaderMap::from_iter(elsewhere), now);
    let redirected = next_request(&mut client, now);
    open(&mut client, now);
    client.handle_end(sse_core::client::End::Clean, now);
    let now = now + interruption(&mut client, now).0;
    client.handle_timeout(now);

    assert_eq!(first.headers()["authorization"], "one");
    assert_eq!(redirected.headers().get("authorization"), None);
    assert_eq!(client.poll_output(now), ClientOutput::Refresh);
    client.handle_headers(token("two"));
    assert_eq!(next_request(&mut client, now).headers()["authorization"], "two");
}

#[test]
fn what_cannot_be_refreshed_is_tried_again() {
    let (mut client, now) = (refreshing(), epoch());
    assert_eq!(client.poll_output(now), ClientOutput::Refresh);

    client.handle_failure(Failure::Unsent, now);

    assert_eq!(interruption(&mut client, now).1, Disconnect::Unreachable);
}

#[test]
fn what_takes_too_long_to_refresh_is_given_up() {
    let (mut client, now) = (refreshing(), epoch());
    assert_eq!(client.poll_output(now), ClientOutput::Refresh);
    let now = now + 30 * SECOND;

    client.handle_timeout(now);

    let because = interruption(&mut client, now).1;
    assert_eq!(because, Disconnect::NoAnswer { limit: 30 * SECOND });
}

#[test]
fn headers_that_nobody_asked_for_change_nothing() {
    let (mut client, now) = (Client::new(request(), ClientConfig::default()), epoch());
    next_request(&mut client, now);

    client.handle_headers(token("late"));

    open(&mut client, now);
    let (next, _) = reconnect(&mut client, now);
    assert_eq!(next.headers().get("authorization"), None);
}

fn refreshing() -> Client {
    Client::new(request(), ClientConfig::default().with_refresh(true))
}

fn token(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::AUTHORIZATION, token.parse().unwrap())])
}
