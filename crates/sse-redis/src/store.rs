use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::crypto::{CryptoProvider, ring};
use sse_core::{
    Token,
    access::Revocation,
    channel::Mode,
    history::Epoch,
    store::{self, Append, Done, Facts, Feed, Outcome, Page, Refused, Unavailable},
};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::unconstrained,
};

use crate::{
    Counts, RedisConfig, StartError, Status,
    ask::{Ask, Finish, Open, Publish, Read, Sent},
    driver::Driver,
    inbox::Inbox,
    keys::Keys,
    session::Connector,
    shared::{Shared, Tally},
};

/// The histories of channels in Redis, which the hubs of many nodes use together.
///
/// A task of the runtime in which it is started connects to Redis, and again whenever the connection breaks. A hub
/// takes the store as a [`sse_core::store::Store`], and one store serves one hub.
///
/// ```no_run
/// use std::sync::Arc;
/// use sse_core::{Hub, HubConfig, StringFormat, history::History};
/// use sse_redis::{RedisConfig, Store};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// # let from_a_random_source = 42;
/// let history = History::new(from_a_random_source);
/// let store = Arc::new(Store::start(RedisConfig::new("redis://localhost").with_history(&history))?);
/// store.ready().await?;
/// let hub = Hub::new(HubConfig::new(StringFormat).with_history(history).with_store(store));
/// # Ok(())
/// # }
/// ```
pub struct Store {
    shared: Arc<Shared>,
}

impl Store {
    /// Starts to connect to Redis.
    ///
    /// # Errors
    ///
    /// [`StartError::Address`], [`StartError::Prefix`] and [`StartError::Runtime`]. What only Redis can say,
    /// [`Self::ready`] does.
    ///
    /// With TLS, rustls' provider of the process is used; where none is installed, that of `ring` is installed.
    pub fn start(config: RedisConfig) -> Result<Self, StartError> {
        let address = config.address()?;
        if address.is_tls && CryptoProvider::get_default().is_none() {
            // The client of Redis takes the provider of the process; if another thread was faster, there is one.
            let _is_first = ring::default_provider().install_default();
        }
        let runtime = Handle::try_current().map_err(|_| StartError::Runtime)?;
        let drawn = RandomState::new().hash_one(std::process::id());
        let node: Arc<str> = Epoch::new(drawn, 0).as_str().into();
        let keys = Arc::new(Keys::new(&config.prefix, config.partitions));
        let config = Arc::new(config);
        let reason = "it was not reached yet".into();
        let shared = Arc::new(Shared {
            inbox: Arc::new(Inbox::new(config.max_queue_bytes)),
            keys: keys.clone(),
            node: node.clone(),
            status: watch::Sender::new(Status::Away { reason }),
            tally: Tally::default(),
            config: config.clone(),
        });
        let connector = Connector { address, config, keys, node };
        // The runtime's budget would let some of very many answers wait for others that came later.
        runtime.spawn(unconstrained(Driver::new(shared.clone(), connector).run()));
        Ok(Self { shared })
    }

    /// Waits until Redis can be used for the first time, however long that takes.
    ///
    /// # Errors
    ///
    /// [`StartError`] if it will not before somebody has changed something.
    pub async fn ready(&self) -> Result<(), StartError> {
        let mut status = self.shared.status.subscribe();
        let known = status.wait_for(|status| !matches!(status, Status::Away { .. })).await;
        match known.as_deref() {
            Ok(Status::Failed(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Whether Redis can be used now.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// Waits until [`Self::status`] is another than `known`.
    pub async fn changed_from(&self, known: &Status) -> Status {
        let mut status = self.shared.status.subscribe();
        let changed = status.wait_for(|status| status != known).await;
        changed.map_or_else(|_| known.clone(), |status| status.clone())
    }

    /// What the store has done so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Carries through what was asked for, and lets other nodes know at once that this one is gone. Later
    /// publications are refused.
    pub async fn end(&self) {
        let (tell, told) = oneshot::channel();
        self.ask(Ask::End(tell));
        // Where nobody tells, it has ended before.
        let _has_ended = told.await;
    }

    fn ask(&self, ask: Ask) {
        let Err(ask) = self.shared.inbox.ask(ask) else {
            return;
        };
        let (why, now) = (self.why(), Instant::now());
        let refused = |why| Outcome::Refused(Refused::Unavailable(why));
        match ask {
            Ask::Publish(publish) => drop(publish.done.tell(refused(why), now)),
            Ask::Finish(finish) => drop(finish.done.tell(refused(why), now)),
            Ask::Open(open) => drop(open.done.tell(Err(why), now)),
            Ask::Read(read) => drop(read.done.tell(Err(why), now)),
            Ask::Revoke(_, done) => drop(done.tell(Err(why), now)),
            Ask::Attach(_) | Ask::Leave(_) | Ask::End(_) => (),
        }
    }

    /// Why something is not taken.
    fn why(&self) -> Unavailable {
        match &*self.shared.status.borrow() {
            Status::Ready => {
                let max = self.shared.config.max_queue_bytes;
                Unavailable::new(format!("{max} bytes wait to be stored, and no more may"))
            }
            Status::Away { .. } => Unavailable::new("Redis is away"),
            Status::Failed(_) => Unavailable::new("Redis cannot be used"),
        }
    }

    fn open_as(&self, token: &Token, claim: Option<Mode>, done: Done<Result<Facts, Unavailable>>) {
        let open = Open { token: token.clone(), claim, done, noted: None, asked: Instant::now() };
        self.ask(Ask::Open(open));
    }
}

impl store::Store for Store {
    fn open(&self, token: &Token, done: Done<Result<Facts, Unavailable>>) {
        self.open_as(token, None, done);
    }

    fn append(&self, append: Append, done: Done<Outcome>) {
        let lens = append.drafts().iter().map(|draft| size_of_val(draft) + draft.as_bytes().len());
        let bytes = size_of::<Publish>() + append.token().as_str().len() + lens.sum::<usize>();
        let sent = Sent::not_yet(Instant::now());
        self.ask(Ask::Publish(Box::new(Publish { append, done, tag: None, bytes, sent })));
    }

    fn finish(&self, token: &Token, kept: Option<Duration>, done: Done<Outcome>) {
        let kept =
            kept.map(|kept| u64::try_from(kept.as_millis()).unwrap_or(MAX_MILLIS).min(MAX_MILLIS));
        let sent = Sent::not_yet(Instant::now());
        self.ask(Ask::Finish(Finish { token: token.clone(), kept, done, sent }));
    }

    fn page(
        &self,
        token: &Token,
        after: u64,
        max_bytes: usize,
        done: Done<Result<Page, Unavailable>>,
    ) {
        self.ask(Ask::Read(Read { token: token.clone(), after, max_bytes, done }));
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn attach(&self, feed: Feed) {
        self.ask(Ask::Attach(feed));
    }

    fn claim(&self, token: &Token, mode: Mode, done: Done<Result<Facts, Unavailable>>) {
        self.open_as(token, Some(mode), done);
    }

    fn leave(&self, token: &Token) {
        self.ask(Ask::Leave(token.clone()));
    }

    fn revoke(&self, revocation: &Revocation, done: Done<Result<(), Unavailable>>, _: Instant) {
        self.ask(Ask::Revoke(revocation.clone(), done));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let (tell, _nobody_waits) = oneshot::channel();
        self.ask(Ask::End(tell));
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("node", &self.shared.node).finish_non_exhaustive()
    }
}

/// Some 3,000 years: sums of times stay numbers that Lua writes out.
const MAX_MILLIS: u64 = 100_000_000_000_000;
