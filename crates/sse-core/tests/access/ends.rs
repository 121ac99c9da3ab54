//! Grants that end, and the streams that were begun with them.

use std::{
    task::{Poll, Waker},
    time::Duration,
};

use sse_core::{
    Hub, Token,
    action::{Action, ActionSet},
    channel::{CloseReason, Mode, OnOverrun, Output},
    history::{History, Start},
    hub::{EventReceiver, PublishError, SubscribeError},
    response::LastEventId,
};

use crate::support::{
    EXPIRED, NANO, OPEN, SECOND, counts, epoch, grant_of, listen, ping, publish, quiet, read,
    subscribe, token,
};

#[test]
fn a_stream_ends_at_the_instant_at_which_its_grant_does_and_says_so_once() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let end = now + 10 * SECOND;
    let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);

    for early in [now, end - SECOND, end - NANO] {
        let output = listener.poll_output(Waker::noop(), early);
        assert_eq!(output, Output::Wait { until: Some(end) }, "an early poll changes nothing");
    }
    assert_eq!(counts(&hub).listeners, 1);

    assert_eq!(listener.poll_output(Waker::noop(), end), Output::Write(EXPIRED.into()));
    assert_eq!((counts(&hub).listeners, counts(&hub).leaving), (0, 1));
    for _ in 0..2 {
        let output = listener.poll_output(Waker::noop(), end);
        assert_eq!(output, Output::Close(CloseReason::Expired));
    }
    drop(listener);
    assert_eq!((counts(&hub).channels, counts(&hub).leaving), (0, 0));
}

#[test]
fn a_listener_waits_for_its_keepalive_or_for_the_end_of_its_grant() {
    let comment = Output::Write(":\n\n".into());
    for (keepalive, end) in [(5, 10), (10, 5), (5, 5)] {
        let (now, case) = (epoch(), format!("keepalive {keepalive} s, end {end} s"));
        // The first listener of all is never late with its comment.
        let hub = Hub::new(quiet().with_keepalive(Some(keepalive * SECOND)));
        let (comes, ends) = (now + keepalive * SECOND, now + end * SECOND);
        let mut listener = listen(&hub, "t", &grant_of("alice").with_end(ends), now);

        let until = Output::Wait { until: Some(comes.min(ends)) };
        assert_eq!(listener.poll_output(Waker::noop(), now), until, "{case}");
        if comes < ends {
            assert_eq!(listener.poll_output(Waker::noop(), comes), comment, "{case}");
            let until = Output::Wait { until: Some(ends) };
            assert_eq!(listener.poll_output(Waker::noop(), comes), until, "{case}");
        }
        let last = (EXPIRED.to_owned(), Some(CloseReason::Expired));
        assert_eq!(read(&mut listener, ends), last, "{case}");
    }
}

#[test]
fn however_late_it_is_polled_it_gets_what_was_published_before_the_end_and_nothing_else() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    for late in [Duration::ZERO, NANO, SECOND, SECOND + NANO, 3_600 * SECOND] {
        for mode in [Mode::Exclusive, Mode::Shared] {
            let now = epoch();
            let hub = Hub::new(quiet().with_mode(mode).with_actions(actions.clone()));
            let end = now + 10 * SECOND;
            let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
            publish(&hub, "t", "1", now);
            hub.set_retry(&token("t"), SECOND, end - NANO).unwrap().wake();
            publish(&hub, "t", "2", end - NANO);
            publish(&hub, "t", "at the end", end);
            hub.set_retry(&token("t"), 2 * SECOND, end + late).unwrap().wake();
            publish(&hub, "t", "late", end + late);

            let (written, reason) = read(&mut listener, end + late);

            let expected = format!("{}retry: 1000\n\n{}{EXPIRED}", ping("1"), ping("2"));
            assert_eq!((written, reason), (expected, Some(CloseReason::Expired)), "{late:?}");
            assert_eq!(counts(&hub).unread_bytes, 0, "nobody has to read the rest");
        }
    }
}

#[test]
fn whatever_ends_a_listener_after_its_grant_it_gets_nothing_of_what_was_published_since() {
    type End = fn(&std::sync::Arc<Hub>, std::time::Instant);
    let ways: [(&str, Mode, End); 4] = [
        ("close", Mode::Exclusive, |hub, now| hub.close(&token("t"), now).unwrap().wake()),
        ("shutdown", Mode::Exclusive, |hub, _| hub.shutdown().wake()),
        ("drain", Mode::Exclusive, |hub, now| hub.drain(Duration::ZERO, now).wake()),
        ("takeover", Mode::Takeover, |hub, now| {
            drop(subscribe(hub, "t", None, now).unwrap());
        }),
    ];
    for (way, mode, end_by) in ways {
        for history in [None, Some(History::new(1))] {
            let now = epoch();
            let config = quiet().with_mode(mode);
            let hub = Hub::new(match history {
                Some(history) => config.with_history(history),
                None => config,
            });
            let end = now + SECOND;
            let grant = grant_of("alice").with_end(end);
            let mut listener = subscribe(&hub, "t", Some(&grant), now).unwrap();
            publish(&hub, "t", "before", now);
            publish(&hub, "t", "since", end);

            end_by(&hub, end + SECOND);
            let (written, reason) = read(&mut listener, end + 2 * SECOND);

            assert!(written.contains("data: before\n"), "{way}: {written:?}");
            assert!(!written.contains("data: since\n"), "{way}: {written:?}");
            assert!(written.ends_with(EXPIRED), "{way}: {written:?}");
            assert_eq!(reason, Some(CloseReason::Expired), "{way}");
            assert_eq!(counts(&hub).unread_bytes, 0, "{way}");
        }
    }
}

