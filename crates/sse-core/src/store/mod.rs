//! Histories outside of the process: what a hub asks of a store, and what a store answers.
//!
//! A hub with a [`Store`] has its truth there. A publication goes to the store first, which gives each event its
//! position; once the store says that it is safe, the hub accepts it into the log of the channel and delivers
//! it. The log is a cache of the newest events. A listener that stands before it asks the store for
//! [pages](Page), and goes on from the log where both meet.
//!
//! A store tells facts. Whether a listener has missed anything, what is a gap and what is read next is decided by
//! the hub alone.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

mod append;
pub use append::{Append, Draft};

mod entry;
pub use entry::Entry;

mod facts;
pub use facts::Facts;

mod feed;
pub use feed::Feed;

mod outcome;
pub use outcome::{Outcome, Refused, Stored};

mod page;
pub use page::Page;

#[doc(inline)]
pub use crate::hub::Told;
use crate::{Token, access::Revocation, channel::Mode};

/// What keeps the histories of a hub's channels.
///
/// Each method returns at once, and its [`Done`] is told what came of it: on any thread, also before the method
/// has returned. A store may block in none of them.
///
/// What was stored of one channel, that it was finished, and that it takes nothing since it was, is told in the order in
/// which it happened.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_core::{
///     Token,
///     store::{Append, Done, Facts, Outcome, Page, Refused, Store, Unavailable},
/// };
///
/// /// A store that is never there.
/// #[derive(Debug)]
/// struct Away;
///
/// impl Store for Away {
///     fn open(&self, _: &Token, done: Done<Result<Facts, Unavailable>>) {
///         done.tell(Err(Unavailable::new("away")), Instant::now());
///     }
///
///     fn append(&self, _: Append, done: Done<Outcome>) {
///         let refused = Refused::Unavailable(Unavailable::new("away"));
///         done.tell(Outcome::Refused(refused), Instant::now());
///     }
///
///     fn finish(&self, _: &Token, _: Option<Duration>, done: Done<Outcome>) {
///         let refused = Refused::Unavailable(Unavailable::new("away"));
///         done.tell(Outcome::Refused(refused), Instant::now());
///     }
///
///     fn page(&self, _: &Token, _: u64, _: usize, done: Done<Result<Page, Unavailable>>) {
///         done.tell(Err(Unavailable::new("away")), Instant::now());
///     }
/// }
/// ```
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Tells what is known of the channel `token`. Where nothing is, its life begins: it gets position 0, which
    /// is stored like an event before it is told.
    fn open(&self, token: &Token, done: Done<Result<Facts, Unavailable>>);

    /// Stores a publication, all of it or nothing.
    ///
    /// What was stored under a key is not stored again: the same publication has the outcome of the first, with
    /// [`Stored::is_duplicate`], and waits for it if that is not known yet. Another one is refused with
    /// [`Refused::KeyReused`].
    fn append(&self, append: Append, done: Done<Outcome>);

    /// Ends the life of the channel `token`: nothing of it is kept. For `kept` it takes nothing, and begins anew then;
    /// `None` lets it begin anew at once.
    fn finish(&self, token: &Token, kept: Option<Duration>, done: Done<Outcome>);

    /// Reads the events of the channel `token` behind the number `after`: at least one if there is one, and otherwise as
    /// many as have `max_bytes` together.
    ///
    /// [`Page::until`] lies behind `after`. Where nothing is stored there yet, `done` is told once something is; and
    /// that it is unavailable, if the channel is finished before.
    fn page(
        &self,
        token: &Token,
        after: u64,
        max_bytes: usize,
        done: Done<Result<Page, Unavailable>>,
    );

    /// Whether other processes use the same histories. Then a hub asks with [`Self::claim`] for each listener of a
    /// channel that has one at most. Default: no.
    fn is_shared(&self) -> bool {
        false
    }

    /// Takes note of the hub that uses the store, before the hub asks for anything: through `feed` it is told what
    /// other processes have published. Default: nothing.
    fn attach(&self, feed: Feed) {
        let _nothing_is_shared = feed;
    }

    /// Like [`Self::open`], for a listener of the channel `token` that is alone there. [`Facts::is_taken`] says that
    /// another process has one; with [`Mode::Takeover`] that is told that it was replaced. What is claimed belongs to
    /// the hub until [`Self::leave`]. Default: [`Self::open`].
    fn claim(&self, token: &Token, mode: Mode, done: Done<Result<Facts, Unavailable>>) {
        let _nobody_else_is_there = mode;
        self.open(token, done);
    }

    /// Takes note that the last listener of the channel `token` has left the hub; another may have come since, see
    /// [`Feed::is_used`]. Default: nothing.
    fn leave(&self, token: &Token) {
        let _nobody_else_is_there = token;
    }

    /// Tells all processes that use the histories of `revocation`, also those that begin later. The hub that asks has
    /// taken note of it at `now`. Default: nothing.
    fn revoke(&self, revocation: &Revocation, done: Done<Result<(), Unavailable>>, now: Instant) {
        let _nobody_else_is_there = revocation;
        done.tell(Ok(()), now);
    }
}

/// Who is told what came of something that a [`Store`] was asked for.
///
/// ```
/// use std::{sync::mpsc, time::Instant};
/// use sse_core::store::Done;
///
/// let (tell, told) = mpsc::channel();
/// let done = Done::new(move |answer, _now| tell.send(answer).unwrap_or_default());
/// done.tell(42, Instant::now());
/// assert_eq!(told.recv(), Ok(42));
/// ```
pub struct Done<T>(Box<dyn FnOnce(T, Instant) -> Told + Send>);

impl<T> Done<T> {
    /// Calls `done` with what came of it, and when that was known.
    pub fn new(done: impl FnOnce(T, Instant) + Send + 'static) -> Self {
        Self::waking(move |answer, now| {
            done(answer, now);
            Told::default()
        })
    }

    /// The same, where somebody is to be woken for it.
    pub(crate) fn waking(done: impl FnOnce(T, Instant) -> Told + Send + 'static) -> Self {
        Self(Box::new(done))
    }

    /// Tells `answer`, which is known since `now`.
    ///
    /// What follows from it happens in this call. It may take the locks of the hub for as long as a publication
    /// does, and may ask the store for something else. Who waits for it is woken when the [`Told`] is dropped.
    pub fn tell(self, answer: T, now: Instant) -> Told {
        (self.0)(answer, now)
    }
}

impl<T> fmt::Debug for Done<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done").finish_non_exhaustive()
    }
}

/// Why a store does nothing now, in words for a publisher and a log.
///
/// ```
/// use sse_core::store::Unavailable;
///
/// assert_eq!(Unavailable::new("the disk is full").to_string(), "the disk is full");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Unavailable {
    reason: Arc<str>,
}

impl Unavailable {
    /// Because of `reason`, which publishers are told too: it has to name no path and no secret.
    pub fn new(reason: impl Into<Arc<str>>) -> Self {
        Self { reason: reason.into() }
    }
}
