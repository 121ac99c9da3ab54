use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sse_core::access::Denied;
use tokio::sync::watch;

use super::{CacheKey, question::Question};
use crate::{cache::KnownVerdict, limits::Address};

/// The questions that have been asked and not been answered yet.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<Questions>);

type Questions = HashMap<CacheKey, Put>;

/// A question that has been put.
struct Put {
    answer: watch::Receiver<Option<Answer>>,
    client: Option<Address>,
}

impl UnderWay {
    /// Joins `question` to those under way: returns what is known, or the future answer to the same question or to
    /// the one under `key`, or makes the caller ask it.
    ///
    /// `recall` is called under the lock, so that an answer that comes now is either known or still awaited.
    pub(super) fn join(
        self: &Arc<Self>,
        key: CacheKey,
        question: &Question,
        recall: impl FnOnce() -> Option<KnownVerdict>,
    ) -> Joined {
        let mut questions = self.lock();
        if let Some(verdict) = recall() {
            return Joined::Known(verdict);
        }
        if let Some(put) = questions.get(&question.by_path()).or_else(|| questions.get(&key)) {
            return Joined::Waiting(Waiting(put.answer.clone()));
        }
        if questions.len() == MAX {
            return Joined::Full;
        }
        let client = question.client();
        let of_client = |put: &&Put| put.client.is_some() && put.client == client;
        if questions.values().filter(of_client).count() == MAX_OF_CLIENT {
            return Joined::ClientFull;
        }
        let (sender, answer) = watch::channel(None);
        questions.insert(key, Put { answer: answer.clone(), client });
        Joined::First(Asker { under_way: Arc::clone(self), key, sender }, Waiting(answer))
    }

    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) enum Joined {
    Known(KnownVerdict),
    Waiting(Waiting),
    /// The caller has to ask.
    First(Asker, Waiting),
    Full,
    /// The client has put as many as one may have under way.
    ClientFull,
}

/// An answer that is to come.
pub(super) struct Waiting(watch::Receiver<Option<Answer>>);

impl Waiting {
    /// The answer; `None` if there will be none.
    pub(super) async fn answer(mut self) -> Option<Answer> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// Held by the one who asks a question, which is under way until this is dropped.
pub(super) struct Asker {
    under_way: Arc<UnderWay>,
    key: CacheKey,
    sender: watch::Sender<Option<Answer>>,
}

impl Asker {
    /// Gives `answer` to all who wait for it.
    pub(super) fn answer(self, answer: Answer) {
        self.sender.send_replace(Some(answer));
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.key);
    }
}

/// A verdict, and the question that it answers.
#[derive(Clone)]
pub(super) struct Answer {
    by_path: CacheKey,
    verdict: KnownVerdict,
}

impl Answer {
    pub(super) fn new(question: &Question, verdict: KnownVerdict) -> Self {
        Self { by_path: question.by_path(), verdict }
    }

    /// Whether it answers `question`, which is about the same credential.
    pub(super) fn is_about(&self, question: &Question) -> bool {
        self.verdict != Err(Denied::Forbidden) || self.by_path == question.by_path()
    }

    pub(super) fn into_verdict(self) -> KnownVerdict {
        self.verdict
    }
}

/// More at once than a server that answers needs, and few enough for one that does not.
pub(super) const MAX: usize = 256;

/// A quarter of them, so that one client that makes credentials up leaves room for others, also where the
/// answers are slow and what has failed is known too late.
pub(super) const MAX_OF_CLIENT: usize = MAX / 4;
