//! The hub: who may listen, who is reached, what is refused, and what is held for whom.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::Instant,
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    action::{Action, ActionSet},
    channel::{CloseReason, Mode, Output},
    format::{FormatError, JsonFormat},
    history::Start,
    hub::{PublishError, SubscribeError, Subscriber},
    id_source::Counter,
};

#[test]
fn publishing_to_nobody_is_refused_before_the_action_is_looked_at() {
    let hub = Hub::new(quiet());

    let refused = hub.publish(&token("a"), "no such action", b"", epoch()).unwrap_err();

    assert_eq!(refused, PublishError::NotConnected);
}

#[test]
fn every_refusal_of_a_publication_is_typed_and_uses_no_id() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let config = quiet_of(HubConfig::new(JsonFormat)).with_actions(actions);
    let (hub, now) = (Hub::new(config.with_ids(Counter::default())), epoch());
    let mut listener = listen(&hub, &token("a"), now);
    let publish = |action: &str, body: &[u8]| hub.publish(&token("a"), action, body, now);

    for action in ["Ping", "poll", "", "nope"] {
        let expected = PublishError::UnknownAction { action: action.to_owned() };
        assert_eq!(publish(action, b"1").unwrap_err(), expected);
    }
    for body in [&b"NaN"[..], b"", b"{", b"1 2", b"'a'"] {
        let error = publish("ping", body).unwrap_err();
        assert!(matches!(error, PublishError::Format(FormatError::NotJson { .. })), "{error}");
    }
    let error = publish("ping", b"\"\xFF\"").unwrap_err();
    assert_eq!(error, PublishError::Format(FormatError::NotUtf8 { at: 1 }));
    for body in [&b""[..], b"-1", b"+1", b"1.5", b"4294967296", b"1 2", b"\xFF", b"1e3"] {
        let error = publish("retry", body).unwrap_err();
        assert!(matches!(error, PublishError::Format(FormatError::NotRetry { .. })), "{error}");
    }
    publish("ping", b" [1, 2] ").unwrap().wake();

    assert_eq!(written(&mut listener, now), "event: ping\ndata: [1,2]\nid: 0\n\n");
}

#[test]
fn retry_is_written_at_once_and_in_order_and_takes_no_id() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let config = quiet().with_actions(actions).with_ids(Counter::default());
    let (hub, now) = (Hub::new(config), epoch());
    let mut listener = listen(&hub, &token("a"), now);

    for (action, body) in [("ping", "1"), ("retry", " 4294967295\r\n"), ("ping", "2")] {
        hub.publish(&token("a"), action, body.as_bytes(), now).unwrap().wake();
    }

    assert_eq!(
        written(&mut listener, now),
        "event: ping\ndata: 1\nid: 0\n\nretry: 4294967295\n\nevent: ping\ndata: 2\nid: 1\n\n",
    );
}

#[test]
fn exclusive_channel_has_one_listener_and_is_free_when_it_is_gone() {
    let (hub, now) = (Hub::new(quiet()), epoch());

    for _ in 0..3 {
        let listener = listen(&hub, &token("a"), now);
        assert_eq!(hub.subscribe(&token("a"), now).unwrap_err(), SubscribeError::Taken);
        assert_eq!(
            hub.check_subscribe(&token("a"), &Start::default(), now),
            Err(SubscribeError::Taken)
        );
        assert_eq!(
            hub.check_subscribe(&token("A"), &Start::default(), now),
            Ok(None),
            "case matters"
        );
        drop(listener);
        assert_eq!(hub.check_subscribe(&token("a"), &Start::default(), now), Ok(None));
    }
}

#[test]
fn shared_channel_gives_everything_to_everyone() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    let mut early = listen(&hub, &token("a"), now);
    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();
    let mut late = listen(&hub, &token("a"), now);

    let published = hub.publish(&token("a"), "ping", b"2", now).unwrap();

    assert_eq!(published.listeners(), 2);
    published.wake();
    assert_eq!(written(&mut early, now), "event: ping\ndata: 1\n\nevent: ping\ndata: 2\n\n",);
    assert_eq!(written(&mut late, now), "event: ping\ndata: 2\n\n");
}

