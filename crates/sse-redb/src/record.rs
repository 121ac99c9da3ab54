use std::sync::Arc;

use sse_core::history::{Epoch, Position};

/// What stands under one key of the table of records, in the order in which it was stored.
///
/// A version, a kind, a checksum over the key and all that follows, and the content. Numbers are
/// little-endian. Nothing is ever changed in place: what is newer stands further behind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Record<'a> {
    Event { channel: &'a str, time: u64, seq: u64, epoch: Epoch, frame: &'a [u8] },
    Key { channel: &'a str, time: u64, key: &'a str, digest: u64, answer: Option<Position> },
    State { channel: &'a str, state: State },
}

/// All of a channel but its events and keys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct State {
    /// When the channel was last used, in milliseconds since 1970.
    pub(crate) used: u64,
    /// The number of its newest event.
    pub(crate) top: u64,
    /// Records of the channel under smaller keys belong to an earlier life.
    pub(crate) born: u64,
    /// The reconnection time, in milliseconds.
    pub(crate) retry: Option<u64>,
    /// Until when the channel is finished, in milliseconds since 1970.
    pub(crate) finished: Option<u64>,
    /// Which epoch begins with which event; the newest are last.
    pub(crate) ranges: Vec<(u64, Epoch)>,
}

/// A record that cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Broken;

impl<'a> Record<'a> {
    /// Appends the bytes that stand under `key`.
    pub(crate) fn encode(&self, key: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[VERSION, 0, 0, 0, 0, 0]);
        match self {
            Self::Event { channel, time, seq, epoch, frame } => {
                out[start + KIND_AT] = EVENT;
                put_text(out, channel);
                put(out, *time);
                put(out, *seq);
                put_epoch(out, *epoch);
                out.extend_from_slice(frame);
            }
            Self::Key { channel, time, key, digest, answer } => {
                out[start + KIND_AT] = KEY;
                put_text(out, channel);
                put(out, *time);
                put_text(out, key);
                put(out, *digest);
                out.push(answer.is_some().into());
                if let Some(position) = answer {
                    put(out, position.seq());
                    put_epoch(out, position.epoch());
                }
            }
            Self::State { channel, state } => {
                out[start + KIND_AT] = STATE;
                put_text(out, channel);
                state.encode(out);
            }
        }
        let (head, content) = out[start..].split_at_mut(HEAD);
        let sum = checksum(key, head[KIND_AT], content);
        head[SUM_AT..].copy_from_slice(&sum.to_le_bytes());
    }

    /// Reads what stands under `key`.
    pub(crate) fn decode(key: u64, bytes: &'a [u8]) -> Result<Self, Broken> {
        let (head, content) = bytes.split_at_checked(HEAD).ok_or(Broken)?;
        let sum = checksum(key, head[KIND_AT], content).to_le_bytes();
        if head[0] != VERSION || head[SUM_AT..] != sum {
            return Err(Broken);
        }
        let mut rest = Rest(content);
        let channel = rest.text()?;
        match head[KIND_AT] {
            EVENT => {
                let (time, seq, epoch) = (rest.number()?, rest.number()?, rest.epoch()?);
                Ok(Self::Event { channel, time, seq, epoch, frame: rest.0 })
            }
            KEY => {
                let (time, key, digest) = (rest.number()?, rest.text()?, rest.number()?);
                let answer = match rest.byte()? {
                    0 => None,
                    _ => Some(Position::new(rest.number()?, rest.epoch()?)),
                };
                Ok(Self::Key { channel, time, key, digest, answer })
            }
            STATE => Ok(Self::State { channel, state: State::decode(&mut rest)? }),
            _ => Err(Broken),
        }
    }
}

