//! A disk in memory that forgets, fails, fills up and stands still as a test wants it.

use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use redb::StorageBackend;
use sse_redb::{OpenError, Store, StoreConfig};

/// What a store lies on; a clone is the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    /// What a process that is started anew reads.
    bytes: Vec<u8>,
    /// What is there after a power cut, whatever becomes of `unsynced`.
    synced: Vec<u8>,
    unsynced: Vec<Change>,
    done: u64,
    syncs: u64,
    fault: Option<Fault>,
    is_blocked: bool,
    is_panicking: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

/// What goes wrong with the change after `after` others, counted from now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) after: u64,
    pub(crate) kind: io::ErrorKind,
    /// Whether all later changes fail too.
    pub(crate) stays: bool,
}

impl Disk {
    pub(crate) fn open(&self, config: StoreConfig) -> Result<Store, OpenError> {
        let disk = self.clone();
        Store::open_on(config, move || Ok(Box::new(disk.clone())))
    }

    /// Begins to count changes, and to do wrong what `fault` says.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.0.0.lock().expect("no panic");
        (state.done, state.fault) = (0, fault);
    }

    /// Panics at the next change.
    pub(crate) fn set_panic(&self) {
        self.0.0.lock().expect("no panic").is_panicking = true;
    }

    /// How many changes were asked for since the fault was set.
    pub(crate) fn changes(&self) -> u64 {
        self.0.0.lock().expect("no panic").done
    }

    /// How often it was synced.
    pub(crate) fn syncs(&self) -> u64 {
        self.0.0.lock().expect("no panic").syncs
    }

    /// Lets changes wait, or go on.
    pub(crate) fn set_blocked(&self, is_blocked: bool) {
        self.0.0.lock().expect("no panic").is_blocked = is_blocked;
        self.0.1.notify_all();
    }

    /// Flips a bit wherever `text` stands.
    pub(crate) fn damage(&self, text: &[u8]) {
        let bytes = &mut self.0.0.lock().expect("no panic").bytes;
        for at in 0..bytes.len() - text.len() {
            if bytes[at..].starts_with(text) {
                bytes[at] ^= 1;
            }
        }
    }

    /// The disk after its power was cut: of what was not synced each piece of 512 bytes is there or not.
    pub(crate) fn cut(&self, random: &mut Random) -> Self {
        let state = self.0.0.lock().expect("no panic");
        let mut bytes = state.synced.clone();
        // Often all or nothing, so that what lies between is not all that is tried.
        let chance = [0, 10, 50, 90, 100][random.below(5) as usize];
        for change in &state.unsynced {
            match change {
                Change::SetLen(len) if random.below(100) < chance => bytes.resize(*len, 0),
                Change::SetLen(_) => {}
                Change::Write(at, data) => {
                    for (piece, data) in data.chunks(512).enumerate() {
                        if random.below(100) < chance {
                            write(&mut bytes, at + piece * 512, data);
                        }
                    }
                }
            }
        }
        Self::of(bytes)
    }

    /// The disk after the process was killed: all that was written is there.
    pub(crate) fn restarted(&self) -> Self {
        Self::of(self.0.0.lock().expect("no panic").bytes.clone())
    }

    fn of(bytes: Vec<u8>) -> Self {
        let state = State { synced: bytes.clone(), bytes, ..State::default() };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.0.0.lock().expect("no panic");
        while state.is_blocked {
            state = self.0.1.wait_timeout(state, Duration::from_millis(50)).expect("no panic").0;
        }
        state.done += 1;
        if mem::take(&mut state.is_panicking) {
            drop(state);
            panic!("a defect of the disk");
        }
        match state.fault {
            Some(Fault { after, kind, stays })
                if state.done == after + 1 || stays && after < state.done =>
            {
                Err(kind.into())
            }
            _ => {
                change(&mut state);
                Ok(())
            }
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.0.lock().expect("no panic").bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.0.lock().expect("no panic");
        let from = offset as usize;
        let bytes = state.bytes.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|state| {
            state.bytes.resize(len as usize, 0);
            state.unsynced.push(Change::SetLen(len as usize));
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|state| {
            state.syncs += 1;
            for change in state.unsynced.drain(..) {
                match change {
                    Change::Write(at, data) => write(&mut state.synced, at, &data),
                    Change::SetLen(len) => state.synced.resize(len, 0),
                }
            }
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|state| {
            write(&mut state.bytes, offset as usize, data);
            state.unsynced.push(Change::Write(offset as usize, data.to_vec()));
        })
    }
}

fn write(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}

/// Numbers that follow from a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
