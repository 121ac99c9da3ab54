//! What the scripts answer.

use std::vec;

use redis::Value;
use sse_core::{
    history::{Epoch, Position},
    store::Entry,
};

use crate::order::{Known, Tail};

/// An answer that is not one of a script: somebody else uses its keys, or it is another version.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// What became of a publication, or of the end of a channel.
#[derive(Debug)]
pub(crate) enum Published {
    /// The first event, or the last one of a life that ended, and how many listen elsewhere.
    Stored {
        life: u64,
        at: Position,
        elsewhere: usize,
    },
    /// It was published before, under the same key. A reconnection time has no position.
    Duplicate {
        at: Option<Position>,
        elsewhere: usize,
    },
    KeyReused,
    /// For so many milliseconds.
    Finished {
        left: u64,
    },
    /// It was sent before, and the events of that time are not kept any more.
    Unknown,
}

/// What is known of a channel.
#[derive(Debug)]
pub(crate) enum Opened {
    Open(Box<Open>),
    Finished { left: u64 },
}

#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) tail: Tail,
    pub(crate) ranges: Vec<(u64, Epoch)>,
    pub(crate) retry: Option<u64>,
    pub(crate) first: u64,
    pub(crate) is_taken: bool,
    /// The fencing number, if the channel was claimed.
    pub(crate) fence: Option<u64>,
}

/// Events that were read, with what is known of the channel.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) known: Known,
    pub(crate) retry: Option<u64>,
    /// For how many milliseconds the channel takes nothing.
    pub(crate) finished: Option<u64>,
    pub(crate) until: u64,
    pub(crate) entries: Vec<Entry>,
}

/// Where a channel stands.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) current: Option<Tail>,
    pub(crate) retry: Option<u64>,
    pub(crate) holder: Vec<u8>,
    pub(crate) fence: Option<u64>,
}

impl TryFrom<Value> for Published {
    type Error = Unreadable;

    fn try_from(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        Ok(match fields.text()?.as_slice() {
            b"stored" => {
                let seq = fields.number()?;
                // A channel that has never been has no epoch, and its end no position that anybody is told.
                let at = fields.epoch().unwrap_or_else(|_| Epoch::new(0, 0));
                let (life, elsewhere) = (fields.number()?, fields.number()?);
                let elsewhere = usize::try_from(elsewhere).unwrap_or(usize::MAX);
                Self::Stored { life, at: Position::new(seq, at), elsewhere }
            }
            b"duplicate" => {
                let seq = fields.optional()?;
                let epoch = fields.epoch();
                let elsewhere = usize::try_from(fields.number()?).unwrap_or(usize::MAX);
                let at = seq.map(|seq| Ok(Position::new(seq, epoch?))).transpose()?;
                Self::Duplicate { at, elsewhere }
            }
            b"reused" => Self::KeyReused,
            b"finished" => Self::Finished { left: fields.number()? },
            b"unknown" => Self::Unknown,
            _ => return Err(Unreadable),
        })
    }
}

impl TryFrom<Value> for Opened {
    type Error = Unreadable;

    fn try_from(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        match fields.text()?.as_slice() {
            b"open" => {
                let at = fields.position()?;
                let tail = Tail { life: fields.number()?, at };
                Ok(Self::Open(Box::new(Open {
                    tail,
                    ranges: ranges(&fields.text()?)?,
                    retry: fields.optional()?,
                    first: fields.number()?,
                    is_taken: fields.number()? == 1,
                    fence: fields.optional()?,
                })))
            }
            b"finished" => Ok(Self::Finished { left: fields.number()? }),
            _ => Err(Unreadable),
        }
    }
}

impl TryFrom<Value> for Read {
    type Error = Unreadable;

    fn try_from(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        let life = fields.optional()?;
        let current = fields.tail(life)?;
        let known_ranges = fields.text()?;
        let finished = fields.optional()?;
        let life = fields.optional()?;
        let previous = fields.tail(life)?;
        let known = Known { current, ranges: ranges(&known_ranges)?, previous };
        let (retry, until) = (fields.optional()?, fields.number()?);
        let mut entries = Vec::with_capacity(fields.0.len());
        while 0 < fields.0.len() {
            entries.push(Entry::read(fields.text()?).ok_or(Unreadable)?);
        }
        Ok(Self { known, retry, finished, until, entries })
    }
}

impl TryFrom<Value> for Checked {
    type Error = Unreadable;

    fn try_from(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        let life = fields.optional()?;
        Ok(Self {
            current: fields.tail(life)?,
            retry: fields.optional()?,
            holder: fields.text()?,
            fence: fields.optional()?,
        })
    }
}

/// The parts of an answer, in their order.
struct Fields(vec::IntoIter<Value>);

impl Fields {
    fn of(value: Value) -> Result<Self, Unreadable> {
        value.into_sequence().map(|values| Self(values.into_iter())).map_err(|_| Unreadable)
    }

    fn text(&mut self) -> Result<Vec<u8>, Unreadable> {
        match self.0.next() {
            Some(Value::BulkString(text)) => Ok(text),
            Some(Value::SimpleString(text)) => Ok(text.into_bytes()),
            _ => Err(Unreadable),
        }
    }

    fn optional(&mut self) -> Result<Option<u64>, Unreadable> {
        let text = self.text()?;
        (!text.is_empty()).then(|| number(&text).ok_or(Unreadable)).transpose()
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        self.optional()?.ok_or(Unreadable)
    }

    fn epoch(&mut self) -> Result<Epoch, Unreadable> {
        Epoch::parse(&self.text()?).ok_or(Unreadable)
    }

    fn position(&mut self) -> Result<Position, Unreadable> {
        Ok(Position::new(self.number()?, self.epoch()?))
    }

    /// The newest event of a life, if there is a life.
    fn tail(&mut self, life: Option<u64>) -> Result<Option<Tail>, Unreadable> {
        let (seq, epoch) = (self.optional()?, self.text()?);
        let (Some(life), Some(seq), Some(epoch)) = (life, seq, Epoch::parse(&epoch)) else {
            return Ok(None);
        };
        Ok(Some(Tail { life, at: Position::new(seq, epoch) }))
    }
}

pub(crate) fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// As they are kept: `0:k3f9x2q1,17:k3f9x2q2`.
fn ranges(text: &[u8]) -> Result<Vec<(u64, Epoch)>, Unreadable> {
    let ranges = text.split(|&byte| byte == b',').filter(|range| !range.is_empty());
    let parsed = ranges.map(|range| {
        let at = range.iter().position(|&byte| byte == b':').ok_or(Unreadable)?;
        let begin = number(&range[..at]).ok_or(Unreadable)?;
        Ok((begin, Epoch::parse(&range[at + 1..]).ok_or(Unreadable)?))
    });
    parsed.collect()
}
