//! No text is a ticket but what was issued, what was issued opens as what it was, and nothing that is signed with
//! the key by mistake does harm.

#![no_main]

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use ring::hmac;
use sse_access::{TicketError, TicketKey};
use sse_core::{
    Token,
    access::{Grant, Permissions},
};

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::now();
    let key = TicketKey::new(SECRET).unwrap();
    if let Ok(text) = str::from_utf8(bytes) {
        let error = key.open(text, now).unwrap_err();
        assert!(!error.is_genuine(), "{error}");
        check_issued(&key, text, now);
    }
    check_signed(&key, bytes, now);
});

fn check_issued(key: &TicketKey, text: &str, now: Instant) {
    let mut parts = text.splitn(3, '\n');
    let Some(Ok(token)) = parts.next().map(Token::new) else {
        return;
    };
    let (subject, id) = (parts.next(), parts.next());
    let mut grant = Grant::new(Permissions::all());
    if let Some(subject) = subject {
        grant = grant.with_subject(subject);
    }
    if let Some(id) = id {
        grant = grant.with_id(id);
    }
    let Some(ticket) = key.issue(&grant, &token, Duration::from_secs(3600), now) else {
        assert!(8000 < text.len(), "a short ticket is issued");
        return;
    };
    let opened = key.open(ticket.as_str(), now).unwrap();
    assert_eq!((opened.subject(), opened.id()), (subject, id));
    assert!(opened.permissions().may_listen(&token));
    assert!(
        !opened.permissions().may_listen(&Token::new("another").unwrap())
            || token.as_str() == "another"
    );
    let other = TicketKey::new(&[7; 32]).unwrap();
    assert_eq!(other.open(ticket.as_str(), now), Err(TicketError::Forged));
}

/// Gets behind the MAC, where only what the key has signed comes.
fn check_signed(key: &TicketKey, contents: &[u8], now: Instant) {
    let message = [b"sse ticket\0", contents].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), &message);
    let ticket = BASE64_URL_SAFE_NO_PAD.encode([contents, tag.as_ref()].concat());
    match key.open(&ticket, now) {
        Ok(grant) => assert!(!grant.has_ended(now)),
        Err(error) => assert_ne!(error, TicketError::Forged),
    }
}

const SECRET: &[u8] = b"a secret of thirty-two bytes, as";
