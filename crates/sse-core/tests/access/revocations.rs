//! Grants that are revoked: whose streams end, who is woken, and for how long it is remembered.

use std::{sync::Arc, task::Waker, time::Duration};

use sse_core::{
    Hub,
    access::{Grant, Revocation, RevokeError},
    channel::{CloseReason, Mode, OnOverrun, Output},
    history::{History, Start},
    hub::{PublishError, SubscribeError},
    response::LastEventId,
};

use crate::support::{
    EXPIRED, NANO, OPEN, SECOND, Woken, counts, epoch, everything, grant_of, listen, ping, publish,
    quiet, read, subscribe, token,
};

#[test]
fn all_streams_of_a_subject_end_and_no_others_do() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    let grants = [
        grant_of("alice"),
        grant_of("alice").with_id("1"),
        grant_of("bob"),
        grant_of("bob").with_id("alice"),
        Grant::new(everything()).with_id("alice"),
        Grant::new(everything()),
        grant_of("Alice"),
    ];
    let mut listeners: Vec<_> = ["t", "u"]
        .iter()
        .flat_map(|name| grants.iter().map(|grant| (listen(&hub, name, grant, now), grant)))
        .collect();
    let mut open = subscribe(&hub, "t", None, now).unwrap();
    assert_eq!(counts(&hub).granted, 12, "one of them cannot be revoked");

    let revocation = Revocation::subject("alice");
    hub.revoke(&revocation, now).unwrap().wake();

    for (listener, grant) in &mut listeners {
        let is_meant = grant.subject() == Some("alice");
        assert_eq!(revocation.matches(grant), is_meant);
        let expected = match is_meant {
            true => (EXPIRED.to_owned(), Some(CloseReason::Revoked)),
            false => (String::new(), None),
        };
        assert_eq!(read(listener, now), expected, "{grant:?}");
        let again = subscribe(&hub, "t", Some(grant), now).map(drop).err();
        assert_eq!(again, is_meant.then_some(SubscribeError::GrantEnded), "{grant:?}");
    }
    assert_eq!(read(&mut open, now), (OPEN.to_owned(), None));
    drop((open, listeners));
    assert_eq!(counts(&hub).granted, 0);
}

#[test]
fn the_grant_of_one_id_is_revoked_alone() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    let grants = [grant_of("alice").with_id("1"), grant_of("alice").with_id("2"), grant_of("1")];
    let mut listeners = grants.each_ref().map(|grant| listen(&hub, "t", grant, now));
    let revocation = Revocation::id("1");

    hub.revoke(&revocation, now).unwrap().wake();

    let ended = listeners.each_mut().map(|listener| read(listener, now).1);
    assert_eq!(ended, [Some(CloseReason::Revoked), None, None]);
    assert_eq!(grants.each_ref().map(|grant| revocation.matches(grant)), [true, false, false]);
}

#[test]
fn who_is_revoked_gets_nothing_more_and_its_place_is_free_at_once() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let mut alice = listen(&hub, "t", &grant_of("alice"), now);
    publish(&hub, "t", "1", now);
    assert!(0 < counts(&hub).unread_bytes);

    hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();

    assert_eq!((counts(&hub).unread_bytes, counts(&hub).listeners), (0, 0));
    let refused = hub.publish(&token("t"), "ping", b"2", now).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected, "a POST does not count it");
    let mut bob = listen(&hub, "t", &grant_of("bob"), now);
    publish(&hub, "t", "3", now);
    assert_eq!(read(&mut alice, now), (EXPIRED.to_owned(), Some(CloseReason::Revoked)));
    assert_eq!(read(&mut bob, now), (ping("3"), None));
    drop(alice);
    assert_eq!(hub.listeners(&token("t")), 1);
}

