//! The task that talks to Redis. It alone knows the channels of this node, and tells the hub of each in order.

mod answers;
mod asks;
mod channels;
mod connecting;
mod jobs;
mod leases;
mod looks;
mod messages;
mod refills;
mod revocations;
mod telling;

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use redis::{Cmd, Pipeline};
use sse_core::{
    history::EpochMinter,
    store::{Feed, Told},
};
use tokio::{select, sync::oneshot, task::yield_now, time::sleep_until};

use crate::{
    StartError, Status,
    ask::Ask,
    keys::Id,
    session::{Connector, Session},
    shared::{Shared, count},
};
use channels::Channels;
use jobs::{Answered, Job};
use leases::Leases;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    connector: Connector,
    feed: Option<Feed>,
    channels: Channels,
    leases: Leases,
    minter: EpochMinter,
    /// The number of the publication that was sent last.
    tag: u64,
    session: Option<Session>,
    sessions: u64,
    /// Commands that go out together.
    outgoing: VecDeque<(Cmd, Job)>,
    in_flight: FuturesUnordered<BoxFuture<'static, Answered>>,
    /// What has no answer yet, by the number of what it was sent with.
    sent: BTreeMap<u64, Vec<Job>>,
    batches: u64,
    /// What waits for a session that has caught up.
    held_back: VecDeque<Ask>,
    /// What has to be asked again, once there is a session.
    again: Vec<Job>,
    /// Those who wait for events that are not there yet, and when they are looked for again.
    later: VecDeque<(Instant, Job)>,
    /// Channels of which events are missing, and when they are read.
    missing: VecDeque<(Instant, Id)>,
    to_subscribe: Vec<Id>,
    to_unsubscribe: Vec<Id>,
    /// Channels to look at since the session began.
    to_check: VecDeque<Id>,
    checks: usize,
    looks: looks::Looks,
    probe: Probe,
    /// Who is woken once all that has come was told.
    told: Vec<Told>,
    /// Whether it was said in this session that events were lost.
    has_lost: bool,
    /// Why the session is over, if it is.
    lost: Option<String>,
    ending: Option<Ending>,
}

struct Ending {
    tell: oneshot::Sender<()>,
    until: Instant,
}

/// Whether messages still come: a node sends itself one now and then.
#[derive(Debug)]
struct Probe {
    next: Instant,
    sent: u64,
    come: u64,
}

