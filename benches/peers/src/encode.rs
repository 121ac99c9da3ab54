use std::{
    hint::black_box,
    iter,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use sse_core::{
    Decoder, Event, Item,
    event::{EventId, EventName},
    wire::MessageEvent,
};
use sse_stream::Sse;

use crate::measure::{best_of, timed};

/// Nanoseconds for one event of a kind.
pub struct Encode {
    pub what: &'static str,
    pub reused: f64,
    pub frame: f64,
    pub memcpy: f64,
    pub sse_stream: f64,
}

/// Of the peers only sse-stream has an encoder, and that makes frames only.
pub fn measure(rounds: usize) -> Vec<Encode> {
    let text = "x".repeat(171);
    let lines = "one line of fifty-five bytes, of which a hundred follow\n".repeat(100);
    let id = EventId::from_static("00001234");
    let name = EventName::from_static("message_delta");
    vec![
        one("171 B of data", Event::data(&text), Sse::default().data(&text), rounds),
        one(
            "id, event and 64 B of data",
            Event::data(&text[..64]).with_id(id).with_name(name),
            Sse::default().id("00001234").event("message_delta").data(&text[..64]),
            rounds,
        ),
        one("100 lines", Event::data(&lines), Sse::default().data(&lines), rounds),
    ]
}

fn one(what: &'static str, event: Event, peer: Sse, rounds: usize) -> Encode {
    let bytes = event.encode();
    let frame = peer.clone().encode().expect("it is valid");
    assert_eq!((frame.len(), decoded(&frame)), (bytes.len(), decoded(&bytes)), "{what}");
    let (mut reused, mut copied) = (BytesMut::new(), BytesMut::new());
    let times = 4_000_000 / (bytes.len() + 100) / COPIES * COPIES;
    let best = best_of(
        rounds,
        [
            &mut || timed(|| repeat(times, &mut reused, |buffer| event.encode_into(buffer))),
            &mut || timed(|| (0..times).for_each(|_| drop(black_box(black_box(&event).encode())))),
            &mut || timed(|| repeat(times, &mut copied, |to| to.extend_from_slice(&bytes))),
            &mut || by_sse_stream(&peer, times),
        ],
    );
    assert!(reused.ends_with(&bytes) && reused == copied, "{what}");
    let [reused, frame, memcpy, sse_stream] =
        best.map(|time| time.as_secs_f64() * 1e9 / times as f64);
    Encode { what, reused, frame, memcpy, sse_stream }
}

fn decoded(mut frame: &[u8]) -> MessageEvent {
    match Decoder::new().decode(&mut frame) {
        Ok(Some(Item::Event(event))) => event.to_owned(),
        other => panic!("an event was encoded: {other:?}"),
    }
}

/// Its encoder takes the event: the copies are made before, and few, so that they stay in the cache.
fn by_sse_stream(event: &Sse, times: usize) -> Duration {
    let mut copies = Vec::with_capacity(COPIES);
    let mut time = Duration::ZERO;
    for _ in 0..times / COPIES {
        copies.extend(iter::repeat_n(event, COPIES).cloned());
        let start = Instant::now();
        for event in copies.drain(..) {
            drop(black_box(event.encode()));
        }
        time += start.elapsed();
    }
    time
}

/// Fills a buffer that stays in the cache, over and over.
fn repeat(times: usize, buffer: &mut BytesMut, mut write: impl FnMut(&mut BytesMut)) {
    for _ in 0..times {
        if buffer.len() > 32 << 10 {
            buffer.clear();
        }
        write(black_box(buffer));
    }
}

const COPIES: usize = 32;