#[test]
fn an_event_that_was_begun_is_written_to_its_end_whenever_the_grant_is_revoked() {
    let data = "x".repeat(100_000);
    let whole = ping(&data);
    let writes = whole.len().div_ceil(Output::MAX_WRITE);
    for begun in 0..=writes + 1 {
        let (hub, now) = (Hub::new(quiet()), epoch());
        let mut listener = listen(&hub, "t", &grant_of("alice"), now);
        publish(&hub, "t", &data, now);
        let mut written = String::new();
        for _ in 0..begun {
            if let Output::Write(bytes) = listener.poll_output(Waker::noop(), now) {
                written += str::from_utf8(&bytes).unwrap();
            }
        }
        publish(&hub, "t", "next", now);

        hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();
        let (rest, reason) = read(&mut listener, now);

        let expected = match begun {
            0 => EXPIRED.to_owned(),
            _ => format!("{whole}{EXPIRED}"),
        };
        let expected = if begun <= writes { expected } else { format!("{whole}{EXPIRED}") };
        assert!(written + &rest == expected, "after {begun} writes");
        assert_eq!(reason, Some(CloseReason::Revoked), "after {begun} writes");
        assert_eq!(counts(&hub).unread_bytes, 0);
    }
}

#[test]
fn who_is_leaving_and_has_still_to_read_reads_no_more() {
    type Leave = fn(&Arc<Hub>, std::time::Instant);
    let ways: [(&str, Mode, Leave); 3] = [
        ("close", Mode::Exclusive, |hub, now| hub.close(&token("t"), now).unwrap().wake()),
        ("shutdown", Mode::Exclusive, |hub, _| hub.shutdown().wake()),
        ("takeover", Mode::Takeover, |hub, now| {
            drop(subscribe(hub, "t", None, now).unwrap());
        }),
    ];
    for (way, mode, leave) in ways {
        let (hub, now) = (Hub::new(quiet().with_mode(mode)), epoch());
        let mut listener = listen(&hub, "t", &grant_of("alice"), now);
        publish(&hub, "t", "1", now);
        leave(&hub, now);

        hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();

        let expected = (EXPIRED.to_owned(), Some(CloseReason::Revoked));
        assert_eq!(read(&mut listener, now), expected, "{way}");
        assert_eq!(counts(&hub).unread_bytes, 0, "{way}");
    }
}

#[test]
fn who_has_read_its_end_or_was_cut_is_told_nothing_else() {
    let config = quiet().with_max_log_bytes(300).with_on_overrun(OnOverrun::Close);
    let (hub, now) = (Hub::new(config), epoch());
    let mut read_end = listen(&hub, "a", &grant_of("alice"), now);
    hub.close(&token("a"), now).unwrap().wake();
    let mut unread_end = listen(&hub, "b", &grant_of("alice"), now);
    hub.close(&token("b"), now).unwrap().wake();
    let mut cut = listen(&hub, "c", &grant_of("alice"), now);
    for _ in 0..10 {
        let _nobody_at_last = hub.publish(&token("c"), "ping", b"some text", now);
    }
    drop(listen(&hub, "d", &grant_of("alice"), now));
    assert_eq!(read(&mut read_end, now).1, Some(CloseReason::Finished));

    hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();

    assert_eq!(read(&mut read_end, now), (String::new(), Some(CloseReason::Finished)));
    assert_eq!(read(&mut unread_end, now), (String::new(), Some(CloseReason::Finished)));
    assert!(matches!(read(&mut cut, now).1, Some(CloseReason::Overrun { .. })));
}

#[test]
fn who_was_cut_in_the_middle_of_an_event_is_not_called_back_to_read_on() {
    for then in [OnOverrun::Close, OnOverrun::Gap] {
        let config = quiet().with_max_log_bytes(30_000).with_on_overrun(then);
        let (hub, now) = (Hub::new(config.with_mode(Mode::Shared)), epoch());
        let mut listener = listen(&hub, "t", &grant_of("alice"), now);
        let _other = listen(&hub, "t", &grant_of("bob"), now);
        publish(&hub, "t", &"x".repeat(20_000), now);
        assert!(matches!(listener.poll_output(Waker::noop(), now), Output::Write(_)));
        publish(&hub, "t", &"y".repeat(20_000), now);

        hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();

        let (written, reason) = read(&mut listener, now);
        assert_eq!(written, "", "{then:?}");
        assert!(matches!(reason, Some(CloseReason::Overrun { .. })), "{then:?}: {reason:?}");
    }
}

