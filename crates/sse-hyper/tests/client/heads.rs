//! Heads of answers, and what stands behind their bodies.

use std::fmt::Write;

use sse_hyper::{EventSource, Publisher, SendError};
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{all, builder, config, some};

const TOO_LONG: &str =
    "the head of the answer is longer than 256 KiB, or has more than 4096 fields";

/// Fields that are not too long, and how many of them are.
fn fields() -> Vec<String> {
    vec![
        many(150, 10),
        many(4_000, 10),
        many(150, 1_500),
        many(1, 250_000),
        "X-Folded: a\r\n b\r\n\tc\r\nX-Next: d\r\n".to_owned(),
        "X-Folded:\r\n  a\r\n".to_owned(),
        format!("X-Folded: a\r\n{}", " b\r\n".repeat(1_000)),
    ]
}

/// Those that are.
fn too_long() -> Vec<String> {
    vec![many(150, 2_000), many(1, 300_000), many(5_000, 2), many(1, 2_000_000)]
}

#[tokio::test(start_paused = true)]
async fn source_reads_heads_of_any_number_of_fields() {
    for fields in fields() {
        let server = MemoryServer::new([stream(&fields, "Content-Type: text/event-stream")]);
        let mut source = builder(&server).build().unwrap();

        assert_eq!(some(&mut source, 2).await, ["open", "a"], "{fields:.80}");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_that_are_folded_are_read_as_one_line() {
    let server = MemoryServer::new([stream("", "Content-Type:\r\n text/event-stream\r\n ; a=b")]);
    let mut source = builder(&server).build().unwrap();

    assert_eq!(some(&mut source, 2).await, ["open", "a"]);
}

#[tokio::test(start_paused = true)]
async fn source_is_told_of_a_head_that_is_too_long() {
    for fields in too_long() {
        let server = MemoryServer::new([stream(&fields, "Content-Type: text/event-stream")]);
        let mut source = builder(&server).build().unwrap();

        let seen = some(&mut source, 1).await;

        let words = format!("again: the connection failed: {TOO_LONG}");
        assert_eq!(seen, [words], "{fields:.80}");
    }
}

#[tokio::test]
async fn publisher_reads_the_same_heads_and_is_told_of_the_same() {
    for (fields, is_read) in fields()
        .into_iter()
        .map(|fields| (fields, true))
        .chain(too_long().into_iter().map(|fields| (fields, false)))
    {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
        let server = ScriptedServer::start([vec![Step::ExpectHead, Step::send(answer)]]).await;
        let publisher = Publisher::builder(server.url("").parse().unwrap()).build().unwrap();

        let sent = publisher.send_string("42", "ping", "").await;

        match sent {
            Ok(answer) => assert!(is_read && answer == "ok", "{fields:.80}: {answer:?}"),
            Err(error) => {
                assert!(!is_read, "{fields:.80}: {error}");
                assert!(matches!(error, SendError::Transport(_)), "{error:?}");
                assert_eq!(error.to_string(), TOO_LONG, "{fields:.80}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_of_a_stream_are_read_over() {
    for trailers in
        [many(200, 10), many(200, 1_000), many(4_000, 10), "X-A: a\r\n b\r\n".to_owned()]
    {
        let server = MemoryServer::new([chunked(&trailers), vec![]]);
        let source = builder(&server).with_config(config().with_max_retries(1)).build().unwrap();

        let seen = all(source).await;

        assert_eq!(seen[..3], ["open", "a", "again: the stream ended"], "{trailers:.80}");
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_that_are_too_long_are_told() {
    let words = "the trailers of the answer are longer than 256 KiB, or more than 4096";
    for trailers in [many(300, 1_000), many(5_000, 2), many(1, 2_000_000)] {
        let server = MemoryServer::new([chunked(&trailers), vec![]]);
        let source = builder(&server).with_config(config().with_max_retries(1)).build().unwrap();

        let seen = all(source).await;

        assert_eq!(seen[..2], ["open", "a"], "{trailers:.80}");
        assert!(seen[2].starts_with("again: the stream broke off: "), "{seen:?}");
        assert!(seen[2].ends_with(words), "{seen:?}");
    }
}

#[tokio::test]
async fn answer_to_a_publication_is_taken_whatever_trailers_it_has() {
    for trailers in [many(200, 10), many(200, 1_000), "X-A: a\r\n b\r\n".to_owned()] {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
        let answer = Step::send(format!("{head}{trailers}\r\n"));
        let server = ScriptedServer::start([vec![Step::ExpectHead, answer]]).await;
        let publisher = Publisher::builder(server.url("").parse().unwrap()).build().unwrap();

        let answer = publisher.send_string("42", "ping", "").await.unwrap();

        assert_eq!(answer, "ok", "{trailers:.80}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_that_is_no_chunk_is_no_trailer() {
    let script = vec![Step::ExpectHead, Step::chunked_head(), Step::send("zz\r\ndata: a\n\n\r\n")];
    let server = MemoryServer::new([script]);
    let mut source: EventSource = builder(&server).build().unwrap();

    let seen = some(&mut source, 2).await;

    assert!(seen[1].starts_with("again: the stream broke off: "), "{seen:?}");
}

/// `count` fields with values of `len` bytes.
fn many(count: usize, len: usize) -> String {
    (0..count).fold(String::new(), |mut fields, number| {
        write!(fields, "x{number:x}:{}\r\n", "v".repeat(len)).unwrap();
        fields
    })
}

fn stream(fields: &str, content_type: &str) -> Vec<Step> {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}{content_type}\r\n\r\n");
    vec![Step::ExpectHead, Step::send(format!("{head}data: a\n\n")), Step::Hold]
}

/// A stream with trailers.
fn chunked(trailers: &str) -> Vec<Step> {
    vec![
        Step::ExpectHead,
        Step::chunked_head(),
        Step::chunk("data: a\n\n"),
        Step::send(format!("0\r\n{trailers}\r\n")),
        Step::Hold,
    ]
}
