use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, ClientRequest, Disconnect, End, Failure},
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A client that waits for the head of its first answer.
pub(crate) fn connecting(config: ClientConfig) -> Client {
    connecting_with(request(), config)
}

pub(crate) fn connecting_with(request: ClientRequest, config: ClientConfig) -> Client {
    let mut client = Client::new(request, config);
    next_request(&mut client, epoch());
    client
}

/// A client with an open stream.
pub(crate) fn opened(config: ClientConfig) -> Client {
    let mut client = connecting(config);
    open(&mut client, epoch());
    client
}

pub(crate) fn open(client: &mut Client, now: Instant) {
    answer(client, StatusCode::OK, &event_stream(), now);
    assert_eq!(client.poll_output(now), ClientOutput::Open);
}

pub(crate) fn answer(client: &mut Client, status: StatusCode, headers: &HeaderMap, now: Instant) {
    client.handle_response(status, headers, date(), now);
}

/// The request that the client sends now.
pub(crate) fn next_request(client: &mut Client, now: Instant) -> ClientRequest {
    let ClientOutput::Connect { request, .. } = client.poll_output(now) else {
        panic!("it connects");
    };
    assert!(matches!(client.poll_output(now), ClientOutput::Receive { .. }));
    *request
}

/// Ends the stream in order and goes to the next connection.
pub(crate) fn reconnect(client: &mut Client, now: Instant) -> (ClientRequest, Instant) {
    client.handle_end(End::Clean, now);
    let now = now + wait(client, now);
    client.handle_timeout(now);
    (next_request(client, now), now)
}

/// How long the client says that it will wait, once everything before is delivered.
pub(crate) fn wait(client: &mut Client, now: Instant) -> Duration {
    interruption(client, now).0
}

/// How long the client will wait and why, once everything before is delivered.
pub(crate) fn interruption(client: &mut Client, now: Instant) -> (Duration, Disconnect) {
    loop {
        match client.poll_output(now) {
            ClientOutput::Reconnecting { after, because } => {
                assert_eq!(client.poll_output(now), ClientOutput::Wait { until: now + after });
                return (after, because);
            }
            ClientOutput::Event(_)
            | ClientOutput::Retry(_)
            | ClientOutput::LastEventId(_)
            | ClientOutput::Discarded(_) => (),
            other => panic!("{other:?}"),
        }
    }
}

/// Why the client has stopped.
pub(crate) fn stopped(client: &mut Client, now: Instant) -> Disconnect {
    match client.poll_output(now) {
        ClientOutput::Stop(because) => because,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn fail(client: &mut Client, now: Instant) {
    client.handle_failure(Failure::Unsent, now);
}

pub(crate) fn event(output: ClientOutput) -> String {
    match output {
        ClientOutput::Event(event) => event.data().to_owned(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn request() -> ClientRequest {
    ClientRequest::get("https://a.example/stream?q".parse().unwrap())
}

pub(crate) fn event_stream() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))])
}

pub(crate) fn cases(table: &str) -> Vec<Value> {
    let mut cases: Value = serde_json::from_str(include_str!("../data/http-cases.json")).unwrap();
    let cases = cases[table].take();
    let cases = cases.as_array().unwrap().clone();
    assert!(9 < cases.len(), "the table {table} is there");
    cases
}

/// One instant for a whole run, so that times can be compared exactly.
#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
pub(crate) fn epoch() -> Instant {
    static EPOCH: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    *EPOCH
}

/// Sun, 06 Nov 1994 08:49:37 GMT.
pub(crate) fn date() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}