#[test]
fn idle_listeners_are_woken_by_the_wakers_that_come_back() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    let woken = [Arc::new(Woken::default()), Arc::new(Woken::default())];
    let mut listeners: Vec<_> = woken
        .iter()
        .flat_map(|woken| (0..40).map(move |n| (woken.clone(), n)))
        .map(|(woken, n)| {
            let mut listener = listen(&hub, &format!("{}", n % 3), &grant_of("alice"), now);
            let output = listener.poll_output(&Waker::from(woken), now);
            assert_eq!(output, Output::Wait { until: None });
            listener
        })
        .collect();
    let other = Arc::new(Woken::default());
    let mut bob = listen(&hub, "bob's own", &grant_of("bob"), now);
    let _idle = bob.poll_output(&Waker::from(other.clone()), now);

    let ended = hub.revoke(&Revocation::subject("alice"), now).unwrap();

    assert_eq!(woken[0].count() + woken[1].count(), 0, "nobody is woken under a lock");
    assert_eq!(ended.count(), 80);
    drop(ended);
    assert_eq!((woken[0].count(), woken[1].count(), other.count()), (40, 40, 0));
    for listener in &mut listeners {
        assert_eq!(read(listener, now).1, Some(CloseReason::Revoked));
    }
}

#[test]
fn a_key_that_another_listener_has_now_is_not_hit() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    for round in 0..20 {
        let alice = listen(&hub, "t", &grant_of("alice").with_id(&format!("{round}")), now);
        let mut carol = listen(&hub, "t", &grant_of("carol"), now);
        drop(alice);
        let mut bob = listen(&hub, "t", &grant_of("bob"), now);
        let mut other_channel = listen(&hub, "u", &grant_of("bob"), now);

        hub.revoke(&Revocation::id(&format!("{round}")), now).unwrap().wake();
        hub.revoke(&Revocation::subject("alice").with_end(now), now).unwrap().wake();

        for listener in [&mut bob, &mut carol, &mut other_channel] {
            assert_eq!(read(listener, now), (String::new(), None), "round {round}");
        }
    }
    assert_eq!(counts(&hub).granted, 0);
}

#[test]
fn whose_grant_was_revoked_comes_back_with_another_one_and_misses_nothing() {
    let (hub, now) = (Hub::new(quiet().with_history(History::new(1))), epoch());
    let mut listener = subscribe(&hub, "t", Some(&grant_of("a").with_id("1")), now).unwrap();
    publish(&hub, "t", "1", now);
    let (first, _) = read(&mut listener, now);
    publish(&hub, "t", "2", now);
    hub.revoke(&Revocation::id("1"), now).unwrap().wake();
    let last = read(&mut listener, now);
    assert_eq!(last, (EXPIRED.to_owned(), Some(CloseReason::Revoked)));

    let id = first.rsplit_once("id: ").unwrap().1.trim_end();
    let start = Start::from(LastEventId::new(Some(id.as_bytes()), None));
    let again = grant_of("a").with_id("2");
    let mut again = hub.subscribe_granted(&token("t"), &start, Some(&again), now).unwrap();

    let (written, _) = read(&mut again, now);
    assert!(written.contains("\"resume\":\"ok\"") && written.contains("data: 2\n"), "{written}");
    assert!(!written.contains("data: 1\n"), "{written}");
}

