use super::Log;
use crate::channel::Cursor;

/// Where the readers of a log stand, counted at each place.
impl Log {
    /// A reader begins to stand at `cursor`. One that stands before the start is not counted.
    pub(in crate::channel) fn enter(&mut self, cursor: Cursor) {
        if self.start.event <= cursor.event {
            *self.readers_of_event(cursor.event) += 1;
        }
        self.enter_aside(cursor.aside);
    }

    /// A reader begins to stand before the aside `number`.
    pub(in crate::channel) fn enter_aside(&mut self, number: u64) {
        *self.readers_of_aside(number) += 1;
    }

    /// A reader that stood at `cursor` goes.
    pub(in crate::channel) fn leave(&mut self, cursor: Cursor) {
        let is_last_there = self.leave_event(1, cursor.event) | self.leave_aside(1, cursor.aside);
        if is_last_there {
            self.trim();
        }
    }

    /// Readers go on together from one place to another. Returns whether nobody stands where they stood.
    pub(in crate::channel) fn advance(&mut self, readers: u32, from: Cursor, to: Cursor) -> bool {
        let mut is_last_there = false;
        if from.event != to.event {
            if self.start.event <= to.event {
                *self.readers_of_event(to.event) += readers;
            }
            is_last_there |= self.leave_event(readers, from.event);
        }
        if from.aside != to.aside {
            *self.readers_of_aside(to.aside) += readers;
            is_last_there |= self.leave_aside(readers, from.aside);
        }
        if is_last_there {
            self.trim();
        }
        is_last_there
    }

    fn readers_of_event(&mut self, seq: u64) -> &mut u32 {
        match self.events.get_mut((seq - self.start.event) as usize) {
            Some(entry) => &mut entry.readers,
            None => &mut self.at_end.events,
        }
    }

    fn readers_of_aside(&mut self, number: u64) -> &mut u32 {
        match self.asides.get_mut((number - self.start.aside) as usize) {
            Some(aside) => &mut aside.readers,
            None => &mut self.at_end.asides,
        }
    }

    /// Readers that stood before event `seq`, or were overtaken there by the start of the log, go.
    /// Returns whether nobody stands there now.
    fn leave_event(&mut self, going: u32, seq: u64) -> bool {
        if seq < self.start.event {
            return true;
        }
        let readers = self.readers_of_event(seq);
        *readers -= going;
        *readers == 0
    }

    fn leave_aside(&mut self, going: u32, number: u64) -> bool {
        if number < self.start.aside {
            return true;
        }
        let readers = self.readers_of_aside(number);
        *readers -= going;
        *readers == 0
    }
}
