use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::CloseReason;

/// The frames of one channel that someone still has to read, each held once for all.
///
/// A log knows no subscriber: each [`Subscription`](crate::Subscription) keeps its own cursor, and
/// whoever knows the lowest one trims what all have read. A subscriber that falls out because the
/// log is full finds out by its cursor.
///
/// ```
/// use sse_core::{Log, LogConfig};
///
/// let mut log = Log::new(LogConfig::default());
/// assert_eq!(log.append("data: 1\n\n".into()), 0);
/// assert_eq!(log.next_seq(), 1);
///
/// log.trim(1);
/// assert_eq!((log.first_seq(), log.cost()), (1, 0));
/// ```
#[derive(Debug)]
pub struct Log {
    config: LogConfig,
    frames: VecDeque<Bytes>,
    first: u64,
    cost: usize,
    end: Option<CloseReason>,
    joined: Option<Joined>,
}

impl Log {
    /// An empty log.
    pub fn new(config: LogConfig) -> Self {
        Self { config, frames: VecDeque::new(), first: 0, cost: 0, end: None, joined: None }
    }

    /// Appends `frame` and returns its sequence number.
    ///
    /// A full log drops its oldest frames, a sixteenth of its bound at a time, so that looking for
    /// the subscribers that fell out is rare. The newest frame is always kept.
    pub fn append(&mut self, frame: Bytes) -> u64 {
        self.cost += cost(&frame);
        self.frames.push_back(frame);
        if self.config.max_bytes < self.cost {
            self.evict(self.config.max_bytes - self.config.max_bytes / 16);
        }
        self.next_seq() - 1
    }

    /// Drops the frames before `seq`: every subscriber has read them.
    pub fn trim(&mut self, seq: u64) {
        while self.first < seq && self.drop_oldest() {}
        if self.frames.is_empty() {
            // What a burst needed is given back; what the next single frame needs is kept.
            self.frames.shrink_to(KEPT_CAPACITY);
        }
    }

    /// Ends the log: who has read everything is closed for `reason`. The first reason stands.
    pub fn finish(&mut self, reason: CloseReason) {
        self.end.get_or_insert(reason);
    }

    /// The sequence number that the next frame will get.
    pub fn next_seq(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// The sequence number of the oldest frame still held.
    pub fn first_seq(&self) -> u64 {
        self.first
    }

    /// The bytes held, bookkeeping included: many tiny frames are not free.
    pub fn cost(&self) -> usize {
        self.cost
    }

    pub(super) fn end(&self) -> Option<CloseReason> {
        self.end
    }

    /// The frames from `seq` on as one write of up to 16 KiB, and the sequence number after them.
    pub(super) fn read(&mut self, seq: u64) -> Option<(Bytes, u64)> {
        let from = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        let first = self.frames.get(from)?;
        let mut len = first.len();
        let more = self.frames.range(from + 1..).take_while(|frame| {
            len += frame.len();
            len <= MAX_WRITE
        });
        let count = 1 + more.count();
        let end = seq + count as u64;
        if count == 1 {
            return Some((first.clone(), end));
        }
        // Subscribers in step ask for the same bytes: they are joined once.
        let joined = match &self.joined {
            Some(joined) if joined.from == seq && joined.end == end => joined.bytes.clone(),
            _ => self.join(from, count),
        };
        Some((joined, end))
    }

    fn join(&mut self, from: usize, count: usize) -> Bytes {
        let frames = self.frames.range(from..from + count);
        let mut bytes = BytesMut::with_capacity(frames.clone().map(Bytes::len).sum());
        frames.for_each(|frame| bytes.extend_from_slice(frame));
        let bytes = bytes.freeze();
        let seq = self.first + from as u64;
        self.joined = Some(Joined { from: seq, end: seq + count as u64, bytes: bytes.clone() });
        bytes
    }

    fn evict(&mut self, target: usize) {
        while target < self.cost && 1 < self.frames.len() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(frame) = self.frames.pop_front() else {
            return false;
        };
        self.first += 1;
        self.cost -= cost(&frame);
        if self.joined.as_ref().is_some_and(|joined| joined.from < self.first) {
            self.joined = None;
        }
        true
    }
}

/// How much a [`Log`] may hold.
///
/// ```
/// use sse_core::LogConfig;
///
/// let config = LogConfig::default().with_max_bytes(1 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct LogConfig {
    max_bytes: usize,
}

impl LogConfig {
    /// Sets how many bytes a log holds before its oldest frames are dropped. Default: 16 MiB.
    ///
    /// This is how far a listener may fall behind, and what one that stopped reading costs.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { max_bytes: 16 << 20 }
    }
}

/// Frames joined for one subscriber, kept for the others.
#[derive(Debug)]
struct Joined {
    from: u64,
    end: u64,
    bytes: Bytes,
}

fn cost(frame: &Bytes) -> usize {
    frame.len() + FRAME_OVERHEAD
}

/// What a frame costs beside its bytes: a `Bytes` in the queue and an allocation.
const FRAME_OVERHEAD: usize = 64;

/// One write to a socket costs 5 to 6 µs whatever its size up to about here.
pub(crate) const MAX_WRITE: usize = 16 << 10;

const KEPT_CAPACITY: usize = 4;
