//! What waits for the driver: what the hub asks for, and what other nodes tell.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;

use crate::ask::Ask;

/// A queue for each, bounded in bytes.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    is_there: Notify,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    asks: VecDeque<Ask>,
    /// Of what is to be published, from when it was asked for until it is known what became of it.
    ask_bytes: usize,
    messages: VecDeque<Pushed>,
    message_bytes: usize,
    /// Whether nobody takes anything any more.
    is_closed: bool,
    /// What became of the connection that messages come on, and which one it was.
    lost: Option<(u64, &'static str)>,
}

/// A message of Pub/Sub.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// Which connection it has come on.
    pub(crate) session: u64,
    pub(crate) channel: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

impl Inbox {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, ..Self::default() }
    }

    /// Takes nothing any more.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
    }

    /// Puts `ask` behind the others, unless there is no room or it is closed. What takes room has to be given back with [`Self::free`].
    pub(crate) fn ask(&self, ask: Ask) -> Result<(), Ask> {
        let bytes = ask.bytes();
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(ask);
        }
        // One that finds nothing else is taken whatever it costs.
        if 0 < bytes && 0 < waiting.ask_bytes && self.max_bytes < waiting.ask_bytes + bytes {
            return Err(ask);
        }
        waiting.ask_bytes += bytes;
        waiting.asks.push_back(ask);
        drop(waiting);
        self.is_there.notify_one();
        Ok(())
    }

    /// It is known what became of something that took so many bytes.
    pub(crate) fn free(&self, bytes: usize) {
        self.lock().ask_bytes -= bytes;
    }

    /// How many bytes wait to be published, or for an answer.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().ask_bytes
    }

    /// Takes what a connection tells of its own accord.
    pub(crate) fn push(&self, session: u64, info: PushInfo) {
        let PushInfo { kind, data } = info;
        match kind {
            PushKind::Message => {
                let mut data = data.into_iter();
                let (Some(Value::BulkString(channel)), Some(Value::BulkString(payload))) =
                    (data.next(), data.next())
                else {
                    return;
                };
                self.put(Pushed { session, channel, payload });
            }
            PushKind::Disconnection => self.lose(session, "the connection for messages has ended"),
            _ => return,
        }
        self.is_there.notify_one();
    }

    fn put(&self, pushed: Pushed) {
        let mut waiting = self.lock();
        let bytes = pushed.cost();
        if self.max_bytes < waiting.message_bytes + bytes {
            waiting.lost = Some((pushed.session, "more messages have come than there is room for"));
            return;
        }
        waiting.message_bytes += bytes;
        waiting.messages.push_back(pushed);
    }

    fn lose(&self, session: u64, why: &'static str) {
        self.lock().lost = Some((session, why));
    }

    /// Takes up to `max` of what was asked for.
    pub(crate) fn take_asks(&self, max: usize) -> Vec<Ask> {
        let mut waiting = self.lock();
        let count = waiting.asks.len().min(max);
        waiting.asks.drain(..count).collect()
    }

    /// Takes all messages, and why no more come on the connection `session`, if that is so.
    pub(crate) fn take_messages(&self, session: u64) -> (VecDeque<Pushed>, Option<&'static str>) {
        let mut waiting = self.lock();
        waiting.message_bytes = 0;
        let lost = waiting.lost.take_if(|_| true).filter(|(lost, _)| *lost == session);
        (mem::take(&mut waiting.messages), lost.map(|(_, why)| why))
    }

    /// Whether something waits.
    pub(crate) fn has_some(&self) -> bool {
        let waiting = self.lock();
        !waiting.asks.is_empty() || !waiting.messages.is_empty() || waiting.lost.is_some()
    }

    /// Waits for something to come.
    pub(crate) async fn changed(&self) {
        self.is_there.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pushed {
    fn cost(&self) -> usize {
        size_of::<Self>() + self.channel.len() + self.payload.len()
    }
}
