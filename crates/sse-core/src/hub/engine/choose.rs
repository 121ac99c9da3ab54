use super::{
    Engine,
    stream::{Pushed, Stream},
    turn::EngineTurn,
};
use crate::channel::Ask;

/// Whom the turn of a lane is for.
impl<S> Engine<S> {
    /// Chooses whom the turn is for: those for whom there was no room before, then those who are behind, or those
    /// who were blocked or are due and those whom the lap comes to. Returns how many bytes are left for those who are
    /// asked for.
    pub(super) fn choose(&mut self, key: usize) -> usize {
        let mut budget = Self::MAX_TURN;
        let prefers_behind = self.lanes[key].begin_turn();
        self.choose_from(key, Pushed::Postponed, &mut budget);
        if prefers_behind {
            self.choose_from(key, Pushed::Behind, &mut budget);
        }
        self.choose_by_lap(key, &mut budget);
        self.choose_from(key, Pushed::Behind, &mut budget);
        budget
    }

    fn choose_by_lap(&mut self, key: usize, budget: &mut usize) {
        let mut is_lap_over = false;
        while self.turn.has_room(*budget) {
            let has_urgent = self.choose_next(key, Pushed::Urgent, budget);
            while !is_lap_over {
                let Some(stream) = self.lanes[key].next_of_lap() else {
                    is_lap_over = true;
                    break;
                };
                let it = &mut self.streams[stream];
                if it.is_free() && it.blocked.is_none() && it.pushed == Pushed::No {
                    self.turn.choose(stream, it);
                    break;
                }
            }
            if !has_urgent && is_lap_over {
                break;
            }
        }
    }

    fn choose_from(&mut self, key: usize, queue: Pushed, budget: &mut usize) {
        while self.turn.has_room(*budget) && self.choose_next(key, queue, budget) {}
    }

    /// Chooses the next stream of a queue of the lane. Returns whether there was one.
    fn choose_next(&mut self, key: usize, queue: Pushed, budget: &mut usize) -> bool {
        let lane = &mut self.lanes[key];
        let next = match queue {
            Pushed::No => None,
            Pushed::Urgent => lane.next_urgent(),
            Pushed::Postponed => lane.next_postponed(),
            Pushed::Behind => lane.next_behind(),
        };
        let Some(stream) = next else {
            return false;
        };
        self.behind -= usize::from(queue == Pushed::Behind);
        // It may have gone since, or be one of another lane.
        let it = self.streams.get_mut(stream).filter(|it| it.lane as usize == key);
        if let Some(it) = it.filter(|it| it.pushed == queue) {
            it.pushed = Pushed::No;
            if it.is_free() {
                *budget = budget.saturating_sub(self.turn.choose(stream, it));
            }
        }
        true
    }
}

impl EngineTurn {
    /// Whether the turn may be for one more, if it has so many bytes left.
    fn has_room(&self, budget: usize) -> bool {
        self.asked.len() + self.rests.len() < MAX_STREAMS && Engine::<()>::MAX_TURN / 2 < budget
    }

    /// The turn is for `stream` too. Returns how many bytes are left of what it was given last.
    fn choose<S>(&mut self, key: usize, stream: &mut Stream<S>) -> usize {
        stream.is_asked = true;
        if let Some(blocked) = &stream.blocked {
            if let Some(unsent) = &blocked.unsent {
                self.rests.push(key);
                return unsent.len();
            }
            // How long the silence may be is known again once it is asked for.
            stream.wants_deadline = true;
        }
        self.plan.asked.push(Ask {
            key: stream.key as usize,
            wants_deadline: stream.wants_deadline,
            has_caught_up: std::mem::take(&mut stream.has_caught_up),
        });
        self.asked.push(key);
        0
    }
}

/// How many streams are written to in a turn at most.
const MAX_STREAMS: usize = 16;
