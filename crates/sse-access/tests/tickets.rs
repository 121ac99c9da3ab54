//! Tickets: what they grant, until when, and that nobody else makes one.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use sse_access::{TicketError, TicketKey, TicketKeyError};
use sse_core::{
    Token,
    access::{Grant, Permissions, Revocation},
    action::Action,
};

const SECRET: &[u8] = b"32 bytes or more that are secret";
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// The two clocks are read one after the other, which takes a moment, or more on a busy machine.
fn is_near(one: Instant, other: Instant) -> bool {
    one.max(other) - one.min(other) < MINUTE / 2
}

fn key() -> TicketKey {
    TicketKey::new(SECRET).unwrap()
}

fn alice() -> Grant {
    Grant::new(Permissions::all()).with_subject("alice").with_id("7")
}

fn channel(name: &str) -> Token {
    Token::new(name).unwrap()
}

fn ticket(grant: &Grant, name: &str, now: Instant) -> String {
    key().issue(grant, &channel(name), HOUR, now).unwrap().as_str().to_owned()
}

#[test]
fn a_ticket_lets_listen_on_its_channel_and_nothing_else() {
    let now = Instant::now();
    for name in ["news", "room:*", "*", "a*b", "é 😀", "a+b/c=?&%", &"x".repeat(256)] {
        let grant = key().open(&ticket(&alice(), name, now), now).unwrap();

        let permissions = grant.permissions();
        assert!(permissions.may_listen(&channel(name)), "{name}");
        assert!(!permissions.may_publish(&channel(name), "ping", Action::Event), "{name}");
        for other in ["news2", "new", "NEWS", "room:42", "aXb", "x"] {
            assert!(!permissions.may_listen(&channel(other)), "{name} {other}");
        }
    }
}

#[test]
fn a_ticket_is_revoked_with_the_grant_that_it_came_from() {
    let now = Instant::now();
    let long = "s".repeat(5000);
    for (subject, id) in [
        (Some("alice"), Some("7")),
        (Some("alice"), None),
        (None, Some("7")),
        (None, None),
        (Some(""), Some("")),
        (Some(&*long), Some("é\u{0}\n")),
    ] {
        let mut grant = Grant::new(Permissions::all());
        if let Some(subject) = subject {
            grant = grant.with_subject(subject);
        }
        if let Some(id) = id {
            grant = grant.with_id(id);
        }
        let opened = key().open(&ticket(&grant, "news", now), now).unwrap();

        assert_eq!((opened.subject(), opened.id()), (subject, id));
        assert_eq!(Revocation::subject("alice").matches(&opened), subject == Some("alice"));
        assert_eq!(Revocation::id("7").matches(&opened), id == Some("7"));
    }
}

#[test]
fn a_ticket_ends_with_its_grant_or_after_its_time() {
    let now = Instant::now();
    for (grant, expected) in [
        (alice(), HOUR),
        (alice().with_end(now + 2 * HOUR), HOUR),
        (alice().with_end(now + MINUTE), MINUTE),
    ] {
        let ticket = key().issue(&grant, &channel("news"), HOUR, now).unwrap();
        let opened = key().open(ticket.as_str(), now).unwrap();

        let end = opened.end().unwrap();
        assert!(is_near(end, now + expected), "{:?}", end - now);
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let seconds = unix + expected.as_secs();
        assert!(ticket.expires().abs_diff(seconds) <= 30, "{} {seconds}", ticket.expires());
        let past = end + MINUTE;
        let error = key().open(ticket.as_str(), past).unwrap_err();
        assert!(matches!(error, TicketError::Ended { .. }) && error.is_genuine(), "{error}");
    }
}

#[test]
fn a_ticket_got_with_a_ticket_does_not_live_longer() {
    let now = Instant::now();
    let first = key().open(&ticket(&alice(), "news", now), now).unwrap();
    let later = now + 30 * MINUTE;

    let second = key().issue(&first, &channel("news"), HOUR, later).unwrap();
    let second = key().open(second.as_str(), later).unwrap();
    assert!(is_near(second.end().unwrap(), first.end().unwrap()));
    assert_eq!(second.subject(), Some("alice"));
    assert!(key().issue(&first, &channel("other"), HOUR, later).is_none());
}

