//! Verdicts that are known, and those that are waited for.

use std::{
    future::{pending, poll_fn, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use sse_core::{
    Gateway, GatewayConfig, Hub,
    access::{Access, Credential, Denied, Grant, Permissions, Verdict, from_async_fn, from_fn},
    gateway::{Asked, Handled},
};

use crate::support::{completed, epoch, parts, quiet};

#[test]
fn what_is_known_is_had_without_waiting() {
    let grant = Grant::new(Permissions::all());
    let outcomes = [Ok(None), Ok(Some(grant)), Err(Denied::Forbidden)];
    for outcome in outcomes {
        assert_eq!(Verdict::ready(outcome.clone()).into_ready().unwrap(), outcome);
        assert_eq!(completed(Verdict::ready(outcome.clone())), outcome);
        assert_eq!(completed(Verdict::pending(ready(outcome.clone()))), outcome);
        let later = Verdict::pending(ready(outcome.clone())).into_ready().unwrap_err();
        assert_eq!(completed(later), outcome, "it can be awaited all the same");
    }
    assert!(Verdict::pending(pending()).into_ready().is_err());
}

#[test]
#[should_panic(expected = "a future that is done is not polled")]
fn a_verdict_completes_once() {
    let mut verdict = pin!(Verdict::ready(Ok(None)));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(verdict.as_mut().poll(&mut cx), Poll::Ready(Ok(None)));

    let _done = verdict.as_mut().poll(&mut cx);
}

#[test]
fn a_request_waits_for_whoever_has_to_be_asked() {
    let is_known = Arc::new(AtomicBool::new(false));
    let known = is_known.clone();
    let sessions = from_async_fn(move |request| {
        let is_good = matches!(request.credential(), Some(Credential::Cookie("good")));
        let known = known.clone();
        poll_fn(move |_| match known.load(Ordering::Relaxed) {
            true if is_good => Poll::Ready(Ok(Some(Grant::new(Permissions::all())))),
            true => Poll::Ready(Err(Denied::Unauthorized)),
            false => Poll::Pending,
        })
    });
    let access = Access::new(sessions).with_cookie("session").unwrap();
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));
    let parts = parts("GET", "/poll/t", &[("cookie", "session=good")]);
    let Asked::Channel(asked) = gateway.ask(&parts) else { panic!("it listens") };

    let outcome = {
        let mut verdict = pin!(gateway.authenticate(&asked, &parts));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(verdict.as_mut().poll(&mut cx), Poll::Pending);
        is_known.store(true, Ordering::Relaxed);
        let Poll::Ready(outcome) = verdict.as_mut().poll(&mut cx) else { panic!("it is known") };
        outcome
    };

    let handled = gateway.decide(asked, &parts, outcome, epoch());
    assert_eq!(crate::support::answer(handled, epoch()).status, 200);
}

#[test]
fn of_a_closure_nobody_waits_for_it_is_known_at_once() {
    let access = Access::new(from_fn(|_| Err(Denied::Unauthorized)));
    let gateway = Gateway::new(Hub::new(quiet()), GatewayConfig::default().with_access(access));
    assert!(gateway.has_authenticator());
    let parts = parts("GET", "/poll/t", &[]);
    let Asked::Channel(asked) = gateway.ask(&parts) else { panic!("it listens") };

    let outcome = gateway.authenticate(&asked, &parts).into_ready().expect("it is known");

    assert_eq!(outcome, Err(Denied::Unauthorized));
    let handled = gateway.decide(asked, &parts, outcome, epoch());
    assert!(matches!(handled, Handled::Listen(_)), "its refusal goes the way of a listener's");
}