#[test]
fn finish_frees_the_token_at_once_and_the_stream_ends_after_what_was_published() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let mut old = listen(&hub, &token("a"), now);
    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();

    hub.publish(&token("a"), "close", b"", now).unwrap().wake();
    let mut new = listen(&hub, &token("a"), now);
    hub.publish(&token("a"), "ping", b"2", now).unwrap().wake();

    assert_eq!(written(&mut old, now), "event: ping\ndata: 1\n\n");
    assert_eq!(old.poll_output(Waker::noop(), now), Output::Close(CloseReason::Finished));
    drop(old);
    assert_eq!(written(&mut new, now), "event: ping\ndata: 2\n\n");
    assert_eq!(hub.listeners(&token("a")), 1, "the old listener's end is not the new one's");
}

#[test]
fn shutdown_ends_every_stream_and_refuses_new_ones() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let tokens: Vec<_> = (0..50).map(|n| token(&n.to_string())).collect();
    let mut listeners: Vec<_> = tokens.iter().map(|token| listen(&hub, token, now)).collect();
    let woken = Arc::new(Woken::default());
    for listener in &mut listeners {
        let output = listener.poll_output(&Waker::from(woken.clone()), now);
        assert_eq!(output, Output::Wait { until: None });
    }

    hub.shutdown().wake();

    assert_eq!(woken.count(), 50);
    for listener in &mut listeners {
        let output = listener.poll_output(Waker::noop(), now);
        assert_eq!(output, Output::Close(CloseReason::Shutdown));
    }
    assert_eq!(hub.subscribe(&tokens[0], now).unwrap_err(), SubscribeError::Shutdown);
    let refused = hub.publish(&tokens[0], "ping", b"", now).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected);
}

#[test]
fn stalled_listener_is_cut_at_once_and_its_memory_is_free() {
    let (hub, now) = (Hub::new(quiet().with_max_log_bytes(100_000)), epoch());
    let mut stalled = listen(&hub, &token("a"), now);
    let body = vec![b'x'; 1_000];

    let mut accepted = 0;
    let last = loop {
        match hub.publish(&token("a"), "ping", &body, now) {
            Ok(published) => {
                accepted += 1;
                if let [overrun] = published.overrun() {
                    assert_eq!((&overrun.token, overrun.listeners), (&token("a"), 1));
                }
                published.wake();
            }
            Err(error) => break error,
        }
    };

    assert!((80..=100).contains(&accepted), "{accepted} were accepted");
    assert_eq!(last, PublishError::NotConnected);
    let mut new = listen(&hub, &token("a"), now);
    let output = stalled.poll_output(Waker::noop(), now);
    let Output::Close(CloseReason::Overrun { missed }) = output else {
        panic!("{output:?}");
    };
    assert!((1..=accepted).contains(&missed), "{missed} of {accepted}");
    drop(stalled);
    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();
    assert_eq!(written(&mut new, now), "event: ping\ndata: 1\n\n");
}

#[test]
fn one_stalled_listener_does_not_cut_the_others() {
    let config = quiet().with_max_log_bytes(10_000).with_mode(Mode::Shared);
    let (hub, now) = (Hub::new(config), epoch());
    let mut stalled = listen(&hub, &token("a"), now);
    let mut healthy = listen(&hub, &token("a"), now);

    for n in 0..1_000 {
        let published = hub.publish(&token("a"), "ping", n.to_string().as_bytes(), now).unwrap();
        assert_eq!(published.listeners(), if n < 67 { 2 } else { 1 }, "event {n}");
        published.wake();
        assert_eq!(written(&mut healthy, now), format!("event: ping\ndata: {n}\n\n"));
    }

    let output = stalled.poll_output(Waker::noop(), now);
    assert!(matches!(output, Output::Close(CloseReason::Overrun { .. })), "{output:?}");
}

#[test]
fn all_channels_together_hold_no_more_than_their_bound() {
    let config = quiet().with_max_total_bytes(1_000_000);
    let (hub, now) = (Hub::new(config), epoch());
    let tokens: Vec<_> = (0..20).map(|n| token(&n.to_string())).collect();
    let mut stalled: Vec<_> = tokens.iter().map(|token| listen(&hub, token, now)).collect();
    let mut healthy = listen(&hub, &token("healthy"), now);
    let body = vec![b'x'; 1_000];

    let mut cut = 0;
    for round in 0..1_200 {
        for token in &tokens {
            if let Ok(published) = hub.publish(token, "ping", &body, now) {
                cut += published.overrun().len();
                published.wake();
            }
        }
        let published = hub.publish(&token("healthy"), "ping", b"1", now).unwrap();
        cut += published.overrun().len();
        published.wake();
        assert_eq!(written(&mut healthy, now), "event: ping\ndata: 1\n\n", "round {round}");
    }

    assert_eq!(cut, 20, "each of them fell out at some time");
    for listener in &mut stalled {
        let output = listener.poll_output(Waker::noop(), now);
        assert!(matches!(output, Output::Close(CloseReason::Overrun { .. })), "{output:?}");
    }
}

