//! "Rapid publishing loses nothing: an accepted POST (200) is delivered, once and in order, to every
//! listener that is connected and keeps reading (orig. lost 9 of 10)."

use tokio::task::JoinSet;

use crate::{Connection, Listener, Setup, Target, post};

/// "Once and in order": 10,000 events over four connections, to one listener.
pub async fn ten_thousand_events_arrive_once_and_in_order(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let listener = target.listen("42").await;

    let publishing = publish_from_all(&target, "/ping/42", 2_500, 1).await;

    receive_from_all(listener, 2_500).await;
    publishing.join_all().await;
}

/// "Once and in order": the same with many requests in one write.
pub async fn pipelined_events_arrive_once_and_in_order(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let listener = target.listen("42").await;

    let publishing = publish_from_all(&target, "/ping/42", 2_500, 50).await;

    receive_from_all(listener, 2_500).await;
    publishing.join_all().await;
}

/// "To every listener that is connected and keeps reading": each of several on a shared channel.
pub async fn every_listener_receives_a_rush(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::string_with_ids() }).await;
    let mut receiving = JoinSet::new();
    for _ in 0..8 {
        receiving.spawn(receive_from_all(target.listen("42").await, 250));
    }

    publish_from_all(&target, "/ping/42", 250, 10).await.join_all().await;

    receiving.join_all().await;
}

/// "An accepted POST (200) is delivered": the last one before `close` too, however many there are.
pub async fn close_overtakes_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for _ in 0..5 {
        let mut listener = target.listen("42").await;
        let mut requests: Vec<_> =
            (0..500).map(|data| post("/ping/42", data.to_string().as_bytes())).collect();
        requests.push(post("/close/42", b""));
        let mut publisher = target.connect().await;
        publisher.send(requests.concat()).await;
        for data in 0..500 {
            listener.expect(&format!("event: ping\ndata: {data}\n\n")).await;
        }
        listener.expect_end().await;
    }
}

/// "Loses nothing": what is large arrives whole, at the pace at which it is read.
pub async fn large_events_arrive_whole(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let line = "x".repeat(1000);
    let body = [line.as_str()].repeat(900).join("\n");
    let data = format!("data: {line}\n").repeat(900);

    for _ in 0..8 {
        target.publish("ping", "42", &body).await;
    }

    for _ in 0..8 {
        listener.expect(&format!("event: ping\n{data}\n")).await;
    }
}

/// Publishes `events` numbered events from each of four connections, so many at a time.
async fn publish_from_all(
    target: &Target,
    path: &'static str,
    events: usize,
    at_a_time: usize,
) -> JoinSet<()> {
    let mut publishing = JoinSet::new();
    for publisher in 0..PUBLISHERS {
        let connection = target.connect().await;
        publishing.spawn(publish(connection, path, publisher, events, at_a_time));
    }
    publishing
}

async fn publish(
    mut connection: Connection,
    path: &str,
    publisher: usize,
    events: usize,
    at_a_time: usize,
) {
    for first in (0..events).step_by(at_a_time) {
        let batch = (first..first + at_a_time)
            .flat_map(|event| post(path, format!("{publisher} {event}").as_bytes()));
        connection.send(batch.collect::<Vec<_>>()).await;
        for _ in 0..at_a_time {
            assert_eq!(connection.response().await.status(), 200);
        }
    }
}

/// Sees that the ids count up, and that each publisher's events come in its order.
async fn receive_from_all(mut listener: Listener, events: usize) {
    let mut next = [0; PUBLISHERS];
    for id in 0..PUBLISHERS * events {
        let block = listener.block().await;
        let data = block.strip_prefix("event: ping\ndata: ");
        let data = data.and_then(|data| data.strip_suffix(&format!("\nid: {id}\n\n")));
        let numbers = data.and_then(|data| data.split_once(' '));
        let (publisher, event) = numbers.unwrap_or_else(|| panic!("event {id} is {block:?}"));
        let publisher: usize = publisher.parse().expect("a publisher is a number");
        assert_eq!(event, next[publisher].to_string(), "from {publisher}");
        next[publisher] += 1;
    }
    assert_eq!(next, [events; PUBLISHERS]);
}

const PUBLISHERS: usize = 4;
