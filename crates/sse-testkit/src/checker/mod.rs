//! What publishers were told and what clients saw, held against each other.
//!
//! A test of faults lets things go wrong: servers are killed, disks fill up, stores answer late or never. What has to
//! hold all the same is small, and a [`Checker`] knows it:
//!
//! | [`Rule`] | what it says |
//! |---|---|
//! | [`Rule::Order`] | the numbers that a client sees go up, and none comes twice |
//! | [`Rule::Loss`] | what was acknowledged reaches every client that was subscribed over it, unless a gap says exactly that span |
//! | [`Rule::Origin`] | nothing comes that was not published; what was refused never comes, what is unknown once at most |
//! | [`Rule::Identity`] | the same ID is the same event for everybody |
//! | [`Rule::Gap`] | no gap is told where nothing was missed and that can be proven |

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

mod client;
pub use client::CheckedClient;

mod publication;
pub use publication::CheckedPublication;

mod violation;
pub use violation::{Rule, Violation};

mod summary;
pub use summary::Summary;

mod book;
mod place;
mod record;
mod told;
mod walk;

use book::Book;
use place::{Epochs, Place};
use record::{Attempt, Fate, Steps};
use walk::Walk;

/// Records publications and clients, from any number of threads, and finds what must not be.
///
/// It is for hubs with history, where the ID of each event is its [`Position`](sse_core::history::Position). Clones
/// record in the same place.
///
/// ```
/// use sse_core::{Decoder, Item, history::Position};
/// use sse_testkit::checker::Checker;
///
/// let checker = Checker::new();
/// let publication = checker.publish("news", "ping", &["hi"]);
/// publication.acknowledge(Position::parse(b"1.k3f9x2q1").unwrap());
///
/// let mut client = checker.client("news");
/// client.connect(None);
/// let mut stream: &[u8] = b"event: sse.open\ndata: {\"resume\":\"fresh\"}\nid: 0.k3f9x2q1\n\n\
///     event: ping\ndata: hi\nid: 1.k3f9x2q1\n\n";
/// let mut decoder = Decoder::new();
/// while let Some(Item::Event(event)) = decoder.decode(&mut stream)? {
///     client.see(event);
/// }
/// assert_eq!(checker.check(), []);
///
/// checker.publish("news", "ping", &["lost"]).acknowledge(Position::parse(b"2.k3f9x2q1").unwrap());
/// let violations = checker.check();
/// assert_eq!(
///     violations[0].to_string(),
///     "loss: client 0 of channel \"news\" has not seen 2.k3f9x2q1, which was acknowledged; it is at 1.k3f9x2q1",
/// );
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checker {
    shared: Arc<Shared>,
    may_lose_tails: bool,
}

impl Checker {
    /// A checker that was told nothing yet, of a hub that loses nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the hub may lose its newest events, acknowledged ones too, if another epoch begins in their place.
    #[must_use]
    pub fn with_lost_tails(mut self) -> Self {
        self.may_lose_tails = true;
        self
    }

    /// Records that the events `data` are about to be published, all of them or none, under the name `name`.
    ///
    /// What became of it is unknown until the publication says otherwise.
    pub fn publish(
        &self,
        channel: &str,
        name: &str,
        data: &[impl AsRef<str>],
    ) -> CheckedPublication {
        let hashes = data.iter().map(|data| hash(name, data.as_ref())).collect();
        let channel = self.shared.channel(channel);
        let mut attempts = lock(&self.shared.attempts);
        attempts.push(Attempt { channel, hashes, fate: Fate::Pending });
        CheckedPublication { shared: self.shared.clone(), index: attempts.len() - 1 }
    }

    /// Records what another client of `channel` sees.
    pub fn client(&self, channel: &str) -> CheckedClient {
        let steps = Arc::new(Mutex::new(Steps::default()));
        let channel = self.shared.channel(channel);
        lock(&self.shared.clients).push((channel, steps.clone()));
        CheckedClient::new(self.shared.clone(), steps)
    }

    /// Records that `channel` is about to be finished: its numbers may begin anew from here on.
    pub fn finish(&self, channel: &str) {
        let channel = self.shared.channel(channel);
        lock(&self.shared.channels).finished.push(channel);
    }

    /// How much was recorded.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        lock(&self.shared.attempts).iter().for_each(|attempt| summary.add_attempt(attempt));
        for (_, steps) in &*lock(&self.shared.clients) {
            summary.add_client(&lock(steps));
        }
        summary
    }

    /// Everything that must not be, in words; nothing if all is well.
    ///
    /// A client that has not left is taken to have had the time to read everything.
    pub fn check(&self) -> Vec<Violation> {
        let channels = lock(&self.shared.channels);
        let epochs = lock(&self.shared.epochs);
        let attempts = lock(&self.shared.attempts);
        let clients = lock(&self.shared.clients);
        let mut books: Vec<_> = channels
            .names
            .iter()
            .zip(0..)
            .map(|(name, channel)| {
                Book::new(name, &epochs, channels.finished.contains(&channel), self.may_lose_tails)
            })
            .collect();
        for (number, attempt) in attempts.iter().enumerate() {
            books[attempt.channel as usize].add_attempt(number, attempt);
        }
        for (number, (channel, steps)) in clients.iter().enumerate() {
            books[*channel as usize].add_client(number, &lock(steps));
        }
        let mut violations = Vec::new();
        books.iter_mut().for_each(|book| book.check(&mut violations));
        for (number, (channel, steps)) in clients.iter().enumerate() {
            Walk::new(&books[*channel as usize], number, &mut violations).go(&lock(steps));
        }
        violations
    }

    /// Panics if anything is that must not be.
    ///
    /// # Panics
    ///
    /// If [`Self::check`] finds a violation, with the first 20 of them.
    pub fn assert_clean(&self) {
        let violations = self.check();
        let shown: Vec<_> = violations.iter().take(20).map(Violation::to_string).collect();
        let (all, shown) = (violations.len(), shown.join("\n"));
        assert!(violations.is_empty(), "{all} violations, {}:\n{shown}", self.summary());
    }
}

#[derive(Debug, Default)]
struct Shared {
    channels: Mutex<Channels>,
    epochs: Mutex<Epochs>,
    attempts: Mutex<Vec<Attempt>>,
    clients: Mutex<Vec<(u32, Arc<Mutex<Steps>>)>>,
}

impl Shared {
    fn channel(&self, name: &str) -> u32 {
        let mut channels = lock(&self.channels);
        if let Some(&channel) = channels.numbers.get(name) {
            return channel;
        }
        let channel = u32::try_from(channels.names.len()).expect("there is memory for fewer");
        channels.names.push(name.to_owned());
        channels.numbers.insert(name.to_owned(), channel);
        channel
    }

    fn place(&self, position: sse_core::history::Position) -> Place {
        lock(&self.epochs).place(position)
    }
}

#[derive(Debug, Default)]
struct Channels {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    finished: Vec<u32>,
}

/// A thread that panics fails its test; what others have recorded stands.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(name: &str, data: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, data).hash(&mut hasher);
    hasher.finish()
}
