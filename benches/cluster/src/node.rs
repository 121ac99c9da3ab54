use std::{future::poll_fn, sync::Arc, task::Poll, time::Instant};

use bytes::Bytes;
use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Mode, Output},
    history::{History, Position, Start},
    hub::{Post, Subscriber},
    response::LastEventId,
};
use sse_redis::{RedisConfig, Store};
use tokio::time::timeout_at;

use crate::Result;

/// A node as a process has it: a hub, and a store in Redis where it is one of many.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: Option<Arc<Store>>,
}

impl Node {
    /// One of many on the Redis at `url`, or the only one, with the same limits.
    pub(crate) async fn start(url: Option<&str>, history: History) -> Result<Self> {
        let config = HubConfig::new(StringFormat)
            .with_mode(Mode::Shared)
            .with_keepalive(None)
            .with_history(history.clone())
            .with_max_channels(1_000_000)
            .with_max_listeners(1_000_000)
            .with_max_history_bytes(1 << 30)
            .with_max_total_bytes(1 << 30);
        let Some(url) = url else {
            return Ok(Self { hub: Hub::new(config), store: None });
        };
        let store = Arc::new(Store::start(RedisConfig::new(url).with_history(&history))?);
        store.ready().await?;
        Ok(Self { hub: Hub::new(config.with_store(store.clone())), store: Some(store) })
    }

    /// Publishes `data`, and waits no longer than an adapter does. Returns where it is.
    pub(crate) async fn publish(&self, token: &Token, data: &[u8]) -> Result<Position> {
        let mut submission = self.hub.submit(token, &Post::new("ping", data), Instant::now());
        let published = match submission.deadline() {
            None => submission.await,
            Some(deadline) => match timeout_at(deadline.into(), &mut submission).await {
                Ok(published) => published,
                Err(_) => submission.handle_timeout(),
            },
        }?;
        let position = published.position();
        published.wake();
        position.ok_or_else(|| "an event has a position".into())
    }

    /// A listener that has read everything up to `last`, or that starts with the next event.
    pub(crate) async fn join(&self, token: &Token, last: &str) -> Result<Listener> {
        let start = match last {
            "" => Start::default(),
            last => Start::from(LastEventId::new(Some(last.as_bytes()), None)),
        };
        let joining = self.hub.join(token, &start, None, Instant::now());
        let deadline = joining.deadline();
        let subscriber = timeout_at(deadline.into(), joining).await??;
        Ok(Listener { subscriber, newest: 0 })
    }
}

pub(crate) fn token(name: impl AsRef<str>) -> Token {
    Token::new(name.as_ref()).expect("it is a token")
}

pub(crate) struct Listener {
    subscriber: Subscriber,
    /// The number of the event that was read last.
    pub(crate) newest: u64,
}

impl Listener {
    /// What is to be written next.
    pub(crate) async fn next(&mut self) -> Result<Bytes, CloseReason> {
        let output = poll_fn(|cx| match self.subscriber.poll_output(cx.waker(), Instant::now()) {
            Output::Wait { .. } => Poll::Pending,
            output => Poll::Ready(output),
        });
        match output.await {
            Output::Close(reason) => Err(reason),
            Output::Write(bytes) => {
                self.newest = number_of_last(&bytes).unwrap_or(self.newest);
                Ok(bytes)
            }
            _ => Ok(Bytes::new()),
        }
    }
}

/// The number of the last event in `frames`: it ends with the line `id: 42.k3f9x2q1abc`.
fn number_of_last(frames: &[u8]) -> Option<u64> {
    let frames = frames.strip_suffix(b"\n\n")?;
    let line = frames.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let digits = frames[line..].strip_prefix(b"id: ")?.split(|&byte| byte == b'.').next()?;
    str::from_utf8(digits).ok()?.parse().ok()
}