impl State {
    fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.used, self.top, self.born] {
            put(out, number);
        }
        for number in [self.retry, self.finished] {
            out.push(number.is_some().into());
            put(out, number.unwrap_or_default());
        }
        out.push(self.ranges.len() as u8);
        for (first, epoch) in &self.ranges {
            put(out, *first);
            put_epoch(out, *epoch);
        }
    }

    fn decode(rest: &mut Rest<'_>) -> Result<Self, Broken> {
        let (used, top, born) = (rest.number()?, rest.number()?, rest.number()?);
        let (retry, finished) = (rest.option()?, rest.option()?);
        let mut ranges = Vec::new();
        for _ in 0..rest.byte()? {
            ranges.push((rest.number()?, rest.epoch()?));
        }
        Ok(Self { used, top, born, retry, finished, ranges })
    }

    /// Notes that an event `seq` of `epoch` has come.
    pub(crate) fn advance(&mut self, seq: u64, epoch: Epoch, time: u64) {
        if self.ranges.last().is_none_or(|&(_, last)| last != epoch) {
            self.begin(seq, epoch);
        }
        self.top = seq;
        self.used = self.used.max(time);
    }

    /// From `first` on, events are of `epoch`.
    pub(crate) fn begin(&mut self, first: u64, epoch: Epoch) {
        // An epoch without an event leaves no trace.
        while self.ranges.last().is_some_and(|&(last, _)| first <= last && self.ranges.len() > 1) {
            self.ranges.pop();
        }
        if self.ranges.len() == MAX_RANGES {
            self.ranges.remove(0);
        }
        self.ranges.push((first, epoch));
    }

    /// The epoch that the newest event has, or position 0.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        self.ranges.last().map(|&(_, epoch)| epoch)
    }
}

/// What is left to be read of a record.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u64, Broken> {
        let bytes = self.take(size_of::<u64>())?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| Broken)?))
    }

    fn option(&mut self) -> Result<Option<u64>, Broken> {
        let is_there = self.byte()? != 0;
        let number = self.number()?;
        Ok(is_there.then_some(number))
    }

    fn text(&mut self) -> Result<&'a str, Broken> {
        let len = self.take(size_of::<u16>())?;
        let len = u16::from_le_bytes(len.try_into().map_err(|_| Broken)?);
        str::from_utf8(self.take(len.into())?).map_err(|_| Broken)
    }

    fn epoch(&mut self) -> Result<Epoch, Broken> {
        let len = self.byte()?;
        Epoch::parse(self.take(len.into())?).ok_or(Broken)
    }
}

/// A text that a record has room for; longer ones are refused before.
pub(crate) fn shared(text: &str) -> Arc<str> {
    text.into()
}

fn put(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_epoch(out: &mut Vec<u8>, epoch: Epoch) {
    out.push(epoch.as_str().len() as u8);
    out.extend_from_slice(epoch.as_str().as_bytes());
}

fn checksum(key: u64, kind: u8, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(&[VERSION, kind]);
    hasher.update(content);
    hasher.finalize()
}

/// How many epochs of a channel are remembered.
pub(crate) const MAX_RANGES: usize = 16;

const VERSION: u8 = 1;
const KIND_AT: usize = 1;
const SUM_AT: usize = 2;
const HEAD: usize = SUM_AT + size_of::<u32>();
const EVENT: u8 = 1;
const KEY: u8 = 2;
const STATE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_any_other_bit_breaks_it() {
        let epoch = Epoch::parse(b"k3f9x2q1").expect("well-formed");
        let ranges = vec![(1, epoch), (7, Epoch::new(1, 2))];
        let state = State { used: 5, top: 9, born: 3, retry: Some(2_000), finished: None, ranges };
        for record in [
            Record::Event { channel: "42", time: 1, seq: 9, epoch, frame: b"data: 1\n\n" },
            Record::Key { channel: "42", time: 1, key: "k", digest: 7, answer: None },
            Record::Key {
                channel: "42",
                time: 1,
                key: "k",
                digest: 7,
                answer: Some(Position::new(9, epoch)),
            },
            Record::State { channel: "é", state },
        ] {
            let mut bytes = Vec::new();
            record.encode(77, &mut bytes);

            assert_eq!(Record::decode(77, &bytes), Ok(record.clone()));
            assert_eq!(Record::decode(78, &bytes), Err(Broken), "under another key");
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record::decode(77, &flipped), Err(Broken), "bit {bit} of {record:?}");
            }
            for len in 0..bytes.len() {
                assert_eq!(Record::decode(77, &bytes[..len]), Err(Broken), "cut at {len}");
            }
        }
    }
}
