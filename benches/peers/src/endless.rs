use std::{iter, time::Duration};

use sse_core::Decoder;

use crate::{
    measure::{best_of, timed},
    memory,
};

/// What no event comes of: the time for 8 and 16 MiB, and the most memory in use.
pub struct Endless {
    pub what: &'static str,
    pub half: Duration,
    pub whole: Duration,
    /// Less than all of it, if a limit was passed.
    pub taken: usize,
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
            let mut taken = 0;
            let [half, whole] = best_of(
                rounds,
                [
                    &mut || timed(|| assert_eq!(decode(head, &chunk, HALF), all(&chunk, HALF))),
                    &mut || timed(|| taken = decode(head, &chunk, WHOLE)),
                ],
            );
            let (_, peak) = memory::of(memory, || {
                decode(head, &chunk, WHOLE);
            });
            Endless { what, half, whole, taken, peak }
        })
        .into()
}

/// How many bytes it took before a limit was passed, with the default limits.
fn decode(head: &str, chunk: &[u8], len: usize) -> usize {
    let mut decoder = Decoder::new();
    let mut head = head.as_bytes();
    assert_eq!(decoder.decode(&mut head), Ok(None));
    let mut taken = 0;
    for mut rest in iter::repeat_n(chunk, len / chunk.len()) {
        match decoder.decode(&mut rest) {
            Ok(None) => taken += chunk.len() - rest.len(),
            Ok(Some(item)) => panic!("it has no end: {item:?}"),
            Err(_) => break,
        }
    }
    taken
}

fn all(chunk: &[u8], len: usize) -> usize {
    len / chunk.len() * chunk.len()
}

impl Endless {
    pub fn growth(&self) -> f64 {
        self.whole.as_secs_f64() / self.half.as_secs_f64()
    }

    /// How many times the default limit of an event.
    pub fn memory(&self) -> f64 {
        self.peak as f64 / LIMIT as f64
    }
}

const HALF: usize = 8 << 20;
const WHOLE: usize = 16 << 20;
const LIMIT: usize = 16 << 20;
