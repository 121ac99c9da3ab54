use std::time::{Duration, Instant};

/// When which listener is looked at, in turns of one keepalive each.
pub struct Wheel {
    /// The listeners that are looked at in each tick of a turn.
    pub slots: Vec<Vec<usize>>,
    begun: Instant,
    /// The tick that was looked at last.
    pub tick: u64,
    seated: u64,
}

impl Wheel {
    pub fn new(keepalive: Duration) -> Self {
        let ticks = keepalive.as_millis().div_ceil(TICK.as_millis()).max(1) as usize;
        let slots = vec![Vec::new(); ticks];
        // From the second turn on: there is a turn before every tick.
        Self { slots, begun: Instant::now(), tick: ticks as u64, seated: 0 }
    }

    /// Where the next listener is seated: over the whole wheel, so that those who come at once are not all
    /// due at once.
    pub fn seat(&mut self) -> usize {
        self.seated = self.seated.wrapping_add(GOLDEN);
        ((u128::from(self.seated) * self.slots.len() as u128) >> 64) as usize
    }

    /// The slot of the next tick, if that has come.
    pub fn advance(&mut self) -> Option<usize> {
        if Instant::now() < self.due(self.tick + 1) {
            return None;
        }
        self.tick += 1;
        Some(self.slot(self.tick))
    }

    /// Whether a listener that was written to in the tick `written` has had a turn of silence.
    pub fn is_due(&self, written: u64) -> bool {
        written + self.slots.len() as u64 <= self.tick
    }

    pub fn slot(&self, tick: u64) -> usize {
        (tick % self.slots.len() as u64) as usize
    }

    /// How long it is until the next tick.
    pub fn wait(&self) -> Duration {
        self.due(self.tick + 1).saturating_duration_since(Instant::now())
    }

    fn due(&self, tick: u64) -> Instant {
        let ticks = tick - self.slots.len() as u64;
        self.begun + Duration::from_nanos(ticks * TICK.as_nanos() as u64)
    }
}

const TICK: Duration = Duration::from_millis(50);

/// The golden ratio as a part of 2^64: its multiples are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
