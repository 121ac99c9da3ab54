//! What a hub has to hold, to say and to forget, computed the slow way.

mod append;
mod channel;
mod cursor;
mod flying;
mod granting;
mod history;
mod keys;
mod life;
mod opening;
mod place;
mod reading;
mod room;
mod table;
mod tombstone;
mod trial;

pub(crate) use append::{Cut, New};
pub(crate) use channel::Channel;
pub(crate) use cursor::Cursor;
pub(crate) use flying::{Flown, TICK};
pub(crate) use keys::{Key, Keys};
pub(crate) use life::{Life, cost};
pub(crate) use place::{Place, Presence, Reason};
pub(crate) use reading::assert_text;
pub(crate) use table::{Told, decide, parse};
pub(crate) use tombstone::Tombstone;

use std::{rc::Rc, time::Instant};

use sse_core::access::Revocation;
use sse_core::channel::Framing;

use crate::settings::Settings;

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) settings: Rc<Settings>,
    /// By token: every life that it ever had.
    lives: Vec<Vec<Life>>,
    /// All there ever were.
    channels: Vec<Channel>,
    /// Those that are open, or that somebody is still connected to.
    live: Vec<usize>,
    /// By token.
    open: Vec<Option<usize>>,
    /// By token.
    tombstones: Vec<Option<Tombstone>>,
    /// How often something was done at the hub.
    pub(crate) turns: u64,
    /// By token, how many have fallen out of a log since this was last taken.
    pub(crate) cut: Cut,
    /// Of each listener whose connection lives.
    pub(crate) places: Vec<Place>,
    /// The channel that something was done on last.
    last: Option<usize>,
    /// How many events were accepted.
    pub(crate) published: u64,
    /// When the hub began to drain.
    pub(crate) drained: Option<Instant>,
    /// What was revoked, and until when that holds.
    revoked: Vec<(Revocation, Option<Instant>)>,
}

impl Model {
    pub(crate) fn new(settings: &Rc<Settings>) -> Self {
        Self {
            settings: settings.clone(),
            lives: (0..settings.tokens()).map(|_| Vec::new()).collect(),
            channels: Vec::new(),
            live: Vec::new(),
            open: vec![None; settings.tokens()],
            tombstones: vec![None; settings.tokens()],
            turns: 0,
            cut: Cut::new(),
            places: Vec::new(),
            last: None,
            published: 0,
            drained: None,
            revoked: Vec::new(),
        }
    }

    /// How many listen on the channel of a token.
    pub(crate) fn here(&self, token: usize) -> usize {
        self.open[token].map_or(0, |channel| self.here_in(channel))
    }

    /// The open channel of a token, and the life that it is in.
    pub(crate) fn channel(&self, token: usize) -> Option<(&Channel, &Life)> {
        let channel = &self.channels[self.open[token]?];
        Some((channel, &self.lives[token][channel.life]))
    }

    /// The lives of a token, the last one last.
    pub(crate) fn lives(&self, token: usize) -> &[Life] {
        &self.lives[token]
    }

    /// The channel that a listener reads, and its life.
    pub(crate) fn read_by(&self, who: usize) -> (&Channel, &Life) {
        self.get(self.places[who].channel)
    }

    pub(crate) fn token_of(&self, who: usize) -> usize {
        self.read_by(who).0.token
    }

    /// Whether a listener's channel is open, and it is published for.
    pub(crate) fn is_here(&self, who: usize) -> bool {
        self.places[who].is_here()
    }

    /// Whether something is kept for a listener, or will be.
    pub(crate) fn is_reading(&self, who: usize) -> bool {
        self.places[who].is_reading()
    }

    /// Whether a listener has something to read.
    pub(crate) fn is_behind(&self, who: usize) -> bool {
        let place = &self.places[who];
        place.cursor.is_before(self.get(place.channel).0.behind())
    }

    /// Whether a listener was told where it begins, also after it fell behind: that comes before all else.
    pub(crate) fn has_begun(&self, who: usize) -> bool {
        let place = &self.places[who];
        let is_told = place.missed_from.is_none_or(|from| from == place.cursor.event);
        place.first_block.is_none() && is_told
    }

    /// Whether a listener was given only a part of an event.
    pub(crate) fn is_in_a_piece(&self, who: usize) -> bool {
        0 < self.places[who].offset
    }

