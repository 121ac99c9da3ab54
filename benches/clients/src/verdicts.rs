use std::time::Duration;

use crate::{contestants::Notice, server::Request};

/// What was seen of a client.
pub(crate) struct Observed {
    /// It had not ended when the time was over.
    pub(crate) is_waiting: bool,
    pub(crate) requests: Vec<Request>,
    pub(crate) notices: Vec<Notice>,
}

/// What a client did, and whether that is right.
pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) is_right: bool,
}

impl Observed {
    fn has_event(&self, data: &str) -> bool {
        self.notices.iter().any(|notice| matches!(notice, Notice::Event(event) if event == data))
    }

    fn has_error(&self) -> bool {
        self.notices.iter().any(|notice| matches!(notice, Notice::Error))
    }

    /// The time before the request of this number.
    fn wait(&self, number: usize) -> Option<Duration> {
        Some(self.requests.get(number)?.at - self.requests.get(number - 1)?.at)
    }
}

pub(crate) fn kept(seen: &Observed) -> Verdict {
    match seen.requests.get(2).map(|request| request.field("last-event-id")) {
        Some(Some("1")) => right("kept"),
        Some(Some("")) => wrong("**lost**, sends an empty one"),
        Some(_) => wrong("**lost**"),
        None => wrong("makes no third request"),
    }
}

pub(crate) fn stops(seen: &Observed) -> Verdict {
    match seen.requests.len() {
        1 => right("stops"),
        count => wrong(&format!("goes on, {count} requests")),
    }
}

pub(crate) fn refused(seen: &Observed) -> Verdict {
    match (seen.requests.len(), seen.has_error()) {
        (1, true) => right("error"),
        (1, false) => wrong("stops in silence"),
        _ if seen.has_event("a") => wrong("goes on"),
        (count, _) => wrong(&format!("goes on, {count} requests")),
    }
}

/// Whether the request of this number came no sooner than the server said.
pub(crate) fn honoured<const NUMBER: usize>(seen: &Observed) -> Verdict {
    match seen.wait(NUMBER) {
        Some(wait) if Duration::from_secs(2) <= wait => {
            right(&format!("after {:.1} s", wait.as_secs_f64()))
        }
        Some(wait) => wrong(&format!("**ignored**, after {:.2} s", wait.as_secs_f64())),
        // The jitter may take it out of the window, but not if there was an error that ends it.
        None if seen.is_waiting => right("waits on"),
        None => wrong("gives up"),
    }
}

pub(crate) fn follows(seen: &Observed) -> Verdict {
    let is_there = seen.requests.get(1).is_some_and(|request| request.path() == "/next");
    match is_there && seen.has_event("a") {
        true => right("follows"),
        false => wrong("**fails**"),
    }
}

pub(crate) fn leaves(seen: &Observed) -> Verdict {
    match (seen.has_error(), seen.requests.len()) {
        (true, count) if count <= 100 => right(&format!("error, {count} requests")),
        (_, count) => wrong(&format!("{count} requests")),
    }
}

pub(crate) fn refuses(seen: &Observed) -> Verdict {
    match (seen.has_event("a"), seen.has_error()) {
        (true, _) => wrong("**accepts it**"),
        (false, true) if seen.requests.len() == 1 => right("error"),
        (false, _) => wrong(&format!("{} requests", seen.requests.len())),
    }
}

pub(crate) fn delivers(seen: &Observed) -> Verdict {
    match seen.has_event("a") {
        true => right("ok"),
        false => wrong("**no event**"),
    }
}

pub(crate) fn sends_utf8(seen: &Observed) -> Verdict {
    match seen.requests.get(1).map(|request| request.field("last-event-id")) {
        Some(Some("é…")) => right("sent as UTF-8"),
        Some(Some(_)) => wrong("sent as something else"),
        Some(None) => wrong("not sent"),
        None => wrong("ends"),
    }
}

pub(crate) fn takes_retry(seen: &Observed) -> Verdict {
    match seen.wait(1) {
        Some(wait) if wait < Duration::from_millis(290) => {
            right(&format!("taken, {} ms", wait.as_millis()))
        }
        Some(wait) => wrong(&format!("ignored, {} ms", wait.as_millis())),
        None => wrong("ends"),
    }
}

pub(crate) fn is_calm(seen: &Observed) -> Verdict {
    let count = seen.requests.len();
    match count {
        0..=1 => wrong("ends"),
        // The floor of 100 ms makes 35.
        2..=40 => right(&format!("{count} requests")),
        _ => wrong(&format!("**{count} requests**")),
    }
}

pub(crate) fn finds_again(seen: &Observed) -> Verdict {
    match seen.has_event("b") {
        true => right("ok"),
        false => wrong("**ends**"),
    }
}

pub(crate) fn counts(seen: &Observed) -> Verdict {
    match seen.requests.len() {
        4 => right("4 requests, then an error"),
        count => wrong(&format!("{count} requests")),
    }
}

fn right(text: &str) -> Verdict {
    Verdict { text: text.to_owned(), is_right: true }
}

fn wrong(text: &str) -> Verdict {
    Verdict { text: text.to_owned(), is_right: false }
}