#[test]
fn a_listener_that_left_before_the_end_reads_all_that_was_for_it() {
    let (now, ttl) = (epoch(), Some(SECOND));
    let hub = Hub::new(quiet().with_closed_ttl(ttl));
    let end = now + SECOND;
    let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
    publish(&hub, "t", "1", now);
    hub.close(&token("t"), now).unwrap().wake();

    let (written, reason) = read(&mut listener, end + 3_600 * SECOND);

    assert_eq!(written, format!("{}event: sse.end\ndata: {{}}\n\n", ping("1")));
    assert_eq!(reason, Some(CloseReason::Finished));
}

#[test]
fn an_event_that_was_begun_is_written_to_its_end_at_whatever_write_the_grant_ends() {
    let data = "x".repeat(100_000);
    let whole = ping(&data);
    for writes in 0..=whole.len() / Output::MAX_WRITE + 1 {
        let (hub, now) = (Hub::new(quiet()), epoch());
        let end = now + SECOND;
        let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
        publish(&hub, "t", &data, now);
        let mut written = String::new();
        for _ in 0..writes {
            if let Output::Write(bytes) = listener.poll_output(Waker::noop(), now) {
                written += str::from_utf8(&bytes).unwrap();
            }
        }
        publish(&hub, "t", "since", end);

        let (rest, reason) = read(&mut listener, end + 60 * SECOND);

        assert!(written + &rest == format!("{whole}{EXPIRED}"), "after {writes} writes");
        assert_eq!(reason, Some(CloseReason::Expired), "after {writes} writes");
    }
}

#[test]
fn an_event_that_was_begun_is_whole_though_the_clock_of_its_publisher_was_ahead() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let end = now + SECOND;
    let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
    let data = "x".repeat(40_000);
    publish(&hub, "t", &data, end + NANO);
    let Output::Write(begun) = listener.poll_output(Waker::noop(), end - NANO) else {
        panic!("there is an event");
    };

    let (rest, reason) = read(&mut listener, end);

    let written = format!("{}{rest}", str::from_utf8(&begun).unwrap());
    assert!(written == format!("{}{EXPIRED}", ping(&data)), "{rest}");
    assert_eq!(reason, Some(CloseReason::Expired));
}

#[test]
fn the_token_is_free_at_the_end_though_nobody_polls_the_listener() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let end = now + SECOND;
    let mut stalled = listen(&hub, "t", &grant_of("alice").with_end(end), now);
    publish(&hub, "t", "1", now);

    let refused = subscribe(&hub, "t", None, end - NANO).unwrap_err();
    assert_eq!(refused, SubscribeError::Taken);
    let (name, start) = (token("t"), Start::default());
    let checked = hub.check_subscribe(&name, &start, end - NANO);
    assert_eq!(checked, Err(SubscribeError::Taken));

    assert_eq!(hub.check_subscribe(&name, &start, end), Ok(None));
    let mut next = subscribe(&hub, "t", None, end).unwrap();
    assert_eq!(hub.listeners(&name), 1, "the other has left for it");
    publish(&hub, "t", "2", end);

    assert_eq!(read(&mut next, end), (format!("{OPEN}{}", ping("2")), None));
    let expected = (format!("{}{EXPIRED}", ping("1")), Some(CloseReason::Expired));
    assert_eq!(read(&mut stalled, end), expected);
    drop(stalled);
    assert_eq!(hub.listeners(&name), 1, "the one that came is there");
}

#[test]
fn nobody_is_counted_once_the_stream_has_ended() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let end = now + SECOND;
    let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);

    read(&mut listener, end);

    assert_eq!(hub.listeners(&token("t")), 0);
    let refused = hub.publish(&token("t"), "ping", b"1", end).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected);
}

