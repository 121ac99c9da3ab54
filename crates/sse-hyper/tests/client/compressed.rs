//! Streams that come compressed.

use std::{future::poll_fn, io::Write, task::Poll};

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use futures_util::StreamExt;
use sse_core::wire::Limits;
use sse_hyper::Notice;
use sse_testkit::{MemoryServer, Step};

use crate::support::{all, builder, config, no_content, some, source, stream};

const EVENTS: [&str; 3] = ["data: one\n\n", "data: two\n\n", "id: 3\ndata: three\n\n"];

#[tokio::test(start_paused = true)]
async fn events_are_delivered_when_they_are_flushed_not_when_the_stream_ends() {
    for (coding, pieces) in [
        ("gzip", gzip()),
        ("x-gzip", gzip()),
        ("GZIP", gzip()),
        ("deflate", zlib()),
        ("deflate", raw_deflate()),
        ("br", brotli()),
        ("zstd", zstd()),
        ("identity", EVENTS.map(|event| event.as_bytes().to_vec()).to_vec()),
    ] {
        let mut script = vec![Step::ExpectHead, Step::send(head(coding))];
        for piece in &pieces[..EVENTS.len()] {
            script.push(Step::send(&piece[..]));
            script.push(Step::Sleep(std::time::Duration::from_secs(1)));
        }
        script.push(Step::Hold);
        let server = MemoryServer::new([script]);
        let mut source = source(&server, config());
        let start = tokio::time::Instant::now();

        let seen = some(&mut source, 3).await;

        assert_eq!(seen, ["open", "one", "two"], "{coding}");
        assert_eq!(start.elapsed().as_secs(), 1, "{coding}");
        assert_eq!(some(&mut source, 1).await, ["three"], "{coding}");
    }
}

