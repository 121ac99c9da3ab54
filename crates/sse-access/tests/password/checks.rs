//! Whether a password is right, and what is remembered of it.

use std::{future::Future, pin::Pin, sync::mpsc, task::Context};

use base64::{Engine, engine::general_purpose::STANDARD};
use sse_access::Passwords;
use sse_core::access::{Denied, Outcome, Revocation, Verdict};
use tokio::runtime::{Builder, Runtime};

use crate::{ONE, OTHER};

#[tokio::test]
async fn a_password_is_right_or_wrong() {
    let passwords = passwords();
    for (name, password, is_right) in [
        ("alice", "password", true),
        ("bob", "password", true),
        ("alice", "", false),
        ("alice", "passwor", false),
        ("alice", "password ", false),
        ("alice", "PASSWORD", false),
        ("Alice", "password", false),
        ("alice ", "password", false),
        ("", "password", false),
        ("carol", "password", false),
        ("alice:password", "", false),
        ("", "", false),
    ] {
        for time in ["first", "second"] {
            let outcome = passwords.check(name, password).await;

            let subject = subject(&outcome);
            let expected = if is_right { Ok(name) } else { Err(Denied::Unauthorized) };
            assert_eq!(subject, expected, "{name:?} {password:?}, the {time} time");
        }
    }
}

#[tokio::test]
async fn a_password_that_was_right_is_not_hashed_again() {
    let passwords = passwords();

    let first = passwords.check("alice", "password").into_ready().unwrap_err().await;

    let again = passwords.check("alice", "password").into_ready().unwrap();
    assert_eq!((subject(&first), again), (Ok("alice"), first.clone()));
    // A wrong one is hashed each time, and so is the same one of somebody else.
    for (name, password) in [("alice", "Password"), ("bob", "password"), ("carol", "password")] {
        assert!(passwords.check(name, password).into_ready().is_err(), "{name} {password}");
    }
    assert_eq!(passwords.check("alice", "Password").await, Err(Denied::Unauthorized));
    assert!(passwords.check("alice", "Password").into_ready().is_err());
    assert!(passwords.check("alice", "password").into_ready().is_ok());
}

#[tokio::test]
async fn no_stranger_comes_in_by_a_password_of_somebody_else() {
    let passwords = passwords();
    for name in ["alice", "bob"] {
        assert!(passwords.check(name, "password").await.is_ok());
    }

    for number in 0..10 {
        let name = format!("stranger{number}");
        let verdict = passwords.check(&name, "password").into_ready().unwrap_err();
        assert_eq!(verdict.await, Err(Denied::Unauthorized), "{name}");
    }
    for (name, password) in [("alice:pass", "word"), ("bob:", "password"), ("alice:password", "")] {
        assert_eq!(passwords.check(name, password).await, Err(Denied::Unauthorized), "{name}");
    }
}

#[tokio::test]
async fn who_is_revoked_is_forgotten_alone() {
    let passwords = passwords();
    for name in ["alice", "bob"] {
        assert!(passwords.check(name, "password").await.is_ok());
    }

    passwords.forget(&Revocation::id("alice"));
    passwords.forget(&Revocation::subject("carol"));
    assert!(passwords.check("alice", "password").into_ready().is_ok());

    passwords.forget(&Revocation::subject("alice"));
    assert!(passwords.check("alice", "password").into_ready().is_err());
    assert!(passwords.check("bob", "password").into_ready().is_ok());
}

#[test]
fn what_cannot_be_right_is_refused_without_a_hash() {
    let passwords = passwords();
    let long = "x".repeat(1025);
    for (name, password) in [("alice", &*long), ("carol", &long), (&long, "password")] {
        let outcome = passwords.check(name, password).into_ready().unwrap();
        assert_eq!(outcome, Err(Denied::Unauthorized));
    }
    // At the bounds it is a password like any other.
    assert!(passwords.check("alice", &long[..1024]).into_ready().is_err());
    assert!(passwords.check(&long[..256], "password").into_ready().is_err());
    for credentials in ["", "alice:password", "!", &STANDARD.encode(format!("alice:{long}"))] {
        let outcome = passwords.check_basic(credentials).into_ready().unwrap();
        assert_eq!(outcome, Err(Denied::Unauthorized), "{credentials:.20}");
    }
}

