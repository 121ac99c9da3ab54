use std::{fmt, iter};

use super::Position;
use crate::mix::mix64;

/// The life of a channel that an event belongs to: 8 to 11 characters of `0` to `9` and `a` to `z`.
///
/// Sequence numbers begin anew with each life, and the epoch tells the lives apart.
///
/// ```
/// use sse_core::history::Epoch;
///
/// let (first, second) = (Epoch::new(42, 0), Epoch::new(42, 1));
/// assert_ne!(first, second);
/// assert_eq!(first.as_str().len(), 10);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Epoch {
    text: [u8; MAX_LEN],
    len: u8,
}

impl Epoch {
    /// The epoch of the `count`-th life in a process that drew `seed`.
    ///
    /// Both are mixed, so that the lives of two processes do not meet when their counts do.
    pub fn new(seed: u64, count: u64) -> Self {
        let mut rest = mix64(seed ^ mix64(count.wrapping_add(1)));
        let mut text = [0; MAX_LEN];
        for place in &mut text[..MINTED_LEN] {
            *place = DIGITS[(rest % DIGITS.len() as u64) as usize];
            rest /= DIGITS.len() as u64;
        }
        Self { text, len: MINTED_LEN as u8 }
    }

    /// The epoch whose digits are those of `number`, of which the first are the highest.
    pub(super) fn numbered(number: u64) -> Self {
        let (mut text, mut rest) = ([0; MAX_LEN], number);
        for place in text.iter_mut().rev() {
            *place = DIGITS[(rest % DIGITS.len() as u64) as usize];
            rest /= DIGITS.len() as u64;
        }
        Self { text, len: MAX_LEN as u8 }
    }

    /// The epoch that `text` names, if it is one to the letter.
    ///
    /// ```
    /// use sse_core::history::Epoch;
    ///
    /// assert_eq!(Epoch::parse(b"k3f9x2q1").unwrap().as_str(), "k3f9x2q1");
    /// assert_eq!(Epoch::parse(b"K3F9X2Q1"), None);
    /// ```
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_epoch = (MIN_LEN..=MAX_LEN).contains(&text.len())
            && text.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        if !is_epoch {
            return None;
        }
        let mut padded = [0; MAX_LEN];
        padded[..text.len()].copy_from_slice(text);
        Some(Self { text: padded, len: text.len() as u8 })
    }

    /// The epoch as it stands in an id.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..self.len.into()]).unwrap_or_default()
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Epoch").field(&self.as_str()).finish()
    }
}

/// Which epoch each position of a channel belongs to, those that are no longer kept too.
#[derive(Clone, Debug)]
pub(crate) struct Epochs {
    /// Of which position on they are known.
    begin: u64,
    first: Epoch,
    /// With the number of the event that each begins with.
    later: Vec<(u64, Epoch)>,
}

impl Epochs {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self { begin: 0, first: epoch, later: Vec::new() }
    }

    /// Sets of which position on they are known; before it they are guessed.
    pub(crate) fn with_begin(mut self, begin: u64) -> Self {
        self.begin = begin;
        self
    }

    /// From `seq` on, events belong to `epoch`.
    pub(crate) fn begin(&mut self, seq: u64, epoch: Epoch) {
        self.later.push((seq, epoch));
    }

    /// From `position` on, events belong to its epoch, as far as they do not already. Of very many epochs the first
    /// ones are forgotten.
    pub(crate) fn extend(&mut self, position: Position) {
        let (seq, epoch) = (position.seq(), position.epoch());
        if self.last() == epoch {
            return;
        }
        if self.later.len() == MAX_LATER {
            (self.begin, self.first) = self.later.remove(0);
        }
        self.begin(seq, epoch);
    }

    /// The epoch of what was published last.
    pub(crate) fn last(&self) -> Epoch {
        self.later.last().map_or(self.first, |last| last.1)
    }

    /// The positions from `seq` on at which an epoch begins, and the one of `seq`.
    pub(crate) fn since(&self, seq: u64) -> impl Iterator<Item = Position> {
        let later = self.later.iter().filter(move |&&(begin, _)| seq < begin);
        let later = later.map(|&(begin, epoch)| Position::new(begin, epoch));
        iter::once(self.position(seq)).chain(later)
    }

    /// Whether there is another epoch at `position` than it says.
    pub(crate) fn contradict(&self, position: Position) -> bool {
        self.begin <= position.seq() && self.position(position.seq()) != position
    }

    pub(crate) fn position(&self, seq: u64) -> Position {
        let after = self.later.partition_point(|&(begin, _)| begin <= seq);
        let epoch = after.checked_sub(1).map_or(self.first, |last| self.later[last].1);
        Position::new(seq, epoch)
    }
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const MIN_LEN: usize = 8;
const MAX_LEN: usize = 11;
const MINTED_LEN: usize = 10;

/// How many epochs are known beside the first.
const MAX_LATER: usize = 1_000;