#[test]
fn whose_grant_has_ended_comes_back_with_the_id_and_misses_nothing() {
    let (hub, now) = (Hub::new(quiet().with_history(History::new(1))), epoch());
    let end = now + SECOND;
    let mut listener = subscribe(&hub, "t", Some(&grant_of("alice").with_end(end)), now).unwrap();
    publish(&hub, "t", "1", now);
    publish(&hub, "t", "2", end);
    let (written, _) = read(&mut listener, end + 60 * SECOND);
    assert!(written.contains("data: 1\n") && !written.contains("data: 2\n"), "{written:?}");
    drop(listener);

    let (_, last) = written.rsplit_once("id: ").unwrap();
    let last = last.split('\n').next().unwrap();
    let start = Start::from(LastEventId::new(Some(last.as_bytes()), None));
    let fresh = grant_of("alice").with_end(end + 3_600 * SECOND);
    let again = hub.subscribe_granted(&token("t"), &start, Some(&fresh), end);
    let (written, reason) = read(&mut again.unwrap(), end);

    assert!(written.starts_with("event: sse.open\n"), "{written:?}");
    assert!(written.contains("\"resume\":\"ok\"") && written.contains("data: 2\n"), "{written:?}");
    assert!(!written.contains("data: 1\n"), "{written:?}");
    assert_eq!(reason, None);
}

#[test]
fn a_grant_that_has_ended_lets_nobody_in() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    for (end, is_refused) in [(now - SECOND, true), (now, true), (now + NANO, false)] {
        let grant = grant_of("alice").with_end(end);

        let subscribed = subscribe(&hub, "t", Some(&grant), now);

        let refused = subscribed.map(drop).err();
        assert_eq!(refused, is_refused.then_some(SubscribeError::GrantEnded), "{:?}", end - now);
        assert_eq!(counts(&hub).channels, 0, "it changes nothing");
    }
}

#[test]
fn the_opening_block_comes_first_though_the_grant_has_ended_since() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let grant = grant_of("alice").with_end(now + NANO);
    let mut listener = subscribe(&hub, "t", Some(&grant), now).unwrap();

    let written = read(&mut listener, now + SECOND);

    assert_eq!(written, (format!("{OPEN}{EXPIRED}"), Some(CloseReason::Expired)));
}

#[test]
fn of_a_drain_and_the_end_of_a_grant_what_comes_first_is_said() {
    for (drained, granted) in [(10, 20), (20, 10)] {
        let (hub, now) = (Hub::new(quiet()), epoch());
        // The end of the very first listener is the beginning of the window.
        drop(hub.subscribe(&token("first"), now));
        let end = now + granted * SECOND;
        let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
        hub.drain(drained * SECOND, now).wake();
        let Output::Wait { until: Some(until) } = listener.poll_output(Waker::noop(), now) else {
            panic!("both have a time");
        };

        let (written, reason) = read(&mut listener, until);

        if until < end {
            assert_eq!(reason, Some(CloseReason::Shutdown));
            assert!(written.starts_with("retry: "), "{written:?}");
        } else {
            assert_eq!(until, end);
            assert_eq!((&*written, reason), (EXPIRED, Some(CloseReason::Expired)));
        }
    }
}

#[test]
fn who_fell_behind_is_told_what_it_missed_and_then_that_it_has_ended() {
    let config = quiet().with_max_log_bytes(1_000).with_on_overrun(OnOverrun::Gap);
    let (hub, now) = (Hub::new(config), epoch());
    let end = now + SECOND;
    let mut listener = listen(&hub, "t", &grant_of("alice").with_end(end), now);
    for n in 0..20 {
        publish(&hub, "t", &format!("{n} {}", "x".repeat(100)), now);
    }
    for n in 0..20 {
        publish(&hub, "t", &format!("since {n} {}", "x".repeat(100)), end);
    }

    let (written, reason) = read(&mut listener, end + SECOND);

    assert!(written.starts_with("event: sse.gap\n"), "{written:?}");
    assert!(!written.contains("since"), "{written:?}");
    assert!(written.ends_with(EXPIRED), "{written:?}");
    assert_eq!(reason, Some(CloseReason::Expired));
}

#[test]
fn a_receiver_in_this_process_ends_with_its_grant_too() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let (name, end) = (Token::new("t").unwrap(), now + SECOND);
    let grant = grant_of("alice").with_end(end);
    let mut receiver = EventReceiver::from(subscribe(&hub, "t", Some(&grant), now).unwrap());

    assert_eq!(receiver.poll_next(Waker::noop(), now), Poll::Pending);
    assert_eq!(receiver.until(), Some(end));
    publish(&hub, "t", "1", now);
    let Poll::Ready(Some(event)) = receiver.poll_next(Waker::noop(), end) else {
        panic!("it was published before");
    };
    assert_eq!(event.event.data(), "1");
    assert_eq!(receiver.poll_next(Waker::noop(), end), Poll::Ready(None));
    assert_eq!(receiver.close_reason(), Some(CloseReason::Expired));
    drop(receiver);
    assert_eq!(hub.listeners(&name), 0);
}
