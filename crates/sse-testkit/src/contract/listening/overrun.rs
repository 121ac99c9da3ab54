//! "A listener that stops reading falls behind in the channel's log, which is bounded by bytes
//! (16 MiB a channel, 256 MiB in all, by default); when it falls out it is cut, its token is free, a
//! POST no longer counts it."

use crate::{Connection, Listener, Setup, StreamEnd, Target, contract::expect};

/// "When it falls out it is cut, its token is free, a POST no longer counts it."
pub async fn who_stops_reading_is_cut(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_channel_bytes: 256 << 10, ..Setup::default() }).await;
    let _stalled = stall(&target, "42").await;

    publish_until_404(&target, "42").await;

    let mut next = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    next.expect("event: ping\ndata: hi\n\n").await;
}

/// "When it falls out it is cut": what it still reads are whole events in order, and then an end
/// that is not a clean one.
pub async fn who_was_cut_sees_a_broken_stream(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_channel_bytes: 256 << 10, ..Setup::string_with_ids() }).await;
    let mut stalled = stall(&target, "42").await;

    publish_until_404(&target, "42").await;

    let data = body();
    let mut id = 0;
    let end = loop {
        match stalled.next_block().await {
            Ok(block) => assert!(
                block == format!("event: ping\ndata: {data}\nid: {id}\n\n"),
                "event {id} of {} bytes",
                block.len(),
            ),
            Err(end) => break end,
        }
        id += 1;
    };
    assert_eq!(end, StreamEnd::Cut, "after {id} events");
}

/// "A listener that stops reading falls behind in the channel's log, [...] 16 MiB a channel [...] by
/// default": until then it has lost nothing.
pub async fn who_reads_on_in_time_has_lost_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut stalled = stall(&target, "42").await;
    let data = "x".repeat(1 << 20);

    for _ in 0..15 {
        target.publish("ping", "42", &data).await;
    }

    for _ in 0..15 {
        stalled.expect(&format!("event: ping\ndata: {data}\n\n")).await;
    }
    target.publish("ping", "42", "hi").await;
    stalled.expect("event: ping\ndata: hi\n\n").await;
}

/// "A listener that stops reading" harms nobody else on its channel.
pub async fn who_keeps_reading_is_not_cut(start: impl AsyncFn(Setup) -> Target) {
    let setup = Setup { shared: true, max_channel_bytes: 256 << 10, ..Setup::string_with_ids() };
    let target = start(setup).await;
    let stalled = stall(&target, "42").await;
    let mut reading = target.listen("42").await;
    let data = body();

    for id in 0..1_000 {
        target.publish("ping", "42", &data).await;
        reading.expect(&format!("event: ping\ndata: {data}\nid: {id}\n\n")).await;
    }

    drop(stalled);
    target.publish("close", "42", "").await;
    reading.expect_end().await;
}

/// "256 MiB in all, by default": many channels, each far from its own bound, are cut too, and a
/// listener that reads is not.
pub async fn all_channels_together_are_bounded(start: impl AsyncFn(Setup) -> Target) {
    let (max_channel_bytes, max_total_bytes) = (1 << 30, 2 << 20);
    let target = start(Setup { max_channel_bytes, max_total_bytes, ..Setup::default() }).await;
    let tokens: Vec<_> = (0..8).map(|number| format!("stalled-{number}")).collect();
    let mut stalled = Vec::new();
    for token in &tokens {
        stalled.push(stall(&target, token).await);
    }
    let mut reading = target.listen("reading").await;
    let (data, mut cut) = (body(), 0);

    for _ in 0..MOST_EVENTS {
        cut = 0;
        for token in &tokens {
            cut += usize::from(target.post("ping", token, &data).await.status() == 404);
        }
        target.publish("ping", "reading", "hi").await;
        reading.expect("event: ping\ndata: hi\n\n").await;
        if tokens.len() <= cut {
            break;
        }
    }

    assert_eq!(cut, tokens.len(), "of so many channels without a reader");
}

/// "413, [...] more than the channel's log can hold": who had read everything goes on listening.
pub async fn what_the_log_cannot_hold_is_refused(start: impl AsyncFn(Setup) -> Target) {
    for (max_channel_bytes, max_total_bytes) in [(4 << 10, 256 << 20), (16 << 20, 4 << 10)] {
        let setup = Setup { max_channel_bytes, max_total_bytes, ..Setup::string_with_ids() };
        let target = start(setup).await;
        let mut listener = target.listen("42").await;
        // Each line gets a field name, and the event what the hub keeps of it.
        let fits = "x".repeat(3_800);

        for id in 0..3 {
            for body in ["x".repeat(4 << 10), "x".repeat(100 << 10), "\n".repeat(1_000)] {
                let refused = target.post("ping", "42", &body).await;
                expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
            }
            target.publish("ping", "42", &fits).await;
            listener.expect(&format!("event: ping\ndata: {fits}\nid: {id}\n\n")).await;
        }
    }
}

/// "A long event stays in the one log": who reads it slowly has it whole, and so has the next.
pub async fn a_long_event_arrives_whole_at_slow_listeners(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::string_with_ids() }).await;
    let mut listeners = Vec::new();
    for _ in 0..4 {
        listeners.push(stall(&target, "42").await);
    }
    let lines: Vec<_> = (0..1_024).map(|line| format!("{line:06}{}", "x".repeat(1_017))).collect();
    let body = lines.join("\n");
    let data = lines.iter().map(|line| format!("data: {line}\n")).collect::<String>();

    for _ in 0..3 {
        target.publish("ping", "42", &body).await;
        target.publish("ping", "42", "short").await;
    }

    // Each in its turn, while the others stand somewhere in the first one.
    for listener in &mut listeners {
        for id in [0, 2, 4] {
            listener.expect(&format!("event: ping\n{data}id: {id}\n\n")).await;
            let short = format!("event: ping\ndata: short\nid: {}\n\n", id + 1);
            listener.expect(&short).await;
        }
    }
}

/// A listener that reads its head and then nothing.
async fn stall(target: &Target, token: &str) -> Listener {
    target.listen_on(Connection::open_narrow(target.addr()).await, token).await
}

/// Publishes until the server no longer counts a listener.
async fn publish_until_404(target: &Target, token: &str) {
    let data = body();
    for _ in 0..MOST_EVENTS {
        let response = target.post("ping", token, &data).await;
        if response.status() == 404 {
            expect::refusal(&response, "404: Not Found", "Target is not connected");
            return;
        }
    }
    panic!("{MOST_EVENTS} events of {} bytes were taken for one that does not read", data.len());
}

fn body() -> String {
    "x".repeat(32 << 10)
}

/// Far more than the system and the HTTP server keep for a connection before they wait.
const MOST_EVENTS: usize = 2_000;