#[test]
fn no_ticket_is_given_for_what_is_not_granted() {
    let now = Instant::now();
    let listening =
        |pattern: &str| Grant::new(Permissions::none().with_listen(pattern.parse().unwrap()));
    let publishing = Grant::new(Permissions::none().with_publish("*".parse().unwrap()));
    for (grant, is_given) in [
        (listening("news"), true),
        (listening("n*"), true),
        (listening("room:*"), false),
        (publishing, false),
        (Grant::new(Permissions::none()), false),
        (listening("*").with_end(now), false),
        (listening("*").with_subject(&"s".repeat(20_000)), false),
        (listening("*").with_id(&"i".repeat(70_000)), false),
    ] {
        let ticket = key().issue(&grant, &channel("news"), HOUR, now);
        assert_eq!(ticket.is_some(), is_given, "{:?}", grant.permissions());
    }
}

#[test]
fn no_time_is_too_long() {
    let now = Instant::now();
    let ticket = key().issue(&alice(), &channel("news"), Duration::MAX, now).unwrap();

    assert!(key().open(ticket.as_str(), now).unwrap().end().is_some());
    assert!(key().issue(&alice(), &channel("news"), Duration::ZERO, now).is_some_and(|ticket| {
        matches!(key().open(ticket.as_str(), now), Err(TicketError::Ended { .. }))
    }));
}

#[test]
fn a_ticket_with_any_byte_changed_is_none() {
    let now = Instant::now();
    let ticket = ticket(&alice(), "news", now);

    let bytes = BASE64_URL_SAFE_NO_PAD.decode(&ticket).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let error = key().open(&BASE64_URL_SAFE_NO_PAD.encode(changed), now).unwrap_err();
            let expected = if at == 0 { TicketError::Malformed } else { TicketError::Forged };
            assert_eq!(error, expected, "byte {at}, bit {bit}");
            assert!(!error.is_genuine());
        }
    }
    for at in 0..ticket.len() {
        for other in "Ab9-_. =%\u{e9}".chars().filter(|&other| !ticket[at..].starts_with(other)) {
            let changed = format!("{}{other}{}", &ticket[..at], &ticket[at + 1..]);
            assert!(key().open(&changed, now).is_err(), "character {at}: {other:?}");
        }
        assert!(key().open(&ticket[..at], now).is_err(), "cut at {at}");
        assert!(key().open(&ticket[at + 1..], now).is_err(), "cut behind {at}");
    }
    assert!(key().open(&format!("{ticket}A"), now).is_err());
    assert!(key().open(&format!("{ticket}="), now).is_err());
    assert!(key().open(&format!("{ticket}{ticket}"), now).is_err());
}

#[test]
fn a_ticket_is_opened_by_its_own_key_alone() {
    let now = Instant::now();
    let ticket = ticket(&alice(), "news", now);

    assert!(TicketKey::new(SECRET).unwrap().open(&ticket, now).is_ok());
    let longer = TicketKey::new(&[SECRET, b"\n"].concat()).unwrap();
    for other in [longer, TicketKey::random().unwrap(), TicketKey::random().unwrap()] {
        assert_eq!(other.open(&ticket, now), Err(TicketError::Forged));
    }
}

#[test]
fn garbage_is_no_ticket() {
    let now = Instant::now();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), b"\x01rest");
    let token = BASE64_URL_SAFE_NO_PAD.encode([b"\x01rest", tag.as_ref()].concat());
    for text in
        ["", "A", "AQ", "null", "eyJhbGciOiJub25lIn0.e30.", "é", &"A".repeat(12_288), &token]
    {
        let error = key().open(text, now).unwrap_err();
        assert!(matches!(error, TicketError::Malformed | TicketError::Forged), "{text} {error}");
    }
    let len = TicketError::MAX_LEN + 1;
    assert_eq!(key().open(&"A".repeat(len), now), Err(TicketError::TooLong { len }));
}

#[test]
fn no_key_that_others_may_know_makes_tickets() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", "A".repeat(64));
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let der = [&[0x30, 42, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 33, 0][..], &[7; 32]].concat();
    for key in [pem.as_bytes(), jwk.as_bytes(), &der] {
        let refused = TicketKey::new(key).map(drop);
        assert_eq!(refused, Err(TicketKeyError::Known), "{}", String::from_utf8_lossy(key));
    }
}

#[test]
fn a_key_is_long_and_never_shown() {
    for len in [0, 1, 31] {
        assert_eq!(TicketKey::new(&SECRET[..len]).unwrap_err(), TicketKeyError::Short { len });
    }
    assert_eq!(format!("{:?}", key()), "TicketKey(..)");
}
