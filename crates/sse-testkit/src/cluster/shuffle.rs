use std::mem;

use super::{
    Counts, Faults,
    random::Random,
    resp::{self, Scan},
};

/// Drops, repeats and reorders the messages in what one connection reads from Redis, as a seed decides.
///
/// Messages are the pushes of RESP3 of the kinds `message` and `smessage`. Everything else comes as it was and in order;
/// messages that were held back come before it, and behind other messages only. [`Link::shuffle`](super::Link::shuffle)
/// puts one into every connection.
///
/// ```
/// use sse_testkit::cluster::{Faults, Shuffle};
///
/// let mut shuffle = Shuffle::new(1, Faults { drop: 1000, ..Faults::default() });
/// let message = b">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n";
///
/// assert_eq!(shuffle.handle_bytes(b"+OK\r\n"), b"+OK\r\n");
/// assert_eq!(shuffle.handle_bytes(message), b"");
/// assert_eq!(shuffle.counts().dropped, 1);
/// ```
#[derive(Debug)]
pub struct Shuffle {
    random: Random,
    faults: Faults,
    counts: Counts,
    /// The start of a value.
    unread: Vec<u8>,
    held: Vec<Held>,
    /// What came was not of the protocol, or its data for a replica; from there on everything passes.
    is_foreign: bool,
}

/// A message that comes behind so many others.
#[derive(Debug)]
struct Held {
    behind: u16,
    message: Vec<u8>,
}

impl Shuffle {
    /// One that does `faults` as `seed` decides.
    pub fn new(seed: u64, faults: Faults) -> Self {
        Self {
            random: Random::new(seed),
            faults,
            counts: Counts::default(),
            unread: Vec::new(),
            held: Vec::new(),
            is_foreign: false,
        }
    }

    /// Does `faults` from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What the client is to read now that `bytes` came; the start of a value waits for its end.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::new();
        self.unread.extend_from_slice(bytes);
        let unread = mem::take(&mut self.unread);
        let mut at = 0;
        while !self.is_foreign && at < unread.len() {
            match resp::value(&unread[at..]) {
                Scan::Whole(_, len) => {
                    self.handle_value(&unread[at..at + len], &mut passed);
                    // A snapshot follows, which has a length like a string, but no line end.
                    self.is_foreign = unread[at..].starts_with(b"+FULLRESYNC ");
                    at += len;
                }
                Scan::Partial => break,
                Scan::Foreign => self.is_foreign = true,
            }
        }
        if self.is_foreign {
            passed.append(&mut self.release());
            passed.extend_from_slice(&unread[at..]);
        } else {
            self.unread = unread[at..].to_vec();
        }
        passed
    }

    /// Whether messages are held back.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was held back, because no later message came for long.
    pub fn release(&mut self) -> Vec<u8> {
        self.held.drain(..).flat_map(|held| held.message).collect()
    }

    /// What is left when the connection ends, also the start of a value.
    pub fn handle_end(&mut self) -> Vec<u8> {
        let mut left = self.release();
        left.append(&mut self.unread);
        left
    }

    fn handle_value(&mut self, value: &[u8], passed: &mut Vec<u8>) {
        if !is_message(value) {
            passed.append(&mut self.release());
            passed.extend_from_slice(value);
            return;
        }
        self.counts.messages += 1;
        let earlier = mem::take(&mut self.held);
        self.handle_message(value, passed);
        let later = mem::take(&mut self.held);
        for mut held in earlier {
            held.behind -= 1;
            match held.behind {
                0 => passed.append(&mut held.message),
                _ => self.held.push(held),
            }
        }
        self.held.extend(later);
    }

    fn handle_message(&mut self, message: &[u8], passed: &mut Vec<u8>) {
        let Faults { drop, repeat, reorder } = self.faults;
        let drawn = self.random.below(1_000);
        if drawn < drop {
            self.counts.dropped += 1;
        } else if drawn < drop.saturating_add(repeat) {
            self.counts.repeated += 1;
            passed.extend_from_slice(message);
            match self.random.below(FARTHEST) {
                0 => passed.extend_from_slice(message),
                behind => self.hold(message, behind),
            }
        } else if drawn < drop.saturating_add(repeat).saturating_add(reorder) {
            self.counts.reordered += 1;
            let behind = 1 + self.random.below(FARTHEST);
            self.hold(message, behind);
        } else {
            passed.extend_from_slice(message);
        }
    }

    fn hold(&mut self, message: &[u8], behind: u16) {
        self.held.push(Held { behind, message: message.to_vec() });
    }
}

fn is_message(value: &[u8]) -> bool {
    value.starts_with(b">") && matches!(resp::name(value), Some(b"message" | b"smessage"))
}

/// A message comes behind so many others at most.
const FARTHEST: u16 = 4;