#[test]
fn a_revocation_holds_until_it_ends_and_of_several_the_longest_does() {
    let now = epoch();
    let at = |seconds: u32| now + seconds * SECOND;
    for (ends, holds_until) in [
        (&[Some(at(10))][..], Some(at(10))),
        (&[Some(at(10)), Some(at(20))], Some(at(20))),
        (&[Some(at(20)), Some(at(10))], Some(at(20))),
        (&[Some(at(10)), None], None),
        (&[None, Some(at(10))], None),
    ] {
        for by_id in [false, true] {
            let hub = Hub::new(quiet());
            for &end in ends {
                let one = if by_id { Revocation::id("a") } else { Revocation::subject("a") };
                let one = match end {
                    Some(end) => one.with_end(end),
                    None => one,
                };
                hub.revoke(&one, now).unwrap().wake();
            }
            let grant = Grant::new(everything()).with_subject("a").with_id("a");
            let ended = || Some(SubscribeError::GrantEnded);
            let ask = |now| subscribe(&hub, "t", Some(&grant), now).map(drop).err();

            let last = holds_until.unwrap_or(now + Duration::from_secs(1 << 30));
            assert_eq!(ask(now), ended(), "{ends:?}");
            assert_eq!(ask(last - NANO), ended(), "{ends:?}");
            assert_eq!(ask(last), if holds_until.is_some() { None } else { ended() }, "{ends:?}");
        }
    }
}

#[test]
fn a_revocation_that_has_ended_already_ends_streams_and_is_not_held_against_new_ones() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let mut listener = listen(&hub, "t", &grant_of("alice"), now);

    hub.revoke(&Revocation::subject("alice").with_end(now), now).unwrap().wake();

    assert_eq!(read(&mut listener, now).1, Some(CloseReason::Revoked));
    drop(listener);
    assert!(subscribe(&hub, "t", Some(&grant_of("alice")), now).is_ok());
}

#[test]
fn beyond_100_000_a_revocation_is_an_error_that_changes_nothing() {
    let (hub, now) = (Hub::new(quiet()), epoch());
    let end = now + 60 * SECOND;
    for n in 0..50_000 {
        let (subject, id) = (Revocation::subject(&n.to_string()), Revocation::id(&n.to_string()));
        hub.revoke(&subject, now).unwrap().wake();
        hub.revoke(&id.with_end(end), now).unwrap().wake();
    }
    let mut alice = listen(&hub, "t", &grant_of("alice"), now);

    for refused in [Revocation::subject("alice"), Revocation::id("alice")] {
        let error = hub.revoke(&refused, end - NANO).unwrap_err();
        assert_eq!(error, RevokeError::Full { max: 100_000 });
    }
    assert_eq!(read(&mut alice, now), (String::new(), None));
    let known = Grant::new(everything()).with_id("7");
    let again = subscribe(&hub, "u", Some(&known), end - NANO).map(drop);
    assert_eq!(again, Err(SubscribeError::GrantEnded), "those that are known hold");

    // One that is known already takes no more room.
    let longer = Revocation::id("7").with_end(end + SECOND);
    hub.revoke(&longer, end - NANO).unwrap().wake();
    hub.revoke(&Revocation::subject("7"), end - NANO).unwrap().wake();

    // Those that have ended make room.
    hub.revoke(&Revocation::subject("alice"), end).unwrap().wake();
    assert_eq!(read(&mut alice, end).1, Some(CloseReason::Revoked));
    let held = |grant, now| subscribe(&hub, "u", Some(&grant), now).map(drop).is_err();
    assert!(held(Grant::new(everything()).with_id("7"), end), "it was made longer");
    assert!(!held(Grant::new(everything()).with_id("8"), end), "it has ended");
    assert!(held(grant_of("49999"), end), "it has no end");
}

#[test]
fn what_is_known_of_grants_goes_with_their_listeners() {
    let (hub, now) = (Hub::new(quiet().with_mode(Mode::Shared)), epoch());
    let both = grant_of("alice").with_id("1");
    let nameless = Grant::new(everything());

    let first = listen(&hub, "t", &both, now);
    let second = listen(&hub, "t", &both, now);
    let third = listen(&hub, "u", &nameless, now);
    assert_eq!(counts(&hub).granted, 2, "one of them has no name to be revoked by");
    drop(second);
    assert_eq!(counts(&hub).granted, 1);
    hub.revoke(&Revocation::id("1"), now).unwrap().wake();
    assert_eq!(counts(&hub).granted, 1, "its connection is there");
    drop(first);
    assert_eq!(counts(&hub).granted, 0);
    drop(third);
    let refused = subscribe(&hub, "t", Some(&both), now).unwrap_err();
    assert_eq!((refused, counts(&hub).granted), (SubscribeError::GrantEnded, 0));
}