    /// Whether there are as many channels as there may be, and all of them are listened on.
    pub(crate) fn is_full(&self) -> bool {
        self.is_at_limit() && self.open.iter().flatten().all(|&channel| 0 < self.here_in(channel))
    }

    /// Whether another channel has to give way to a new one.
    pub(crate) fn is_at_limit(&self) -> bool {
        self.settings.max_channels <= self.open_channels()
    }

    pub(crate) fn open_channels(&self) -> usize {
        self.open.iter().flatten().count()
    }

    pub(crate) fn listeners(&self) -> usize {
        self.places.iter().filter(|place| place.is_here()).count()
    }

    /// Whether a publication to a token is for anyone, now or later.
    pub(crate) fn is_reachable(&self, token: usize) -> bool {
        match self.settings.history {
            Some(_) => !self.is_closed(token),
            None => 0 < self.here(token),
        }
    }

    /// How many events the channel of a token holds, to be remembered or to be read.
    pub(crate) fn held_events(&self, token: usize) -> Option<usize> {
        let channel = self.open[token]?;
        let it = &self.channels[channel];
        let first = it.first.min(self.floor(channel).event);
        Some((it.next - first) as usize)
    }

    /// What all channels hold because somebody has still to read it.
    pub(crate) fn unread_bytes(&self) -> usize {
        self.live.iter().map(|&channel| self.unread(channel)).sum()
    }

    /// What is kept of joined writes.
    pub(crate) fn joined_bytes(&self) -> usize {
        self.live.iter().map(|&channel| self.channels[channel].joined_len()).sum()
    }

    fn unread(&self, channel: usize) -> usize {
        let (it, life) = self.get(channel);
        it.unread(life, self.floor(channel))
    }

    /// The place before all that somebody has still to read.
    fn floor(&self, channel: usize) -> Cursor {
        let reading = self.readers(channel).map(|place| place.cursor);
        reading.fold(self.channels[channel].behind(), Cursor::min)
    }

    fn readers(&self, channel: usize) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(move |place| place.channel == channel && place.is_reading())
    }

    fn here_in(&self, channel: usize) -> usize {
        let here = |place: &&Place| place.channel == channel && place.is_here();
        self.places.iter().filter(here).count()
    }

    fn get(&self, channel: usize) -> (&Channel, &Life) {
        let it = &self.channels[channel];
        (it, &self.lives[it.token][it.life])
    }

    fn get_mut(&mut self, channel: usize) -> (&mut Channel, &mut Life) {
        let it = &mut self.channels[channel];
        let life = &mut self.lives[it.token][it.life];
        (it, life)
    }

    /// Sees that an instant is noted when a channel is looked at again, because something is over age then.
    fn note_due(&mut self, channel: usize) {
        if let Some(history) = &self.settings.history {
            let it = &mut self.channels[channel];
            it.note_due(&self.lives[it.token][it.life], history);
        }
    }

    /// Does what is to be done after every change of a channel: its joined write goes once nobody stands
    /// where it begins, and it goes itself once nobody is connected to it.
    fn tidy(&mut self, channel: usize) {
        for framing in 0..2 {
            let Some(joined) = &self.channels[channel].joined[framing] else { continue };
            let ((from, _), (to, offset)) = (joined.from, joined.to);
            let is_wanted = if framing == Framing::Chunked as usize {
                let events = from.event..to.event + u64::from(0 < offset);
                self.readers(channel).any(|place| events.contains(&place.cursor.event))
                    || self
                        .readers(channel)
                        .any(|place| (from.aside..to.aside).contains(&place.cursor.aside))
            } else {
                self.readers(channel).any(|place| place.cursor.event == from.event)
                    && self.readers(channel).any(|place| place.cursor.aside == from.aside)
            };
            if !is_wanted {
                self.channels[channel].joined[framing] = None;
            }
        }
        let it = &self.channels[channel];
        let joined = it.joined_len();
        let history = it.history(self.get(channel).1);
        let held = [self.unread(channel), joined, history, self.here_in(channel)];
        let told = (held, it.is_open);
        if std::mem::replace(&mut self.channels[channel].told, told) != told {
            self.note_due(channel);
        }
        let is_live = self.channels[channel].is_open
            || self.places.iter().any(|place| place.channel == channel);
        if !is_live {
            self.live.retain(|&live| live != channel);
        }
    }
}