#[tokio::test]
async fn credentials_hold_a_name_and_a_password() {
    let passwords = Passwords::parse(&format!("älice:{ONE}\n")).unwrap();

    let outcome = passwords.check_basic(&STANDARD.encode("älice:password")).await;

    assert_eq!(subject(&outcome), Ok("älice"));
    let outcome = passwords.check_basic(&STANDARD.encode("älice:password:")).await;
    assert_eq!(outcome, Err(Denied::Unauthorized));
}

#[test]
fn beyond_two_that_are_hashed_and_64_that_wait_nothing_is_checked() {
    let passwords = passwords();
    let (runtime, go_on) = with_a_blocked_thread();
    let _guard = runtime.enter();
    let mut verdicts: Vec<_> = (0..66).map(|_| passwords.check("alice", "password")).collect();
    // A verdict that nobody polls takes no place.
    let _unpolled: Vec<_> = (0..100).map(|_| passwords.check("bob", "password")).collect();
    for verdict in &mut verdicts {
        assert_eq!(poll_once(verdict), None);
    }

    for name in ["alice", "bob", "carol"] {
        let outcome = poll_once(&mut passwords.check(name, "password"));
        assert_eq!(outcome, Some(Err(Denied::Unavailable)), "{name}");
    }

    // One that is given up makes room for another.
    verdicts.pop();
    verdicts.push(passwords.check("bob", "wrong"));
    assert_eq!(poll_once(verdicts.last_mut().unwrap()), None);
    go_on.send(()).unwrap();
    for (at, verdict) in verdicts.into_iter().enumerate() {
        let expected = if at < 65 { Ok("alice") } else { Err(Denied::Unauthorized) };
        assert_eq!(subject(&runtime.block_on(verdict)), expected, "{at}");
    }
}

#[test]
fn of_many_with_the_same_password_those_that_wait_need_no_hash() {
    let passwords = passwords();
    let (runtime, go_on) = with_a_blocked_thread();
    let _guard = runtime.enter();
    let mut waiting: Vec<_> = (0..3).map(|_| passwords.check("alice", "password")).collect();
    for verdict in &mut waiting {
        assert_eq!(poll_once(verdict), None);
    }
    go_on.send(()).unwrap();
    let last = waiting.pop().unwrap();
    for verdict in waiting {
        assert_eq!(subject(&runtime.block_on(verdict)), Ok("alice"));
    }

    // The only thread that could hash is blocked again.
    let (_go_on, may_go_on) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || may_go_on.recv());
    let mut last = last;
    assert_eq!(poll_once(&mut last).as_ref().map(subject), Some(Ok("alice")));
    drop(_go_on);
}

fn passwords() -> Passwords {
    Passwords::parse(&format!("alice:{ONE}\nbob:{OTHER}\n")).unwrap()
}

fn subject(outcome: &Outcome) -> Result<&str, Denied> {
    outcome
        .as_ref()
        .map(|grant| grant.as_ref().unwrap().subject().unwrap())
        .map_err(|denied| *denied)
}

/// A runtime that hashes nothing before it is told to: the one thread that could do it waits.
fn with_a_blocked_thread() -> (Runtime, mpsc::Sender<()>) {
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let (go_on, may_go_on) = mpsc::channel();
    runtime.spawn_blocking(move || may_go_on.recv());
    (runtime, go_on)
}

fn poll_once(verdict: &mut Verdict<'_>) -> Option<Outcome> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    match Pin::new(verdict).poll(&mut cx) {
        std::task::Poll::Ready(outcome) => Some(outcome),
        std::task::Poll::Pending => None,
    }
}
