//! What the client's machine says of the connections that it gives up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Instant;

use http::{HeaderMap, StatusCode, header};
use sse_core::{Client, ClientConfig, ClientOutput};

#[test]
fn content_type_is_named_with_all_its_values() {
    for (values, reason) in [
        (&[][..], "the server sent no content type, not text/event-stream"),
        (&["text/html"], "the server sent \"text/html\", not text/event-stream"),
        (
            &["text/event-stream", "text/html"],
            "the server sent \"text/event-stream, text/html\", not text/event-stream",
        ),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_TYPE, value.parse().unwrap());
        }

        assert_eq!(reason_to_stop(StatusCode::OK, &headers), reason);
    }
}

fn reason_to_stop(status: StatusCode, headers: &HeaderMap) -> String {
    let (mut client, now) = (Client::new(ClientConfig::default()), epoch());
    let ClientOutput::Connect { .. } = client.poll_output(now) else {
        panic!("it begins with a connection");
    };
    client.handle_response(status, headers, now);
    match client.poll_output(now) {
        ClientOutput::Stop(because) => because.to_string(),
        output => panic!("{output:?}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
