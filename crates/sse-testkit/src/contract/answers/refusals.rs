//! "A refusal can always be read: what remains of a request's body is read and thrown away (up to
//! 16 MiB or 5 s) before the connection is closed, so that no reset eats the answer."

use std::time::Duration;

use tokio::time::Instant;

use crate::{Setup, Target, chunk, chunked_head, contract::expect, post, post_head};

/// "A refusal can always be read": 404, on a client that writes 8 MiB before it reads.
pub async fn not_connected_is_read_after_8_mib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let request = post("/ping/42", &large());

    for _ in 0..TIMES {
        let refused = target.exchange(&request).await;
        expect::refusal(&refused, "404: Not Found", "Target is not connected");
    }
}

/// "A refusal can always be read": 404 for the action, on a client that writes 8 MiB before it
/// reads.
pub async fn unknown_action_is_read_after_8_mib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;
    let request = post("/pong/42", &large());

    for _ in 0..TIMES {
        let refused = target.exchange(&request).await;
        expect::refusal(&refused, "404: Not Found", "Unknown action requested");
    }
}

/// "A refusal can always be read": 413, on a client that writes 8 MiB before it reads, with a
/// length and without.
pub async fn too_large_is_read_after_8_mib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let mut chunked = chunked_head("/ping/42").into_bytes();
    large().chunks(60_000).for_each(|piece| chunked.extend(chunk(piece)));
    chunked.extend(chunk(b""));

    for request in [post("/ping/42", &large()), chunked] {
        for _ in 0..TIMES {
            let refused = target.exchange(&request).await;
            expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
        }
    }

    target.publish("ping", "42", "still here").await;
    listener.expect("event: ping\ndata: still here\n\n").await;
}

/// "A refusal can always be read": of every other kind.
pub async fn other_refusals_are_read_after_8_mib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;
    let len = large().len().to_string();
    let cases = [
        ("POST", "/ping/%zz", 400),
        ("PUT", "/ping/42", 405),
        ("GET", "/poll/42", 423),
        ("GET", "/other/42", 301),
        ("POST", "/", 405),
    ];

    for (method, path, status) in cases {
        let mut request = crate::head(method, path, &[("Content-Length", &len)]).into_bytes();
        request.extend(large());
        assert_eq!(target.exchange(request).await.status(), status, "{method} {path}");
    }
}

/// "What remains of a request's body is read and thrown away": while the client is still sending.
pub async fn a_refusal_comes_first_and_the_rest_is_still_taken(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::default()).await;
    let body = large();

    let mut connection = target.connect().await;
    connection.send(post_head("/ping/42", body.len())).await;
    let refused = connection.response().await;
    connection.send(&body).await;

    expect::refusal(&refused, "404: Not Found", "Target is not connected");
}

/// "What remains of a request's body is read and thrown away (up to 16 MiB [...])": no body is read
/// for ever.
pub async fn a_refused_body_is_not_read_for_ever(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let piece = chunk(&vec![b'a'; 1 << 20]);

    let mut connection = target.connect().await;
    connection.send(chunked_head("/ping/42")).await;
    let refused = connection.response().await;
    let mut taken = 0;
    while taken < 256 && connection.try_send(&piece).await.is_ok() {
        taken += 1;
    }

    expect::refusal(&refused, "404: Not Found", "Target is not connected");
    assert!((8..256).contains(&taken), "{taken} MiB were taken");
}

/// "(Up to [...] 5 s) before the connection is closed": no rest is waited for for ever.
pub async fn a_refused_body_is_not_waited_for_for_ever(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut connection = target.connect().await;
    connection.send(post_head("/ping/42", 1 << 20)).await;
    let refused = connection.response().await;
    let answered = Instant::now();
    connection.end().await;

    expect::refusal(&refused, "404: Not Found", "Target is not connected");
    assert!(answered.elapsed() < Duration::from_secs(20), "{:?}", answered.elapsed());
}

fn large() -> Vec<u8> {
    vec![b'a'; 8 << 20]
}

/// Whether a reset overtakes an answer is a matter of chance.
const TIMES: usize = 5;
