//! Publishers and clients at several nodes, whatever becomes of Redis, and a checker that knows what has to hold.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use sse_core::{
    Decoder, Item,
    channel::{IdempotencyKey, Output},
    history::Start,
    hub::{Post, PublishError, Subscriber},
    response::LastEventId,
};
use sse_testkit::{
    checker::{CheckedClient, Checker},
    until,
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout, timeout_at},
};

use crate::support::{Node, token};

/// What all share who use some nodes.
pub(crate) struct Load {
    nodes: Vec<Node>,
    checker: Checker,
    is_over: AtomicBool,
    acknowledged: AtomicUsize,
    /// How often a publication was refused, or nobody knew what became of it.
    refused: AtomicUsize,
    channels: usize,
}

impl Load {
    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// Whether no node can use Redis.
    pub(crate) fn are_all_away(&self) -> bool {
        self.nodes.iter().all(|node| !node.store.status().is_ready())
    }
}

/// Those who use them.
pub(crate) struct Running {
    pub(crate) load: Arc<Load>,
    publishers: JoinSet<()>,
    clients: JoinSet<()>,
}

impl Running {
    /// So many `clients` and `publishers` begin to use `nodes`, on so many channels.
    pub(crate) fn start(
        nodes: Vec<Node>,
        checker: &Checker,
        (channels, clients, publishers): (usize, usize, usize),
    ) -> Self {
        let load = Arc::new(Load {
            nodes,
            checker: checker.clone(),
            is_over: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            channels,
        });
        let mut running =
            Self { load: load.clone(), publishers: JoinSet::new(), clients: JoinSet::new() };
        for number in 0..clients {
            running.clients.spawn(Client::new(&load, number).run());
        }
        for number in 0..publishers {
            running.publishers.spawn(Publisher { load: load.clone(), number, published: 0 }.run());
        }
        running
    }

    /// Waits until so many publications more were acknowledged.
    pub(crate) async fn acknowledge(&self, more: usize) {
        let until_then = self.load.acknowledged.load(Ordering::Relaxed) + more;
        until("publications to be acknowledged", async || {
            until_then <= self.load.acknowledged.load(Ordering::Relaxed)
        })
        .await;
    }

    /// How many publications were refused, or left unknown, so far.
    pub(crate) fn refused(&self) -> usize {
        self.load.refused.load(Ordering::Relaxed)
    }

    /// Lets all come to an end, and looks at what they have seen.
    pub(crate) async fn end(mut self) {
        self.load.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.publishers.join_next().await {
            ended.expect("a publisher comes to its end");
        }
        for channel in 0..self.load.channels {
            let mut last =
                Publisher { load: self.load.clone(), number: 1_000 + channel, published: 0 };
            last.publish(channel, LAST).await;
        }
        let ended = timeout(PATIENCE, async {
            while let Some(ended) = self.clients.join_next().await {
                ended.expect("a client comes to its end");
            }
        });
        let have_all = ended.await;
        self.load.checker.assert_clean();
        have_all.unwrap_or_else(|_| {
            panic!("a client has not come to the end: {}", self.load.checker.summary())
        });
    }
}

struct Publisher {
    load: Arc<Load>,
    number: usize,
    published: usize,
}

impl Publisher {
    async fn run(mut self) {
        while !self.load.is_over.load(Ordering::Relaxed) {
            let channel = (self.number * 7 + self.published) % self.load.channels;
            let data = format!("{}.{}", self.number, self.published);
            self.publish(channel, &data).await;
            sleep(BETWEEN).await;
        }
    }

    /// Publishes `data`, and asks again, now here and now there, until it is known what became of it.
    async fn publish(&mut self, channel: usize, data: &str) {
        self.published += 1;
        let name = channel_name(channel);
        let checked = self.load.checker.publish(&name, "ping", &[data]);
        let key = format!("{}.{}", self.number, self.published);
        let key = IdempotencyKey::try_from(key.as_bytes()).expect("it is a key");
        let begun = Instant::now();
        for at in self.number.. {
            let node = &self.load.nodes[at % self.load.nodes.len()];
            let post = Post::new("ping", data.as_bytes()).with_key(key.clone());
            match node.post(&name, &post).await {
                Ok(published) => {
                    checked.acknowledge(published.position().expect("it has a position"));
                    self.load.acknowledged.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Err(PublishError::Unavailable(_)) => checked.refuse(),
                Err(PublishError::Unknown(_)) => checked.leave_unknown(),
                Err(error) => panic!("a publication is refused: {error}"),
            }
            self.load.refused.fetch_add(1, Ordering::Relaxed);
            assert!(begun.elapsed() < PATIENCE, "{data:?} is never acknowledged");
            sleep(RETRY).await;
        }
    }
}

/// A client of one channel, which comes back at another node each time.
struct Client {
    load: Arc<Load>,
    channel: String,
    node: usize,
    checked: CheckedClient,
    decoder: Decoder,
}

impl Client {
    fn new(load: &Arc<Load>, number: usize) -> Self {
        let channel = channel_name(number % load.channels);
        let checked = load.checker.client(&channel);
        let node = number / load.channels;
        Self { load: load.clone(), channel, node, checked, decoder: Decoder::new() }
    }

    async fn run(mut self) {
        while !self.listen().await {
            self.decoder.reset();
            self.node += 1;
            sleep(RETRY).await;
        }
    }

    /// Listens at one node. Returns whether the last event has come.
    async fn listen(&mut self) -> bool {
        let node = &self.load.nodes[self.node % self.load.nodes.len()];
        let last = self.decoder.last_event_id().to_owned();
        let id = LastEventId::new(Some(last.as_bytes()), None);
        let start = if last.is_empty() { Start::default() } else { Start::from(id) };
        let joining = node.hub.join(&token(&self.channel), &start, None, Instant::now());
        let deadline = joining.deadline();
        let Ok(Ok(mut subscriber)) = timeout_at(deadline.into(), joining).await else {
            return false;
        };
        self.checked.connect(Some(&last));
        while let Some(bytes) = next_write(&mut subscriber).await {
            let mut bytes = &bytes[..];
            while let Some(item) = self.decoder.decode(&mut bytes).expect("it is an event stream") {
                if let Item::Event(event) = item {
                    let is_last = event.data() == LAST;
                    self.checked.see(event);
                    if is_last {
                        return true;
                    }
                }
            }
        }
        false
    }
}

async fn next_write(subscriber: &mut Subscriber) -> Option<Vec<u8>> {
    loop {
        let output = poll_fn(|cx| match subscriber.poll_output(cx.waker(), Instant::now()) {
            Output::Wait { .. } => Poll::Pending,
            output => Poll::Ready(output),
        });
        // Keepalives are nothing that a waker tells of.
        match timeout(KEEPALIVE, output).await {
            Ok(Output::Write(bytes)) => return Some(bytes.to_vec()),
            Ok(_) => return None,
            Err(_) => (),
        }
    }
}

fn channel_name(number: usize) -> String {
    format!("c{number}")
}

/// How long anything may take that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

const RETRY: Duration = Duration::from_millis(5);
const BETWEEN: Duration = Duration::from_millis(1);
const KEEPALIVE: Duration = Duration::from_secs(5);

/// The data of the last event of each channel.
const LAST: &str = "last";