#[tokio::test(start_paused = true)]
async fn stream_that_ends_is_told_from_one_that_breaks_at_every_cut() {
    for (coding, pieces) in
        [("gzip", gzip()), ("deflate", zlib()), ("br", brotli()), ("zstd", zstd())]
    {
        let whole = pieces.concat();
        for singly in [false, true] {
            let body = match singly {
                true => Step::SendSingly(whole.clone()),
                false => Step::send(&whole[..]),
            };
            let script = vec![Step::ExpectHead, Step::send(head(coding)), body];
            let server = MemoryServer::new([script, no_content()]);

            let seen = all(source(&server, config())).await;

            let expected = ["open", "one", "two", "three", "again: the stream ended"];
            assert_eq!(seen, expected, "{coding}");
        }
        for cut in 1..whole.len() {
            let script =
                vec![Step::ExpectHead, Step::send(head(coding)), Step::send(&whole[..cut])];
            let server = MemoryServer::new([script, no_content()]);

            let seen = all(source(&server, config())).await;

            let last = seen.last().unwrap();
            assert!(
                last.starts_with("again: the stream broke off: the body ends"),
                "{coding} {last}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_coding_is_an_error() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let body = Step::send(&b"\xffdata: one\n\ndata: two\n\n"[..]);
        let script = vec![Step::ExpectHead, Step::send(head(coding)), body];
        let server = MemoryServer::new([script, no_content()]);

        let seen = all(source(&server, config())).await;

        let last = seen.last().unwrap();
        assert!(
            last.starts_with("again: the stream broke off: the body is not"),
            "{coding}: {last}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn limits_count_what_comes_out_of_the_coding() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"data: ").unwrap();
    encoder.write_all(&vec![b'x'; 8 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 256 << 10);
    let script = vec![Step::ExpectHead, Step::send(head("gzip")), Step::send(bomb), Step::Hold];
    let server = MemoryServer::new([script]);
    let limits = Limits::default().with_line(64 << 10).with_event(64 << 10);

    let seen = all(source(&server, config().with_limits(limits))).await;

    assert_eq!(seen.len(), 2);
    assert!(seen[1].starts_with("gave up: "), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn codings_of_codings_are_undone() {
    let gzipped = gzip().concat();
    let twice = brotli_of(&[&gzipped]).concat();
    let script = vec![Step::ExpectHead, Step::send(head("gzip, br")), Step::send(twice)];
    let server = MemoryServer::new([script, no_content()]);
    assert_eq!(all(source(&server, config())).await[..4], ["open", "one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_coding_leaves_the_bytes_as_they_are() {
    let gzipped = gzip().concat();
    for (coding, body, count) in [
        ("none", &b"data: one\n\n"[..], 1),
        ("UTF-8", b"data: one\n\n", 1),
        ("binary", b"data: one\n\n", 1),
        ("chunked, identity, ,none", b"data: one\n\n", 1),
        ("8bit\r\nContent-Encoding: rot13, \"\", identity", b"data: one\n\n", 1),
        ("none, gzip, utf-8", &gzipped, 3),
    ] {
        let script = vec![Step::ExpectHead, Step::send(head(coding)), Step::send(body)];
        let server = MemoryServer::new([script, no_content()]);

        let seen = all(source(&server, config())).await;

        assert_eq!(seen[..=count], ["open", "one", "two", "three"][..=count], "{coding}");
    }
}

#[tokio::test(start_paused = true)]
async fn coding_that_cannot_be_undone_is_final() {
    for coding in ["compress", "X-Compress", "gzip, dcb", "aes128gcm", "zstd, exi, none"] {
        let script = vec![Step::ExpectHead, Step::send(head(coding)), Step::send("data: 1\n\n")];
        let server = MemoryServer::new([stream("data: 1\n\n"), script.clone(), no_content()]);
        let persistent = MemoryServer::new([script, no_content()]);

        let seen = all(source(&server, config())).await;
        let again = all(source(&persistent, config().with_persistence(true))).await;

        let name =
            coding.split(", ").find(|name| !["gzip", "zstd", "none"].contains(name)).unwrap();
        let name = name.to_ascii_lowercase();
        let reason =
            format!("the answer cannot be read: its content coding {name} cannot be undone");
        let gave_up = format!("gave up: {reason}");
        assert_eq!(seen, ["open", "1", "again: the stream ended", &gave_up], "{coding}");
        assert_eq!(again, [format!("again: {reason}")], "{coding}");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_that_is_no_stream_is_refused_as_one_whatever_its_coding() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: rot13\r\n\r\n";
    let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head)]]);

    let seen = all(source(&server, config())).await;

    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].contains("text/html"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn others_have_their_turn_while_much_is_made_of_little() {
    const MIB: usize = 1 << 20;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b": ").unwrap();
    for _ in 0..32 {
        encoder.write_all(&vec![b'x'; MIB]).unwrap();
    }
    encoder.write_all(b"\n\ndata: a\n\n").unwrap();
    let body = Step::send(encoder.finish().unwrap());
    let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head("gzip")), body]]);
    let mut limited = source(&server, config().with_limits(Limits::default().with_line(64 * MIB)));
    assert_eq!(some(&mut limited, 1).await, ["open"]);

    let mut turns = 0;
    let event = loop {
        match poll_fn(|cx| Poll::Ready(limited.poll_next_unpin(cx))).await {
            Poll::Ready(event) => break event,
            Poll::Pending => turns += 1,
        }
        tokio::task::yield_now().await;
    };

    assert!(matches!(event, Some(Ok(Notice::Event(event))) if event.data() == "a"));
    assert!(32 <= turns, "{turns} turns while 32 MiB were decoded");
}

#[tokio::test(start_paused = true)]
async fn codings_are_asked_for_only_if_wanted() {
    for (wanted, sent) in [(false, None), (true, Some("gzip, deflate, br, zstd"))] {
        let server = MemoryServer::new([no_content()]);

        all(builder(&server).with_compression(wanted).build().unwrap()).await;

        assert_eq!(server.requests()[0].field("accept-encoding"), sent);
    }
}

fn head(coding: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: {coding}\r\n\r\n"
    )
}

/// The events as one piece each that is flushed, and the end.
fn pieces<W: Write>(
    events: &[&[u8]],
    mut encoder: W,
    written: impl Fn(&W) -> usize,
    finish: impl FnOnce(W) -> Vec<u8>,
) -> Vec<Vec<u8>> {
    let mut ends = vec![0];
    for event in events {
        encoder.write_all(event).unwrap();
        encoder.flush().unwrap();
        ends.push(written(&encoder));
    }
    let whole = finish(encoder);
    ends.push(whole.len());
    ends.windows(2).map(|ends| whole[ends[0]..ends[1]].to_vec()).collect()
}

fn events() -> [&'static [u8]; 3] {
    EVENTS.map(str::as_bytes)
}

fn gzip() -> Vec<Vec<u8>> {
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    pieces(
        &events(),
        encoder,
        |encoder| encoder.get_ref().len(),
        |encoder| encoder.finish().unwrap(),
    )
}

fn zlib() -> Vec<Vec<u8>> {
    let encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    pieces(
        &events(),
        encoder,
        |encoder| encoder.get_ref().len(),
        |encoder| encoder.finish().unwrap(),
    )
}

fn raw_deflate() -> Vec<Vec<u8>> {
    let encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    pieces(
        &events(),
        encoder,
        |encoder| encoder.get_ref().len(),
        |encoder| encoder.finish().unwrap(),
    )
}

fn brotli() -> Vec<Vec<u8>> {
    brotli_of(&events())
}

fn brotli_of(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
    pieces(events, encoder, |encoder| encoder.get_ref().len(), |encoder| encoder.into_inner())
}

fn zstd() -> Vec<Vec<u8>> {
    let encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    pieces(
        &events(),
        encoder,
        |encoder| encoder.get_ref().len(),
        |encoder| encoder.finish().unwrap(),
    )
}
