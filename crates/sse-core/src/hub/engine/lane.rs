use std::{collections::VecDeque, task::Waker};

use crate::{
    growth::grow_vec,
    hub::{Hub, cell::Cell, idle::Place, sync::Arc},
};

/// The streams of one channel that an engine drives.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) hub: Arc<Hub>,
    pub(super) cell: Arc<Cell>,
    /// Where the waker waits for the next publication, if it was not taken.
    pub(super) place: Place,
    pub(super) waker: Waker,
    /// In no order.
    pub(super) streams: Vec<u32>,
    lap: Lap,
    /// Streams that are to be looked at whatever the lap does.
    urgent: VecDeque<u32>,
    /// Streams for which there was no room in a turn. They are the first of the next one.
    postponed: VecDeque<u32>,
    /// Streams for which there was more than one write takes. They have every other turn, one after the other, so
    /// that those that stand at the same place stay together, and what is written to them is joined once.
    behind: VecDeque<u32>,
    /// Whether the next turn is for those that are behind.
    prefers_behind: bool,
    /// Whether the lane waits for its turn, or has it. It is not removed then.
    pub(super) is_queued: bool,
}

/// The way once around the streams, for all that was published before it began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lap {
    None,
    /// The streams before `next` were looked at; another lap follows if there is news.
    Running {
        next: usize,
        is_followed: bool,
    },
}

impl Lane {
    pub(super) fn new(hub: Arc<Hub>, cell: Arc<Cell>, waker: Waker) -> Self {
        Self {
            hub,
            cell,
            place: Place::default(),
            waker,
            streams: Vec::new(),
            lap: Lap::None,
            urgent: VecDeque::new(),
            postponed: VecDeque::new(),
            behind: VecDeque::new(),
            prefers_behind: false,
            is_queued: false,
        }
    }

    /// There is news for all streams.
    pub(super) fn handle_news(&mut self) {
        self.lap = match self.lap {
            Lap::None => Lap::Running { next: 0, is_followed: false },
            Lap::Running { next: 0, .. } => self.lap,
            Lap::Running { next, .. } => Lap::Running { next, is_followed: true },
        };
    }

    /// The stream is to be looked at.
    pub(super) fn push(&mut self, stream: usize) {
        self.urgent.push_back(stream as u32);
    }

    /// There was no room for the stream in this turn.
    pub(super) fn postpone(&mut self, stream: usize) {
        self.postponed.push_back(stream as u32);
    }

    /// There is more to be written to the stream than one write takes.
    pub(super) fn push_behind(&mut self, stream: usize) {
        self.behind.push_back(stream as u32);
    }

    /// How many entries of streams that are behind there are.
    pub(super) fn behind(&self) -> usize {
        self.behind.len()
    }

    pub(super) fn has_work(&self) -> bool {
        self.lap != Lap::None || !self.urgent.is_empty() || self.has_more()
    }

    /// Whether what comes next begins a lap.
    pub(super) fn begins_lap(&self) -> bool {
        matches!(self.lap, Lap::Running { next: 0, .. })
    }

    pub(super) fn next_urgent(&mut self) -> Option<usize> {
        Some(self.urgent.pop_front()? as usize)
    }

    fn has_more(&self) -> bool {
        !self.behind.is_empty() || !self.postponed.is_empty()
    }

    /// Whether this turn is for those that are behind.
    pub(super) fn begin_turn(&mut self) -> bool {
        let prefers_behind = self.prefers_behind && !self.behind.is_empty();
        self.prefers_behind = !prefers_behind;
        prefers_behind
    }

    pub(super) fn next_postponed(&mut self) -> Option<usize> {
        Some(self.postponed.pop_front()? as usize)
    }

    pub(super) fn next_behind(&mut self) -> Option<usize> {
        Some(self.behind.pop_front()? as usize)
    }

    /// The next stream of the lap.
    pub(super) fn next_of_lap(&mut self) -> Option<usize> {
        let Lap::Running { next, is_followed } = &mut self.lap else {
            return None;
        };
        let Some(&stream) = self.streams.get(*next) else {
            self.lap = match is_followed {
                true => Lap::Running { next: 0, is_followed: false },
                false => Lap::None,
            };
            return None;
        };
        *next += 1;
        Some(stream as usize)
    }

    /// Adds a stream, and says at which place.
    pub(super) fn add(&mut self, stream: usize) -> u32 {
        grow_vec(&mut self.streams);
        self.streams.push(stream as u32);
        (self.streams.len() - 1) as u32
    }

    /// Removes the stream at `place`. Another one may stand there afterwards, and yet another elsewhere: both are
    /// handed to `moved` with their place. Those that a lap has not been at yet are still ahead of it.
    pub(super) fn remove(&mut self, place: u32, mut moved: impl FnMut(u32, u32)) {
        let mut place = place as usize;
        if let Lap::Running { next, .. } = &mut self.lap
            && place < *next
        {
            // The last of those that the lap has been at takes the place, and leaves its own.
            *next -= 1;
            self.streams.swap(place, *next);
            if place != *next {
                moved(self.streams[place], place as u32);
            }
            place = *next;
        }
        self.streams.swap_remove(place);
        if let Some(&stream) = self.streams.get(place) {
            moved(stream, place as u32);
        }
        if 4 * self.streams.len() < self.streams.capacity() {
            self.streams.shrink_to(2 * self.streams.len());
            self.urgent.shrink_to(2 * self.streams.len());
            self.behind.shrink_to(2 * self.streams.len());
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.cell.leave(&mut self.place);
    }
}
