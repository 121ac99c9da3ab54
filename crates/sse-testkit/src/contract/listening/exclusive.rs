//! "Exclusive channels are the default: one listener a token."

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Setup, Target, contract::expect};

/// "One listener a token": the second is refused, the first goes on as if nothing had been.
pub async fn the_second_listener_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut first = target.listen("42").await;

    for round in 0..5 {
        let refused = target.get("/poll/42").await;
        expect::refusal(&refused, "423: Locked", "Target is already connected");
        target.publish("ping", "42", round.to_string()).await;
        first.expect(&format!("event: ping\ndata: {round}\n\n")).await;
    }
    first.expect_silence(Duration::from_millis(50)).await;
}

/// "One listener a token": other tokens are other channels.
pub async fn channels_do_not_mix(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut a = target.listen("a").await;
    let mut b = target.listen("b").await;

    target.publish("ping", "a", "1").await;
    target.publish("ping", "b", "2").await;
    target.publish("close", "a", "").await;
    target.publish("ping", "b", "3").await;

    a.expect("event: ping\ndata: 1\n\n").await;
    a.expect_end().await;
    b.expect("event: ping\ndata: 2\n\nevent: ping\ndata: 3\n\n").await;
}

/// "One listener a token": of many that come at once, exactly one.
pub async fn of_many_at_once_one_listens(start: impl AsyncFn(Setup) -> Target) {
    const AT_ONCE: usize = 20;
    let target = start(Setup::default()).await;

    for round in 0..10 {
        let token = format!("token-{round}");
        let mut asking = JoinSet::new();
        for _ in 0..AT_ONCE {
            let mut connection = target.connect().await;
            let request = target.listen_request(&token);
            asking.spawn(async move {
                connection.send(request).await;
                (connection.head().await.status, connection)
            });
        }
        let answers = asking.join_all().await;
        let statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 423).count(), AT_ONCE - 1);
    }
}

/// "After `close` the token is free before the POST is answered (orig. lost this race in 150 of 200
/// tries)."
pub async fn the_token_is_free_before_close_is_answered(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut publisher = target.connect().await;
    let mut listener = target.listen("42").await;

    for round in 0..200 {
        let connection = target.connect().await;
        publisher.send(crate::post("/close/42", b"")).await;
        assert_eq!(publisher.response().await.status(), 200, "round {round}");
        let next = target.listen_on(connection, "42").await;
        listener.expect_end().await;
        listener = next;
    }
}

/// "After `close` the token is free before the POST is answered": a POST that follows finds nobody.
pub async fn nobody_listens_once_close_is_answered(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut publisher = target.connect().await;

    for round in 0..100 {
        let _listener = target.listen("42").await;
        publisher.send(crate::post("/close/42", b"")).await;
        assert_eq!(publisher.response().await.status(), 200, "round {round}");
        publisher.send(crate::post("/ping/42", b"hi")).await;
        assert_eq!(publisher.response().await.status(), 404, "round {round}");
    }
}
