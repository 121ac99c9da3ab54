use std::{task::Waker, time::Duration};

use http::StatusCode;
use sse_core::{
    HubConfig, StringFormat,
    channel::Output,
    gateway::{Admitted, Handled},
    wire::KEEPALIVE,
};

use crate::support::{ask, assert_error_page, epoch, gateway, handle, listen, noop};

#[test]
fn listening_has_the_head_of_an_event_stream() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let (head, _) = listen(&gateway, "/poll/42").unwrap();

    let headers: Vec<_> =
        head.headers().iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(
        headers,
        [
            ("content-type", &"text/event-stream".parse().unwrap()),
            ("cache-control", &"no-cache, no-transform".parse().unwrap()),
            ("x-accel-buffering", &"no".parse().unwrap()),
            ("x-content-type-options", &"nosniff".parse().unwrap()),
        ],
    );
}

#[test]
fn head_of_a_listen_url_answers_like_get_and_takes_nothing() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let free = ask(&gateway, "HEAD", "/poll/42");
    let (head, _listener) = listen(&gateway, "/poll/42").unwrap();
    let taken = ask(&gateway, "HEAD", "/poll/42");

    assert_eq!(free.headers(), head.headers());
    assert_eq!(taken.status(), StatusCode::LOCKED);
}

#[test]
fn second_listener_is_refused_once_50_ms_have_not_freed_the_token() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };

    let mut now = start;
    let refusal = loop {
        match second.poll_response(&mut noop(), now) {
            Admitted::Wait { until } => {
                assert!(now < until, "waiting goes on");
                now = until;
            }
            Admitted::Refused { response, .. } => break response,
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(now - start, Duration::from_millis(50));
    assert_eq!(refusal.status(), StatusCode::LOCKED);
    assert_error_page(&refusal, "423: Locked", "423: Target is already connected");
    drop(listener);
}

#[test]
fn token_is_looked_at_again_though_50_ms_passed_at_once() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let late = start + Duration::from_secs(1);

    assert!(matches!(second.poll_response(&mut noop(), start), Admitted::Wait { .. }));
    assert!(matches!(second.poll_response(&mut noop(), late), Admitted::Wait { .. }));
    drop(listener);

    assert!(matches!(second.poll_response(&mut noop(), late), Admitted::Stream(_)));
}

#[test]
fn a_look_that_comes_late_does_not_count_up_to_50_times() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let mut now = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", now) else {
        panic!("the path listens");
    };

    let mut looks = 1;
    while let Admitted::Wait { until } = second.poll_response(&mut noop(), now) {
        assert!(now < until, "waiting goes on");
        now = until + Duration::from_millis(5);
        looks += 1;
    }

    assert_eq!(looks, 7 + 50);
    drop(listener);
}

#[test]
fn second_listener_is_admitted_if_the_token_becomes_free_meanwhile() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let Admitted::Wait { until } = second.poll_response(&mut noop(), start) else {
        panic!("someone listens");
    };

    drop(listener);

    assert!(matches!(second.poll_response(&mut noop(), until), Admitted::Stream(_)));
}

#[test]
fn keepalive_comes_after_silence_through_the_gateway_too() {
    let config = HubConfig::new(StringFormat).with_keepalive(Some(Duration::from_secs(8)));
    let gateway = gateway(config);
    let start = epoch();
    let Handled::Listen(mut admission) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let Admitted::Stream(response) = admission.poll_response(&mut noop(), start) else {
        panic!("nobody listens");
    };
    let mut listener = response.into_body();
    assert!(matches!(listener.poll_output(Waker::noop(), start), Output::Write(_)));

    let Output::Wait { until: Some(until) } = listener.poll_output(Waker::noop(), start) else {
        panic!("nothing was published");
    };

    assert!(start + Duration::from_secs(8) <= until && until <= start + Duration::from_secs(9));
    assert_eq!(listener.poll_output(Waker::noop(), until), Output::Write(KEEPALIVE));
}
