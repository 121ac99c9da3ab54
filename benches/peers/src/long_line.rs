use std::{hint::black_box, time::Duration};

use sse_core::{Decoder, Item, Limits};

use crate::measure::best_of;

/// One line of data of so many MiB in packets, beside the search for its end; neither is in a cache.
pub struct LongLine {
    pub mebibytes: usize,
    pub ours: Duration,
    pub memchr: Duration,
}

pub fn measure(rounds: usize) -> Vec<LongLine> {
    [1, 2, 4, 8, 16, 32, 64].map(|mebibytes| one(mebibytes, rounds)).into()
}

fn one(mebibytes: usize, rounds: usize) -> LongLine {
    let data = "x".repeat(mebibytes << 20);
    let stream = format!("data: {data}\n\n").into_bytes();
    let limits = Limits::default().with_line(usize::MAX).with_event(usize::MAX);
    let mut decoder = Decoder::with_limits(limits);
    let mut decode = || {
        let mut events = 0;
        for mut packet in stream.chunks(PACKET) {
            while let Some(item) = decoder.decode(&mut packet).expect("there are no limits") {
                if let Item::Event(event) = item {
                    assert_eq!(black_box(event.data()).len(), data.len());
                    events += 1;
                }
            }
        }
        assert_eq!(events, 1);
    };
    let mut search = || {
        for packet in stream.chunks(PACKET) {
            for at in memchr::memchr_iter(b'\n', packet) {
                black_box(at);
            }
        }
    };
    // Short lines would find the caches as their last run left them, and long ones would not.
    let mut caches = vec![0_u8; CACHES];
    let mut cold = |action: &mut dyn FnMut()| {
        caches.fill(1);
        black_box(&mut caches);
        best_of(1, [action])[0]
    };
    let (mut ours, mut memchr) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        ours = cold(&mut decode).min(ours);
        memchr = cold(&mut search).min(memchr);
    }
    LongLine { mebibytes, ours, memchr }
}

impl LongLine {
    pub fn nanoseconds_per_byte(&self) -> f64 {
        self.ours.as_secs_f64() * 1e9 / (self.mebibytes << 20) as f64
    }
}

const PACKET: usize = 1460;

/// More than the caches of today's machines hold.
const CACHES: usize = 128 << 20;
