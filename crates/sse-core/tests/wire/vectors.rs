//! The vectors hold in browsers and in independent parsers: `data/vectors.json`.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use sse_core::Decoder;

use crate::outcome::{Outcome, Seen, cut, read};

#[test]
fn vectors_are_all_here() {
    let names: BTreeSet<String> = vectors().into_iter().map(|vector| vector.name).collect();

    assert_eq!(names.len(), 204);
}

#[test]
fn vectors_hold_as_given() {
    for vector in vectors() {
        let parts = vector.parts();

        vector.check(parts.iter().map(Vec::as_slice), "as given");
    }
}

#[test]
fn vectors_hold_in_one_piece() {
    for vector in vectors() {
        vector.check([&vector.stream()[..]], "in one piece");
    }
}

#[test]
fn vectors_hold_byte_by_byte() {
    for vector in vectors() {
        vector.check(vector.stream().chunks(1), "byte by byte");
    }
}

#[test]
fn short_vectors_hold_at_every_cut() {
    for vector in vectors() {
        let stream = vector.stream();
        if stream.len() > EVERY_CUT_BELOW {
            continue;
        }
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);
            vector.check([head, tail], &format!("cut at {at}"));
        }
    }
}

#[test]
fn very_short_vectors_hold_at_every_two_cuts() {
    for vector in vectors() {
        let stream = vector.stream();
        if stream.len() > EVERY_TWO_CUTS_BELOW {
            continue;
        }
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let parts = [&stream[..first], &stream[first..second], &stream[second..]];
                vector.check(parts, &format!("cut at {first} and {second}"));
            }
        }
    }
}

#[test]
fn long_vectors_hold_in_pieces_of_many_sizes_and_cut_near_both_ends() {
    for vector in vectors() {
        let stream = vector.stream();
        if stream.len() > EVERY_CUT_BELOW {
            for length in [3, 1460, 4096, 16_384, 65_537] {
                vector.check(cut(&stream, &[length]), &format!("pieces of {length}"));
            }
            for at in (0..=32).chain(stream.len() - 32..=stream.len()) {
                let (head, tail) = stream.split_at(at);
                vector.check([head, tail], &format!("cut at {at}"));
            }
        }
    }
}

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    #[serde(flatten)]
    input: Input,
    #[serde(default)]
    pub(crate) initial_last_event_id: String,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text {
        input: String,
    },
    Chunks {
        chunks_hex: Vec<String>,
    },
    Generated {
        #[serde(rename = "gen")]
        pieces: Vec<Piece>,
        gen_chunk_bytes: Option<usize>,
    },
}

#[derive(Deserialize)]
struct Piece {
    hex: String,
    times: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    events: Vec<ExpectEvent>,
    retry: Vec<Text>,
    comments: Vec<Text>,
    last_event_id: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectEvent {
    #[serde(rename = "type")]
    name: Text,
    data: Text,
    id: Text,
    #[serde(default = "once")]
    times: usize,
}

/// A text, or the hash of a long one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Hashed { sha256: String, utf8_len: usize },
}

impl Vector {
    pub(crate) fn stream(&self) -> Vec<u8> {
        self.parts().concat()
    }

    fn parts(&self) -> Vec<Vec<u8>> {
        match &self.input {
            Input::Text { input } => vec![input.clone().into_bytes()],
            Input::Chunks { chunks_hex } => chunks_hex.iter().map(|hex| bytes(hex)).collect(),
            Input::Generated { pieces, gen_chunk_bytes } => {
                let pieces = pieces.iter().map(|piece| bytes(&piece.hex).repeat(piece.times));
                let stream = pieces.collect::<Vec<_>>().concat();
                let length = gen_chunk_bytes.unwrap_or(stream.len());
                stream.chunks(length).map(<[u8]>::to_vec).collect()
            }
        }
    }

    fn check<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>, how: &str) {
        let id = &self.initial_last_event_id;
        let mut decoder = Decoder::new().with_comments(true).with_last_event_id(id);

        let outcome = read(&mut decoder, parts);

        assert!(self.expect.is_met_by(&outcome), "{} {how}: {outcome:?}", self.name);
    }

    /// Checks an outcome that holds events alone.
    pub(crate) fn check_events(&self, outcome: &Outcome, how: &str) {
        let are_met = self.expect.events_are_met_by(outcome);

        assert!(are_met, "{} {how}: {outcome:?}", self.name);
    }
}

impl Expect {
    fn is_met_by(&self, outcome: &Outcome) -> bool {
        let mut retries = self.retry.iter();
        let mut comments = self.comments.iter();
        let all_met = outcome.seen.iter().all(|seen| match seen {
            Seen::Event { .. } => true,
            Seen::Retry(time) => retries.next().is_some_and(|digits| digits.is_time(*time)),
            Seen::Dropped(_) => false,
            Seen::Comment(text) => comments.next().is_some_and(|expected| expected.is(text)),
        });
        let none_missing = retries.next().is_none() && comments.next().is_none();
        all_met && none_missing && self.events_are_met_by(outcome)
    }

    fn events_are_met_by(&self, outcome: &Outcome) -> bool {
        let mut events = self.events.iter().flat_map(|event| vec![event; event.times]);
        let all_met = outcome.seen.iter().all(|seen| match seen {
            Seen::Event { name, data, id } => events.next().is_some_and(|expected| {
                expected.name.is(name) && expected.data.is(data) && expected.id.is(id)
            }),
            _ => true,
        });
        all_met
            && events.next().is_none()
            && outcome.error.is_none()
            && self.last_event_id.is(&outcome.last_event_id)
    }
}

impl Text {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Plain(expected) => expected == text,
            Self::Hashed { sha256, utf8_len } => {
                *utf8_len == text.len() && *sha256 == format!("{:x}", Sha256::digest(text))
            }
        }
    }

    /// Whether digits of any size mean `time`, cut to the longest that there is.
    fn is_time(&self, time: Duration) -> bool {
        let millis = match self {
            Self::Plain(digits) => digits.parse().unwrap_or(u64::MAX),
            Self::Hashed { .. } => u64::MAX,
        };
        time == Duration::from_millis(millis)
    }
}

pub(crate) fn vectors() -> Vec<Vector> {
    let file: File = serde_json::from_str(include_str!("../data/vectors.json")).unwrap();
    file.vectors
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn once() -> usize {
    1
}

/// Streams up to this length are cut in two at every place.
const EVERY_CUT_BELOW: usize = 8192;

/// Streams up to this length are cut in three at every two places.
const EVERY_TWO_CUTS_BELOW: usize = 256;
