//! Every type in what a source tells can be named by this crate.

use sse_reqwest::{
    CertificateProblem, DecodeError, Discarded, Disconnect, EventRef, Interrupted, Limits,
    MessageEvent, Notice, ReadyState, RedirectError, RetryAfter, RetryLimit, SystemEvent,
    TlsMismatch,
};

/// A program that keeps what it is told has to name it.
#[expect(dead_code, reason = "that it compiles is the test")]
struct Kept<'a> {
    told: (Notice, MessageEvent, EventRef<'a>, SystemEvent),
    ends: (Interrupted, Disconnect, RetryLimit, RetryAfter, RedirectError, DecodeError),
    reasons: (TlsMismatch, CertificateProblem),
    rest: (ReadyState, Limits),
}

#[test]
fn what_a_stream_lost_can_be_kept() {
    let notice = Notice::Discarded(Discarded::Unfinished { text: "data: 1".to_owned() });

    let lost: Option<Discarded> = match notice {
        Notice::Discarded(discarded) => Some(discarded),
        _ => None,
    };

    assert_eq!(lost.as_ref().map(Discarded::text), Some("data: 1"));
}
