use std::{task::Waker, time::Instant};

use super::{Hub, HubLimit, Wakers, cell::Cell, idle::Place, sync::Arc};
use crate::{
    Token,
    access::{Grant, Seat},
    channel::Output,
    history::Resume,
};

/// One listener of a channel of a [`Hub`]: what its connection has to write.
///
/// It belongs to the task of its connection. Dropping it frees its place, and the token if it was
/// the last one there.
///
/// ```
/// # use std::{task::Waker, time::Instant};
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Output};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat).with_keepalive(None)), Instant::now());
/// let mut listener = hub.subscribe(&Token::new("42")?, now)?;
/// assert_eq!(
///     listener.poll_output(Waker::noop(), now),
///     Output::Write("event: sse.open\nretry: 3000\ndata: {}\n\n".into()),
/// );
/// assert_eq!(listener.poll_output(Waker::noop(), now), Output::Wait { until: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Subscriber {
    pub(super) hub: Arc<Hub>,
    pub(super) cell: Arc<Cell>,
    pub(super) key: u32,
    /// Where its waker waits.
    place: Place,
    /// Its place among the listeners of its client, if they are counted.
    seat: Option<Box<Seat>>,
    resume: Option<Box<Resume>>,
    /// Whether those have still to be woken whose channel this one took over.
    has_replaced: bool,
    /// Whether an engine has the listener now.
    is_driven: bool,
}

impl Subscriber {
    pub(super) fn new(
        hub: Arc<Hub>,
        cell: Arc<Cell>,
        key: usize,
        grant: Option<&Grant>,
        resume: Option<Resume>,
        has_replaced: bool,
    ) -> Self {
        if let Some(grant) = grant {
            hub.shared.granted.add(&cell, key, grant);
        }
        let mut subscriber = Self::driven_before(hub, cell, key as u32, None);
        (subscriber.resume, subscriber.has_replaced) = (resume.map(Box::new), has_replaced);
        subscriber
    }

    /// The listener `key` of `cell` again, which [`Self::into_driven`] has made over to an engine.
    pub(super) fn driven_before(
        hub: Arc<Hub>,
        cell: Arc<Cell>,
        key: u32,
        seat: Option<Box<Seat>>,
    ) -> Self {
        let (place, resume) = (Place::default(), None);
        let (has_replaced, is_driven) = (false, false);
        Self { hub, cell, key, place, seat, resume, has_replaced, is_driven }
    }

    /// Keeps `seat` for as long as this listener is there.
    pub(crate) fn take_seat(&mut self, seat: Seat) {
        if seat.is_counted() {
            self.seat = Some(Box::new(seat));
        }
    }

    /// How the listener's last event ID was taken, in a hub with history.
    pub fn resume(&self) -> Option<&Resume> {
        self.resume.as_deref()
    }

    /// The channel that is listened on.
    pub fn token(&self) -> &Token {
        self.cell.token()
    }

    /// What the connection is to do next; `waker` is kept while the answer is [`Output::Wait`], and
    /// woken once there is more.
    ///
    /// Poll until the answer is [`Output::Wait`] or [`Output::Close`], and again when `waker` was woken
    /// or the time of [`Output::Wait`] has come. To poll too early changes nothing.
    ///
    /// The first call wakes the listeners whose channel this one took over.
    pub fn poll_output(&mut self, waker: &Waker, now: Instant) -> Output {
        if self.has_replaced {
            self.wake_replaced();
        }
        let (output, effects) =
            self.cell.poll_output(self.key as usize, (&mut self.place, waker), now);
        if let Some(effects) = effects {
            self.hub.follow(&self.cell, effects);
        }
        if !matches!(output, Output::Wait { .. }) {
            self.hub.shared.watchers.wake();
        }
        output
    }

    /// An engine is to poll the channel for it.
    pub(super) fn begin_to_be_driven(&mut self) {
        if self.has_replaced {
            self.wake_replaced();
        }
        self.cell.leave(&mut self.place);
    }

    /// The listener goes on, and the engine keeps the little that it does not know from others on the channel.
    pub(super) fn into_driven(mut self) -> Option<Box<Seat>> {
        self.is_driven = true;
        self.seat.take()
    }

    #[cold]
    fn wake_replaced(&mut self) {
        self.has_replaced = false;
        Wakers::one(self.cell.clone(), self.cell.tickets()).wake();
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.is_driven {
            return;
        }
        if let Some(grant) = self.cell.grant(self.key as usize) {
            self.hub.shared.granted.remove(&self.cell, self.key as usize, &grant);
        }
        let effects = self.cell.disconnect(self.key as usize, &mut self.place);
        self.hub.shared.connected.replace(1, 0);
        self.hub.follow(&self.cell, effects);
        // Wakers are the user's code: if one panics, all is done.
        self.hub.shared.watchers.wake();
        if self.has_replaced {
            self.wake_replaced();
        }
    }
}

/// Why nobody can listen on a channel now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The channel is exclusive and someone listens.
    #[error("someone listens on this exclusive channel")]
    Taken,
    /// The hub is shutting down.
    #[error("the hub is shutting down")]
    Shutdown,
    /// The channel was finished not long ago, see
    /// [`HubConfig::with_closed_ttl`](crate::HubConfig::with_closed_ttl).
    #[error("the channel is over")]
    Ended,
    /// The grant that the listener came with has ended or was revoked.
    #[error("the grant has ended or was revoked")]
    GrantEnded,
    /// The store has to be asked where the listener begins: use [`Hub::join`](crate::Hub::join).
    #[error("the store has to be asked first")]
    Unloaded,
    /// The store cannot be read now.
    #[error("the history cannot be read now")]
    Unavailable,
    /// There are as many as there may be.
    #[error("there may be no more than {max} {limit}")]
    Limit {
        /// Of what.
        limit: HubLimit,
        /// How many.
        max: usize,
    },
}
