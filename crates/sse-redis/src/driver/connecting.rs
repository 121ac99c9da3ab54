//! While Redis is away.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use tokio::{
    select,
    time::{sleep, sleep_until},
};

use super::{Driver, TICK};
use crate::{
    Status,
    session::{NoSession, Session},
};

impl Driver {
    /// Tries until there is a session, and meanwhile refuses what is asked for. There is none if the store has ended,
    /// or cannot be used.
    pub(super) async fn connect(&mut self) -> Option<Session> {
        let mut pause = LEAST_PAUSE;
        loop {
            self.sessions += 1;
            let connector = self.connector.clone();
            let opening = connector.open(self.sessions, self.shared.inbox.clone());
            tokio::pin!(opening);
            let opened = loop {
                if self.wait_away() {
                    return None;
                }
                select! {
                    opened = &mut opening => break opened,
                    () = self.shared.inbox.changed() => (),
                    () = sleep(TICK) => (),
                }
            };
            match opened {
                Ok(session) => return Some(session),
                Err(NoSession::Never(error)) => {
                    tracing::error!(%error, "Redis cannot be used");
                    self.shared.status.send_replace(Status::Failed(error));
                    return None;
                }
                Err(NoSession::Away(reason)) => self.note_away(&reason),
            }
            let until = Instant::now() + self.jittered(pause);
            while Instant::now() < until {
                if self.wait_away() {
                    return None;
                }
                select! {
                    () = self.shared.inbox.changed() => (),
                    () = sleep_until(until.into()) => (),
                }
            }
            pause = (2 * pause).min(MOST_PAUSE);
        }
    }

    /// So that nodes that lost the same server do not come back all at once.
    fn jittered(&self, pause: Duration) -> Duration {
        let drawn = RandomState::new().hash_one(self.sessions) % 1_000;
        pause / 2 + pause.mul_f64(drawn as f64 / 2_000.0)
    }

    pub(super) fn note_away(&self, reason: &str) {
        let is_new = self.shared.status.send_if_modified(|status| {
            let away = Status::Away { reason: reason.into() };
            let is_new = *status != away;
            *status = away;
            is_new
        });
        if is_new {
            let at = &self.connector.address;
            tracing::warn!(%at, reason, "Redis is away: publications are refused, and listeners wait");
        }
    }
}

const LEAST_PAUSE: Duration = Duration::from_millis(50);
const MOST_PAUSE: Duration = Duration::from_millis(500);
