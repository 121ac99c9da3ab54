use std::{hint::black_box, iter, time::Duration};

use sse_core::Decoder;

use crate::{measure::best_of, memory};

/// What no event comes of: the time for 8 and 16 MiB, and the most memory in use.
pub struct Endless {
    pub what: &'static str,
    pub half: Duration,
    pub whole: Duration,
    pub peak: usize,
}

pub fn measure(rounds: usize, memory: &memory::Counting) -> Vec<Endless> {
    let streams: [(&str, &str, &str); 5] = [
        ("comment", ":", "x"),
        ("unknown field", "unknown:", "x"),
        ("`data:` lines", "", "data: 0123456789abcdef0123456789\n"),
        ("empty `data` lines", "", "data\n"),
        ("one `data:` line", "data:", "x"),
    ];
    streams
        .map(|(what, head, repeated)| {
            let chunk = repeated.repeat((16 << 10) / repeated.len()).into_bytes();
            let [half, whole] = best_of(
                rounds,
                [&mut || decode(head, &chunk, 8 << 20), &mut || decode(head, &chunk, 16 << 20)],
            );
            let (_, peak) = memory::of(memory, || decode(head, &chunk, 16 << 20));
            Endless { what, half, whole, peak }
        })
        .into()
}

/// With the default limits; passing one of them ends it.
fn decode(head: &str, chunk: &[u8], len: usize) {
    let mut decoder = Decoder::new();
    let chunks = iter::repeat_n(chunk, len / chunk.len());
    for mut chunk in iter::once(head.as_bytes()).chain(chunks) {
        if black_box(decoder.decode(&mut chunk)).is_err() {
            return;
        }
    }
}

impl Endless {
    pub fn growth(&self) -> f64 {
        self.whole.as_secs_f64() / self.half.as_secs_f64()
    }
}
