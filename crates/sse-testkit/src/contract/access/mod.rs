//! Who may listen and publish, until when, and how much: what is said to whom, and that nothing of a channel
//! is told to somebody it is not for.

mod answer;
mod limiter;
mod people;

pub mod ends;
pub mod extensions;
pub mod limits;
pub mod order;
pub mod origins;
pub mod permissions;
pub mod presenting;
pub mod secrecy;
pub mod tickets;

pub(crate) use limiter::ScriptedLimiter;
pub(crate) use people::{People, grant};

use std::time::Instant;

use sse_core::{HubConfig, access::Revocation, history::History};

use crate::{Connection, Listener, Setup, Target, head};

/// Only [`People`] may do something.
pub(crate) fn guarded() -> Setup {
    Setup { access: Some(People::access()), ..Setup::default() }
}

/// The same, where channels remember, so that a POST needs no listener.
fn remembering() -> Setup {
    let remember = |config: HubConfig| config.with_history(History::new(42));
    Setup {
        hub: remember,
        retry: true,
        shared: true,
        access: Some(People::access()),
        ..Setup::json()
    }
}

/// Listens on `token` as `who`, and reads the block that opens the stream.
pub(crate) async fn listen_as(target: &Target, who: &str, token: &str) -> Listener {
    listen_over(target.connect().await, who, token).await
}

async fn listen_over(mut connection: Connection, who: &str, token: &str) -> Listener {
    let by = answer::bearer(who);
    connection.send(head("GET", &format!("/poll/{token}"), &[("Authorization", &by)])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{who} listens on {token}: {head:?}");
    Listener::new(connection, head).opened().await
}

/// The status of what `chief` is answered who publishes `body` to `token`.
pub(crate) async fn publish(target: &Target, token: &str, body: &str) -> u16 {
    let fields = [("Authorization", "Bearer chief"), ("Content-Length", &*body.len().to_string())];
    target.exchange(head("POST", &format!("/ping/{token}"), &fields) + body).await.status()
}

pub(crate) fn revoke_subject(target: &Target, subject: &str) {
    revoke(target, &Revocation::subject(subject));
}

fn revoke(target: &Target, revocation: &Revocation) {
    target.gateway().revoke(revocation, Instant::now()).expect("there is room for one").wake();
}

/// What a stream is told whose grant ends.
pub(crate) const EXPIRED: &str = "event: sse.expired\ndata: {}\n\n";
