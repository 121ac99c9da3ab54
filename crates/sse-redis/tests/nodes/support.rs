//! Nodes, as a process has them: a hub with a store, in one Redis that a test starts.

use std::{
    future::poll_fn,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use sse_core::{
    Decoder, Hub, HubConfig, Item, StringFormat, Token,
    channel::{CloseReason, Mode, Output},
    history::{History, Position, Start},
    hub::{Post, PublishError, Published, SubscribeError, Subscriber},
    response::LastEventId,
};
use sse_redis::{RedisConfig, Store};
use sse_testkit::{cluster::RedisServer, until};
use tokio::time::timeout;

/// How long anything may take that happens at all.
pub(crate) const HANG: Duration = Duration::from_secs(20);

pub(crate) struct Node {
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: Arc<Store>,
}

impl Node {
    /// A node of shared channels on `redis`, once it can be used.
    pub(crate) async fn start(redis: &RedisServer) -> Self {
        Self::with(&redis.url(), |config| config.with_mode(Mode::Shared)).await
    }

    /// A node at `url` whose hub is configured by `configure`.
    pub(crate) async fn with(url: &str, configure: impl FnOnce(HubConfig) -> HubConfig) -> Self {
        let node = Self::not_ready(RedisConfig::new(url), History::new(7), configure);
        node.store.ready().await.expect("Redis can be used");
        node
    }

    pub(crate) fn not_ready(
        config: RedisConfig,
        history: History,
        configure: impl FnOnce(HubConfig) -> HubConfig,
    ) -> Self {
        let store = Store::start(config.with_history(&history)).expect("the URL is one of Redis");
        let store = Arc::new(store);
        let config = HubConfig::new(StringFormat).with_history(history).with_store(store.clone());
        Self { hub: Hub::new(configure(config)), store }
    }

    pub(crate) async fn publish(&self, channel: &str, data: &str) -> Position {
        let published = self.try_publish(channel, data).await.expect("it is published");
        published.position().expect("an event has a position")
    }

    pub(crate) async fn try_publish(
        &self,
        channel: &str,
        data: &str,
    ) -> Result<Published, PublishError> {
        self.post(channel, &Post::new("ping", data.as_bytes())).await
    }

    pub(crate) async fn post(
        &self,
        channel: &str,
        post: &Post<'_>,
    ) -> Result<Published, PublishError> {
        let mut submission = self.hub.submit(&token(channel), post, Instant::now());
        let Some(deadline) = submission.deadline() else { return submission.await };
        match tokio::time::timeout_at(deadline.into(), &mut submission).await {
            Ok(published) => published,
            Err(_) => submission.handle_timeout(),
        }
    }

    pub(crate) async fn listen(&self, channel: &str, last: &str) -> Listener {
        self.try_listen(channel, last).await.expect("it may listen")
    }

    pub(crate) async fn try_listen(
        &self,
        channel: &str,
        last: &str,
    ) -> Result<Listener, SubscribeError> {
        let start = match last {
            "" => Start::default(),
            last => Start::from(LastEventId::new(Some(last.as_bytes()), None)),
        };
        let joining = self.hub.join(&token(channel), &start, None, Instant::now());
        let subscriber =
            timeout(HANG, joining).await.map_err(|_| SubscribeError::Unavailable)??;
        let anchor = subscriber.resume().map(|resume| resume.anchor().to_string());
        let anchor = anchor.unwrap_or_default();
        Ok(Listener { subscriber, anchor, decoder: Decoder::new(), unread: Vec::new() })
    }
}

pub(crate) fn token(channel: &str) -> Token {
    Token::new(channel).expect("it is a token")
}

pub(crate) struct Listener {
    subscriber: Subscriber,
    anchor: String,
    decoder: Decoder,
    unread: Vec<Seen>,
}

/// What a client sees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) id: String,
}

impl Listener {
    /// The position before the first event that follows.
    pub(crate) fn anchor(&self) -> &str {
        &self.anchor
    }

    /// The bytes of the next write.
    pub(crate) async fn raw(&mut self) -> String {
        let Some(Output::Write(bytes)) = self.output(HANG).await else {
            panic!("nothing is written")
        };
        String::from_utf8(bytes.to_vec()).expect("it is text")
    }

    async fn output(&mut self, patience: Duration) -> Option<Output> {
        let output = poll_fn(|cx| match self.subscriber.poll_output(cx.waker(), Instant::now()) {
            Output::Wait { .. } => Poll::Pending,
            output => Poll::Ready(output),
        });
        timeout(patience, output).await.ok()
    }

    /// The next event, or why the stream has ended.
    pub(crate) async fn next(&mut self) -> Result<Seen, CloseReason> {
        self.try_next(HANG).await.expect("something comes")
    }

    /// The same, if it comes within `patience`.
    pub(crate) async fn try_next(
        &mut self,
        patience: Duration,
    ) -> Option<Result<Seen, CloseReason>> {
        while self.unread.is_empty() {
            match self.output(patience).await? {
                Output::Close(reason) => return Some(Err(reason)),
                Output::Write(bytes) => self.read(&bytes),
                _ => (),
            }
        }
        Some(Ok(self.unread.remove(0)))
    }

    /// The data of the next `count` events, without those of the system.
    pub(crate) async fn data(&mut self, count: usize) -> Vec<String> {
        let mut data = Vec::new();
        while data.len() < count {
            let seen = self.next().await.expect("the stream goes on");
            if !seen.name.starts_with("sse.") {
                data.push(seen.data);
            }
        }
        data
    }

    fn read(&mut self, mut bytes: &[u8]) {
        while let Some(item) = self.decoder.decode(&mut bytes).expect("it is an event stream") {
            if let Item::Event(event) = item {
                self.unread.push(Seen {
                    name: event.name().to_owned(),
                    data: event.data().to_owned(),
                    id: event.last_event_id().to_owned(),
                });
            }
        }
    }
}

/// Waits until the replica has all that the primary has acknowledged by now.
pub(crate) async fn until_synchronous(primary: &RedisServer, replica: &RedisServer) {
    let offset_of = |server: &RedisServer, field: &str| {
        let info = server.command(&["INFO", "replication"]).to_string();
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.parse::<u64>().ok());
        value.expect("it is a number")
    };
    let acknowledged = offset_of(primary, "master_repl_offset:");
    until("the replica to have all", async || {
        acknowledged <= offset_of(replica, "slave_repl_offset:")
    })
    .await;
}
