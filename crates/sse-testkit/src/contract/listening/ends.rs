//! "When a connection ends, the token is free as soon as the server's loop has seen the end; a GET
//! that finds the token taken first has the holder looked at again (for at most 50 ms) before it
//! answers 423, so that an end that has already arrived always counts. A half-closed listener is
//! gone."

use crate::{Connection, Listener, Setup, Target, contract::expect, head, patience};

/// "When a connection ends, the token is free": closed.
pub async fn a_closed_listener_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let listener = target.listen("42").await;

    drop(listener);

    target.until_left("42").await;
}

/// "A half-closed listener is gone", and its connection is closed.
pub async fn a_half_closed_listener_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    listener.connection().half_close().await;

    target.until_left("42").await;
    let _either_is_an_end = listener.next_block().await.expect_err("nothing was published");
}

/// "When a connection ends, the token is free": reset.
pub async fn a_reset_listener_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    target.listen("42").await.reset();

    target.until_left("42").await;
}

/// "When a connection ends, the token is free": also with an HTTP/1.0 listener, and with one that
/// was sent something.
pub async fn a_listener_in_the_middle_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut old = target.connect().await;
    old.send("GET /poll/old HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.head().await.status, 200);
    let busy = target.listen("busy").await;
    for _ in 0..100 {
        target.publish("ping", "busy", "unread").await;
    }

    drop((old, busy));

    target.until_left("old").await;
    target.until_left("busy").await;
}

/// "When a connection ends, the token is free": also behind bytes that nobody asked for.
pub async fn a_listener_that_talks_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut closed = target.listen("closed").await;
    let mut half_closed = target.listen("half-closed").await;

    for listener in [&mut closed, &mut half_closed] {
        listener.connection().send(head("GET", "/other/42", &[])).await;
        listener.connection().send("noise").await;
    }
    drop(closed);
    half_closed.connection().half_close().await;

    target.until_left("closed").await;
    target.until_left("half-closed").await;
}

/// "When a connection ends, the token is free": also when the request's body never came.
pub async fn a_listener_that_owes_a_body_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut connection = target.connect().await;
    connection.send(head("GET", "/poll/42", &[("Content-Length", "10")])).await;
    assert_eq!(connection.head().await.status, 200);

    drop(connection);

    target.until_left("42").await;
}

/// "When a connection ends, the token is free": one that waits for the token and leaves takes
/// nothing.
pub async fn who_leaves_while_the_token_is_taken_takes_nothing(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::default()).await;

    for _ in 0..50 {
        let listener = target.listen("42").await;
        let mut waiting = target.connect().await;
        waiting.send(target.listen_request("42")).await;
        drop((waiting, listener));
        target.until_left("42").await;
    }
}

/// "An end that has already arrived always counts": closed.
pub async fn a_get_right_after_a_close_is_never_423(start: impl AsyncFn(Setup) -> Target) {
    taken_over(start, async |listener| drop(listener)).await;
}

/// "An end that has already arrived always counts": half-closed.
pub async fn a_get_right_after_a_half_close_is_never_423(start: impl AsyncFn(Setup) -> Target) {
    let half_closed = std::cell::RefCell::new(Vec::new());
    taken_over(start, async |mut listener: Listener| {
        listener.connection().half_close().await;
        half_closed.borrow_mut().push(listener);
    })
    .await;
}

/// "An end that has already arrived always counts": reset.
pub async fn a_get_right_after_a_reset_is_never_423(start: impl AsyncFn(Setup) -> Target) {
    taken_over(start, async |listener: Listener| listener.reset()).await;
}

/// "An end that has already arrived always counts": the one that took over is the one that is served.
pub async fn who_took_over_is_served(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    for round in 0..50 {
        drop(listener);
        listener = target.listen("42").await;
        target.publish("ping", "42", round.to_string()).await;
        listener.expect(&format!("event: ping\ndata: {round}\n\n")).await;
    }
}

/// "Before it answers 423": the wait is no wait for the next listener to give up.
pub async fn a_taken_token_is_refused_soon(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;

    let mut soonest = std::time::Duration::MAX;
    for _ in 0..10 {
        let asked = tokio::time::Instant::now();
        let refused = target.get("/poll/42").await;
        soonest = soonest.min(asked.elapsed());
        expect::refusal(&refused, "423: Locked", "Target is already connected");
    }
    assert!(soonest.as_millis() < 500, "{soonest:?}");
}

/// "A peer that vanished without a word is found by TCP (keepalive and user timeout, on by default,
/// 30 s each)": the system says that the timer of the keepalive runs.
pub async fn tcp_watches_a_silent_listener(start: impl AsyncFn(Setup) -> Target) {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let local = listener.connection().local_addr().port();
    let server = target.addr().port();

    patience::until("TCP keepalive of 30 s at most", async || {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux has a table of sockets");
        table.lines().any(|row| is_watched(row, server, local))
    })
    .await;
}

/// Whether `row` is that of the socket with these ports, waiting for its keepalive: the columns are
/// number, local address, remote address, state, queues, `timer:when`, ...
fn is_watched(row: &str, local: u16, remote: u16) -> bool {
    let columns: Vec<_> = row.split_whitespace().collect();
    let has_port = |column: usize, port: u16| {
        columns.get(column).is_some_and(|address| address.ends_with(&format!(":{port:04X}")))
    };
    let timer = columns.get(5).and_then(|timer| timer.split_once(':'));
    let when = timer.filter(|(kind, _)| *kind == KEEPALIVE_TIMER);
    let ticks = when.and_then(|(_, ticks)| u64::from_str_radix(ticks, 16).ok());
    has_port(1, local) && has_port(2, remote) && ticks.is_some_and(|ticks| ticks <= 30 * TICKS)
}

/// Ends a listener in the given way and listens at once, on a connection that stands already.
async fn taken_over(start: impl AsyncFn(Setup) -> Target, end: impl AsyncFn(Listener)) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    for round in 0..200 {
        let mut connection: Connection = target.connect().await;
        end(listener).await;
        connection.send(target.listen_request("42")).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200, "round {round}");
        listener = Listener::new(connection, head);
    }
}

const KEEPALIVE_TIMER: &str = "02";
/// A second in the table: `USER_HZ` is 100 on every architecture.
const TICKS: u64 = 100;
