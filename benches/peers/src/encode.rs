use std::hint::black_box;

use bytes::BytesMut;
use sse_core::{Event, EventId, EventName};

use crate::measure::best_of;

/// Nanoseconds for one event of a kind.
pub struct Encode {
    pub what: &'static str,
    pub reused: f64,
    pub frame: f64,
    pub memcpy: f64,
    pub sse_stream: f64,
}

pub fn measure(rounds: usize) -> Vec<Encode> {
    let text = "x".repeat(171);
    let lines = "one line of fifty-five bytes, of which a hundred follow\n".repeat(100);
    let id = EventId::from_static("00001234");
    let name = EventName::from_static("message_delta");
    vec![
        one("171 B of data", Event::data(&text), sse_stream::Sse::default().data(&text), rounds),
        one(
            "id, event and 64 B of data",
            Event::data(&text[..64]).with_id(id).with_name(name),
            sse_stream::Sse::default().id("00001234").event("message_delta").data(&text[..64]),
            rounds,
        ),
        one("100 lines", Event::data(&lines), sse_stream::Sse::default().data(&lines), rounds),
    ]
}

fn one(what: &'static str, event: Event, peer: sse_stream::Sse, rounds: usize) -> Encode {
    let bytes = event.encode();
    assert_eq!(peer.clone().encode().expect("it is valid").len(), bytes.len(), "{what}");
    let (mut reused, mut copied) = (BytesMut::new(), BytesMut::new());
    let times = 4_000_000 / (bytes.len() + 100);
    // Its encoder takes the event: the copies are made before.
    let mut peers: Vec<_> = Vec::new();
    let [reused, frame, memcpy] = best_of(
        rounds,
        [
            &mut || repeat(times, &mut reused, |buffer| event.encode_into(buffer)),
            &mut || (0..times).for_each(|_| drop(black_box(black_box(&event).encode()))),
            &mut || repeat(times, &mut copied, |buffer| buffer.extend_from_slice(&bytes)),
        ],
    );
    let mut sse_stream = std::time::Duration::MAX;
    for _ in 0..rounds {
        peers.extend(std::iter::repeat_n(&peer, times).cloned());
        let start = std::time::Instant::now();
        for peer in peers.drain(..) {
            drop(black_box(peer.encode()));
        }
        sse_stream = sse_stream.min(start.elapsed());
    }
    let each = |time: std::time::Duration| time.as_secs_f64() * 1e9 / times as f64;
    Encode {
        what,
        reused: each(reused),
        frame: each(frame),
        memcpy: each(memcpy),
        sse_stream: each(sse_stream),
    }
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
