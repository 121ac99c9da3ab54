//! Grants that are revoked at all nodes, and at those that begin later.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redis::Value;
use sse_core::{
    access::Revocation,
    store::{Done, Unavailable},
};

use super::{Driver, jobs::Job};
use crate::reply::number;

impl Driver {
    /// Tells all nodes, and those that begin later.
    pub(super) fn revoke(
        &mut self,
        revocation: Revocation,
        done: Option<Done<Result<(), Unavailable>>>,
    ) {
        let (name, end) = (name_of(&revocation), end_of(&revocation));
        let mut keep = redis::cmd("HSET");
        keep.arg(self.shared.keys.revoked()).arg(&name).arg(&end);
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.shared.keys.everywhere()).arg(format!("v {end} {name}"));
        self.outgoing.push_back((publish, Job::Nothing));
        self.outgoing.push_back((keep, Job::Revoke(revocation, done)));
    }

    pub(super) fn handle_revoked(
        &mut self,
        revocation: &Revocation,
        done: Option<Done<Result<(), Unavailable>>>,
        now: Instant,
    ) {
        let (subject, id) = (revocation.of_subject(), revocation.of_id());
        tracing::debug!(subject, id, "all nodes know that it is revoked");
        if let Some(done) = done {
            self.told.push(done.tell(Ok(()), now));
        }
    }

    /// Asks for all of them.
    pub(super) fn read_revocations(&mut self) {
        if self.session.is_some() && self.feed.is_some() {
            let mut all = redis::cmd("HGETALL");
            all.arg(self.shared.keys.revoked());
            self.outgoing.push_back((all, Job::Revoked));
        }
    }

    pub(super) fn handle_revocations(&mut self, value: Value, now: Instant) {
        let Ok(all) = redis::from_redis_value::<Vec<(Vec<u8>, Vec<u8>)>>(value) else {
            return;
        };
        for (name, end) in all {
            if !self.hear(&name, &end, now) {
                let mut forget = redis::cmd("HDEL");
                forget.arg(self.shared.keys.revoked()).arg(name);
                self.outgoing.push_back((forget, Job::Nothing));
            }
        }
    }

    pub(super) fn hear_revocation(&mut self, payload: &[u8], now: Instant) {
        let mut words = payload.splitn(3, |&byte| byte == b' ');
        if let (Some(b"v"), Some(end), Some(name)) = (words.next(), words.next(), words.next()) {
            self.hear(name, end, now);
        }
    }

    /// Returns whether it is still to be remembered.
    fn hear(&mut self, name: &[u8], end: &[u8], now: Instant) -> bool {
        let name = str::from_utf8(name).ok().and_then(|name| name.split_once(':'));
        let revocation = match name {
            Some(("s", subject)) => Revocation::subject(subject),
            Some(("i", id)) => Revocation::id(id),
            _ => return true,
        };
        let revocation = match number(end) {
            None => revocation,
            Some(end) => {
                let left = Duration::from_millis(end).checked_sub(since_1970());
                let Some(until) = left.and_then(|left| now.checked_add(left)) else {
                    return false;
                };
                revocation.with_end(until)
            }
        };
        match self.feed.as_ref().map(|feed| feed.revoke(&revocation, now)) {
            Some(Ok(told)) => self.told.push(told),
            Some(Err(error)) => {
                tracing::error!(%error, "a grant that was revoked elsewhere is still taken here")
            }
            None => (),
        }
        true
    }
}

fn name_of(revocation: &Revocation) -> String {
    match (revocation.of_subject(), revocation.of_id()) {
        (Some(subject), _) => format!("s:{subject}"),
        (None, id) => format!("i:{}", id.unwrap_or_default()),
    }
}

/// In milliseconds since 1970, which all nodes count alike; `-` for never.
fn end_of(revocation: &Revocation) -> String {
    revocation.end().map_or_else(
        || "-".to_owned(),
        |end| {
            let left = end.saturating_duration_since(Instant::now());
            (since_1970() + left).as_millis().to_string()
        },
    )
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