/// What became of a session.
enum Over {
    Lost(String),
    Ended,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, connector: Connector) -> Self {
        let now = Instant::now();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let drawn = RandomState::new().hash_one(std::process::id());
        let leases = Leases::new(shared.config.partitions, now);
        Self {
            shared,
            connector,
            feed: None,
            channels: Channels::default(),
            leases,
            minter: EpochMinter::new(since_1970, drawn),
            tag: 0,
            session: None,
            sessions: 0,
            outgoing: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            sent: BTreeMap::new(),
            batches: 0,
            held_back: VecDeque::new(),
            again: Vec::new(),
            later: VecDeque::new(),
            missing: VecDeque::new(),
            to_subscribe: Vec::new(),
            to_unsubscribe: Vec::new(),
            to_check: VecDeque::new(),
            checks: 0,
            looks: looks::Looks::new(now),
            probe: Probe { next: now, sent: 0, come: 0 },
            told: Vec::new(),
            has_lost: false,
            lost: None,
            ending: None,
        }
    }

    pub(crate) async fn run(mut self) {
        while let Some(session) = self.connect().await {
            match self.serve(session).await {
                Over::Lost(reason) => self.note_away(&reason),
                Over::Ended => break,
            }
        }
        self.shared.inbox.close();
        self.end_session();
        self.refuse_all();
        if let Some(Ending { tell, .. }) = self.ending.take() {
            // Who has dropped the store does not wait.
            let _is_waited_for = tell.send(());
        }
    }

    /// Serves until the session is over: subscribes to all channels, looks where each of them stands, and only then
    /// takes publications.
    async fn serve(&mut self, session: Session) -> Over {
        count(&self.shared.tally.connections);
        let at = self.connector.address.to_string();
        tracing::info!(at, "connected to Redis");
        self.begin(session);
        let mut is_ready = false;
        loop {
            let now = Instant::now();
            self.take_messages(now);
            self.take_asks(is_ready, now);
            self.tick(now);
            if !is_ready && self.has_caught_up() {
                is_ready = true;
                self.shared.status.send_replace(Status::Ready);
                self.ask_again(now);
            }
            self.flush();
            // Whoever listens finds all that has come, and is woken once.
            self.told.clear();
            if let Some(reason) = self.lost.take() {
                self.end_session();
                return Over::Lost(reason);
            }
            if self.has_ended(now) {
                self.say_goodbye().await;
                return Over::Ended;
            }
            let inbox = self.shared.inbox.clone();
            let mut due = self.due(now);
            if inbox.has_some() {
                // This task is not held up by the runtime, and gives way of its own accord.
                yield_now().await;
                due = now;
            }
            select! {
                Some(answered) = self.in_flight.next() => {
                    self.handle_answered(answered, Instant::now());
                    while let Some(Some(more)) = self.in_flight.next().now_or_never() {
                        self.handle_answered(more, Instant::now());
                    }
                }
                () = inbox.changed() => (),
                () = sleep_until(due.into()) => (),
            }
        }
    }

    fn begin(&mut self, session: Session) {
        let now = Instant::now();
        self.session = Some(session);
        (self.lost, self.has_lost, self.checks) = (None, false, 0);
        self.probe = Probe { next: now, sent: 0, come: 0 };
        self.to_check = self.channels.ids();
        self.to_subscribe = self.to_check.iter().copied().collect();
        self.to_unsubscribe.clear();
        self.channels.ask_all();
        self.read_revocations();
        self.renew_all(now);
    }

    /// Whether everything that was missed while Redis was away has been asked for.
    fn has_caught_up(&self) -> bool {
        self.to_check.is_empty()
            && self.checks == 0
            && self.channels.are_subscribed()
            && self.leases.are_sure()
    }

    /// What was sent and has no answer is asked again, or nobody knows what became of it.
    fn end_session(&mut self) {
        self.session = None;
        self.in_flight = FuturesUnordered::new();
        for job in mem::take(&mut self.sent).into_values().flatten() {
            self.put_back(job, true);
        }
        for (_, job) in mem::take(&mut self.outgoing) {
            self.put_back(job, false);
        }
        for (_, job) in mem::take(&mut self.later) {
            self.put_back(job, false);
        }
        self.channels.forget_session();
    }

    /// Sends what has gathered.
    fn flush(&mut self) {
        self.change_subscriptions();
        let Some(session) = &self.session else {
            return;
        };
        while !self.outgoing.is_empty() && self.sent.len() < MAX_IN_FLIGHT {
            let (mut pipeline, mut jobs, mut bytes) = (Pipeline::new(), Vec::new(), 0);
            let count = self.outgoing.len().min(MAX_PIPELINE);
            for (command, job) in self.outgoing.drain(..count) {
                bytes += job.bytes();
                pipeline.add_command(command);
                jobs.push(job);
                if MAX_PIPELINE_BYTES < bytes {
                    break;
                }
            }
            self.batches += 1;
            let (mut connection, batch, count) =
                (session.commands.clone(), self.batches, jobs.len());
            self.sent.insert(batch, jobs);
            self.in_flight.push(Box::pin(async move {
                let answer = connection.send_packed_commands(&pipeline, 0, count).await;
                Answered::Commands { batch, answer }
            }));
        }
    }

    /// When something has to be done at the latest.
    fn due(&self, now: Instant) -> Instant {
        let missing = self.missing.front().map(|(due, _)| *due);
        let later = self.later.front().map(|(due, _)| *due);
        let all = [
            missing,
            later,
            Some(self.looks.next()),
            Some(self.probe.next),
            Some(self.leases.next()),
        ];
        all.into_iter().flatten().min().unwrap_or(now + TICK)
    }

    /// Does what is due.
    fn tick(&mut self, now: Instant) {
        while self.missing.front().is_some_and(|(due, _)| *due <= now)
            && let Some((_, id)) = self.missing.pop_front()
        {
            self.read_missing(id);
        }
        while self.later.front().is_some_and(|(due, _)| *due <= now)
            && let Some((_, job)) = self.later.pop_front()
        {
            self.send_again(job);
        }
        self.look(now);
        self.check_some();
        self.renew(now);
        self.send_probe(now);
    }

    fn send_probe(&mut self, now: Instant) {
        if now < self.probe.next {
            return;
        }
        if self.probe.come + MAX_MISSED <= self.probe.sent {
            self.lose("no messages come, though they are sent".to_owned());
            return;
        }
        self.probe.next = now + BETWEEN_PROBES;
        self.probe.sent += 1;
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.shared.keys.own(&self.shared.node)).arg(self.probe.sent);
        self.outgoing.push_back((publish, Job::Nothing));
        self.outgoing.push_back((self.connector.keep_settings(), Job::Nothing));
    }

    /// The session cannot be used any more.
    fn lose(&mut self, reason: String) {
        self.lost.get_or_insert(reason);
    }

    /// Whether the store was ended, and nothing is left to do.
    fn has_ended(&self, now: Instant) -> bool {
        let inbox = &self.shared.inbox;
        let is_done = || inbox.bytes() == 0 && !inbox.has_some() && self.sent.is_empty();
        self.ending.as_ref().is_some_and(|ending| ending.until <= now || is_done())
    }

    fn note_channels(&self) {
        self.shared.tally.channels.store(self.channels.len(), Ordering::Relaxed);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.inbox.close();
        if thread::panicking() {
            self.shared.status.send_replace(Status::Failed(StartError::Panicked));
        }
    }
}

/// How often a node looks after its channels.
const TICK: Duration = Duration::from_millis(100);

const BETWEEN_PROBES: Duration = Duration::from_secs(3);

/// How many messages to itself a node may miss.
const MAX_MISSED: u64 = 2;

/// How many pipelines are sent before the first is answered: what waits here does not count as an answer that is late.
const MAX_IN_FLIGHT: usize = 16;

const MAX_PIPELINE: usize = 256;
const MAX_PIPELINE_BYTES: usize = 1 << 20;