#[test]
fn streams_that_end_count_against_the_total_until_they_are_read() {
    let config = quiet().with_max_total_bytes(100_000);
    let (hub, now) = (Hub::new(config), epoch());
    let body = vec![b'x'; 30_000];
    let mut ending: Vec<_> = (0..10)
        .map(|_| {
            let listener = listen(&hub, &token("a"), now);
            hub.publish(&token("a"), "ping", &body, now).unwrap().wake();
            hub.publish(&token("a"), "close", b"", now).unwrap().wake();
            listener
        })
        .collect();

    let outputs: Vec<_> =
        ending.iter_mut().map(|listener| listener.poll_output(Waker::noop(), now)).collect();

    let held = outputs.iter().filter(|output| matches!(output, Output::Write(_))).count();
    assert!((1..=3).contains(&held), "{held} streams still had their event");
}

#[test]
fn idle_listener_is_woken_once_per_publication() {
    let (hub, woken, now) = (Hub::new(quiet()), Arc::new(Woken::default()), epoch());
    let waker = Waker::from(woken.clone());
    let mut listener = listen(&hub, &token("a"), now);
    assert_eq!(listener.poll_output(&waker, now), Output::Wait { until: None });

    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();
    hub.publish(&token("a"), "ping", b"2", now).unwrap().wake();

    assert_eq!(woken.count(), 1, "it was not idle the second time");
}

#[test]
fn listener_that_went_idle_again_is_not_woken_for_what_it_has_read() {
    let (hub, woken, now) = (Hub::new(quiet()), Arc::new(Woken::default()), epoch());
    let waker = Waker::from(woken.clone());
    let mut listener = listen(&hub, &token("a"), now);
    assert_eq!(listener.poll_output(&waker, now), Output::Wait { until: None });

    let wakers = hub.publish(&token("a"), "ping", b"1", now).unwrap().into_wakers();
    written(&mut listener, now);
    assert_eq!(listener.poll_output(&waker, now), Output::Wait { until: None });
    wakers.wake();

    assert!(woken.count() <= 1, "{} wake-ups for one listener", woken.count());
}

#[test]
fn dropped_listener_is_not_woken() {
    let (hub, woken, now) = (Hub::new(quiet().with_mode(Mode::Shared)), Arc::default(), epoch());
    let _other = listen(&hub, &token("a"), now);
    let mut listener = listen(&hub, &token("a"), now);
    let waker = Waker::from(Arc::<Woken>::clone(&woken));
    assert_eq!(listener.poll_output(&waker, now), Output::Wait { until: None });

    drop(listener);
    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();

    assert_eq!(woken.count(), 0);
}

#[test]
fn wakers_come_for_every_idle_listener_of_a_crowd() {
    let (hub, woken, now) = (Hub::new(quiet().with_mode(Mode::Shared)), Arc::default(), epoch());
    let mut crowd: Vec<_> = (0..100).map(|_| listen(&hub, &token("a"), now)).collect();
    let waker = Waker::from(Arc::<Woken>::clone(&woken));
    for listener in &mut crowd {
        assert_eq!(listener.poll_output(&waker, now), Output::Wait { until: None });
    }
    crowd.truncate(70);

    hub.publish(&token("a"), "ping", b"1", now).unwrap().wake();

    assert_eq!(woken.count(), 70);
}

/// A listener that was told that its stream is open.
fn listen(hub: &Arc<Hub>, token: &Token, now: Instant) -> Subscriber {
    let mut listener = hub.subscribe(token, now).unwrap();
    let open = Output::Write("event: sse.open\nretry: 3000\ndata: {}\n\n".into());
    assert_eq!(listener.poll_output(Waker::noop(), now), open);
    listener
}

fn written(listener: &mut Subscriber, now: Instant) -> String {
    let mut written = String::new();
    while let Output::Write(bytes) = listener.poll_output(Waker::noop(), now) {
        written += str::from_utf8(&bytes).unwrap();
    }
    written
}

fn quiet() -> HubConfig {
    quiet_of(HubConfig::new(StringFormat))
}

fn quiet_of(config: HubConfig) -> HubConfig {
    config.with_keepalive(None)
}

fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
