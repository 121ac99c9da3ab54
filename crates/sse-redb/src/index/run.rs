use sse_core::history::Epoch;

/// Events of a channel with consecutive numbers and one epoch: where each lies, 12 bytes an event.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) epoch: Epoch,
    /// The number of the first entry, whether it is kept or not.
    base: u64,
    base_key: u64,
    base_time: u64,
    /// How many entries at the beginning are gone.
    gone: u32,
    entries: Vec<Entry>,
}

/// Where an event lies, with its publication time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) seq: u64,
    /// Its key on disk.
    pub(crate) key: u64,
    /// In milliseconds since 1970.
    pub(crate) time: u64,
    /// The bytes of its record.
    pub(crate) len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u32,
    time: u32,
    len: u32,
}

impl Run {
    pub(crate) fn new(epoch: Epoch, first: Place) -> Self {
        let (base, base_key, base_time) = (first.seq, first.key, first.time);
        let mut run = Self { epoch, base, base_key, base_time, gone: 0, entries: Vec::new() };
        run.put(0, 0, first.len);
        run
    }

    /// Appends `place`, if it goes on from here.
    pub(crate) fn push(&mut self, epoch: Epoch, place: Place) -> bool {
        let is_next = epoch == self.epoch && place.seq == self.base + self.entries.len() as u64;
        let key = place.key.checked_sub(self.base_key).and_then(|key| u32::try_from(key).ok());
        let time = u32::try_from(place.time.saturating_sub(self.base_time));
        let (Some(key), Ok(time), true) = (key, time, is_next && self.entries.len() < MAX_LEN)
        else {
            return false;
        };
        self.put(key, time, place.len);
        true
    }

    fn put(&mut self, key: u32, time: u32, len: u32) {
        if self.entries.len() == self.entries.capacity() {
            // A quarter more: most channels are short, and doubling would cost the long ones half as much again.
            self.entries.reserve_exact((self.entries.len() / 4).max(2));
        }
        self.entries.push(Entry { key, time, len });
    }

    pub(crate) fn first(&self) -> Option<Place> {
        self.behind(0).next()
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.base + self.entries.len() as u64 - 1
    }

    /// Where the events behind `seq` lie, as far as they are in here and kept.
    pub(crate) fn behind(&self, seq: u64) -> impl Iterator<Item = Place> {
        let passed = seq.saturating_add(1).saturating_sub(self.base);
        let passed = usize::try_from(passed).unwrap_or(usize::MAX);
        let from = passed.max(self.gone as usize).min(self.entries.len());
        let seqs = self.base + from as u64..;
        seqs.zip(self.entries.iter().skip(from)).map(|(seq, entry)| Place {
            seq,
            key: self.base_key + u64::from(entry.key),
            time: self.base_time + u64::from(entry.time),
            len: entry.len,
        })
    }

    pub(crate) fn pop_first(&mut self) -> Option<Place> {
        let first = self.first()?;
        self.gone += 1;
        Some(first)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.len() <= self.gone as usize
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Self>() + self.entries.capacity() * size_of::<Entry>()
    }
}

const MAX_LEN: usize = 512;
