use std::fmt;

use super::Epoch;
use crate::event::EventId;

/// A place in the life of a channel, which is what the ids of a hub with history say:
/// `{seq}.{epoch}`, as in `1042.k3f9x2q1`.
///
/// Events are counted from 1 in each channel; position 0 is the beginning of its life.
///
/// ```
/// use sse_core::history::Position;
///
/// let position = Position::parse(b"1042.k3f9x2q1").expect("well-formed");
/// assert_eq!((position.seq(), position.epoch().as_str()), (1042, "k3f9x2q1"));
/// assert_eq!(position.to_string(), "1042.k3f9x2q1");
///
/// assert_eq!(Position::parse(b"01042.k3f9x2q1"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Position {
    seq: u64,
    epoch: Epoch,
}

impl Position {
    /// The place of the event `seq` in the life `epoch`.
    pub fn new(seq: u64, epoch: Epoch) -> Self {
        Self { seq, epoch }
    }

    /// The position that `id` names, if it is one to the letter: nothing else is ever sent.
    pub fn parse(id: &[u8]) -> Option<Self> {
        let dot = id.iter().take(MAX_SEQ_LEN + 1).position(|&byte| byte == b'.')?;
        let digits = &id[..dot];
        let is_decimal =
            digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
        if !is_decimal {
            return None;
        }
        let seq = str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Self { seq, epoch: Epoch::parse(&id[dot + 1..])? })
    }

    /// How many events of the channel's life came before and here.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The life of the channel.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.epoch.as_str())
    }
}

impl From<Position> for EventId {
    fn from(position: Position) -> Self {
        Self::new(position.to_string()).expect("digits and letters fit in an id")
    }
}

/// The digits of `u64::MAX`.
const MAX_SEQ_LEN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_to_the_letter() {
        for id in ["0.k3f9x2q1", "1.00000000", "18446744073709551615.k3f9x2q1abc"] {
            let position = Position::parse(id.as_bytes()).expect(id);
            assert_eq!(position.to_string(), id);
        }
        for id in [
            "",
            ".",
            "1",
            "1.",
            ".k3f9x2q1",
            "-1.k3f9x2q1",
            "+1.k3f9x2q1",
            "00.k3f9x2q1",
            "01.k3f9x2q1",
            " 1.k3f9x2q1",
            "1.k3f9x2q1 ",
            "1.k3f9x2q",
            "1.k3f9x2q1abcd",
            "1.K3f9x2q1",
            "1.k3f9x2q.",
            "1.1.k3f9x2q1",
            "18446744073709551616.k3f9x2q1",
            "000000000000000000000000000000000000000000000000000000000001.k3f9x2q1",
        ] {
            assert_eq!(Position::parse(id.as_bytes()), None, "{id:?}");
        }
        assert_eq!(Position::parse(b"1.k3f9x2\xff1"), None);
    }
}
