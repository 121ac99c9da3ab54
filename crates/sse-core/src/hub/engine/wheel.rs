use std::time::{Duration, Instant};

/// When which stream is to be looked at, in slots of time: it costs the same for one stream as for a million.
///
/// A stream stands in one slot, and is not moved while its time is only put off. What is found too early is put in
/// again.
#[derive(Debug)]
pub(super) struct Wheel {
    origin: Instant,
    tick: Duration,
    slots: Vec<Vec<u32>>,
    /// The first tick that has not been looked at.
    next: u64,
    /// No slot before it has a stream.
    earliest: u64,
    /// How many streams stand in the slots.
    len: usize,
}

/// A tick of the wheel at which a stream stands there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Due(u64);

impl Due {
    /// It stands nowhere.
    pub(super) const NEVER: Self = Self(u64::MAX);
}

impl Wheel {
    pub(super) fn new(tick: Duration, origin: Instant) -> Self {
        let slots = vec![Vec::new(); SLOTS as usize];
        Self { origin, tick, slots, next: 0, earliest: u64::MAX, len: 0 }
    }

    pub(super) fn tick(&self) -> Duration {
        self.tick
    }

    /// The tick at which a stream is looked at that is due at `until`, or the last that the wheel has.
    pub(super) fn due(&self, until: Instant) -> Due {
        let since = until.saturating_duration_since(self.origin).as_nanos();
        let tick = u64::try_from(since.div_ceil(self.tick.as_nanos())).unwrap_or(u64::MAX);
        Due(tick.clamp(self.next, self.next + SLOTS - 1))
    }

    /// When the stream is looked at that stands at `due`.
    pub(super) fn time(&self, due: Due) -> Instant {
        let since = self.tick.as_nanos() * u128::from(due.0);
        self.origin + Duration::from_nanos(u64::try_from(since).unwrap_or(u64::MAX))
    }

    pub(super) fn put(&mut self, stream: usize, due: Due) {
        self.slots[(due.0 % SLOTS) as usize].push(stream as u32);
        self.earliest = self.earliest.min(due.0);
        self.len += 1;
    }

    /// When the next stream is to be looked at, or a little earlier.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (0 < self.len).then(|| self.time(Due(self.earliest.max(self.next))))
    }

    /// Takes the streams of the next tick that is over at `now`, with that tick: those that stand elsewhere by
    /// now are among them.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Due, Vec<u32>)> {
        if self.len == 0 {
            self.earliest = u64::MAX;
            self.skip(now);
            return None;
        }
        let mut at = self.earliest.max(self.next);
        let end = at + SLOTS;
        while at < end && self.slots[(at % SLOTS) as usize].is_empty() {
            at += 1;
        }
        self.earliest = at;
        if now < self.time(Due(at)) {
            self.skip(now);
            return None;
        }
        // The room that one slot needed is not kept: each would need it in time.
        let streams = std::mem::take(&mut self.slots[(at % SLOTS) as usize]);
        self.len -= streams.len();
        (self.next, self.earliest) = (at + 1, at + 1);
        Some((Due(at), streams))
    }

    /// The wheel has turned up to `now`, and there was nothing.
    fn skip(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.origin).as_nanos();
        let over = u64::try_from(since / self.tick.as_nanos()).unwrap_or(u64::MAX - 2 * SLOTS);
        let over = (over + 1).min(self.earliest);
        self.next = self.next.max(over);
    }
}

const SLOTS: u64 = 512;
