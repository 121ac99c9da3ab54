use std::{borrow::Cow, time::Instant};

use http::{Method, Response, StatusCode, request::Parts};
use sse_core::{Token, gateway::RefusalReason};
use tracing::Level;

use super::trace::Trace;
use crate::timer::now;

/// What the log says of a request, and what its answer says of the log.
pub(super) struct Line {
    method: Method,
    /// None where nothing is logged and the client has not begun one.
    pub(super) trace: Option<Trace>,
    /// None where nothing is to be logged.
    named: Option<Named>,
    started: Instant,
}

/// The action and the channel, if the request names any.
type Named = Option<(String, Token)>;

impl Line {
    pub(super) fn of(
        parts: &Parts,
        started: Instant,
        channel: impl FnOnce() -> Option<(String, Token)>,
    ) -> Self {
        let is_logged = tracing::enabled!(Level::INFO);
        let trace = Trace::of(&parts.headers).or_else(|| is_logged.then(Trace::new));
        Self { method: parts.method.clone(), trace, named: is_logged.then(channel), started }
    }

    /// Writes the line of the answer `response`, which a refusal of `refused` may be whatever its status, and has the
    /// answer say which trace it belongs to.
    pub(super) fn end<T>(self, refused: Option<StatusCode>, response: &mut Response<T>) {
        if let Some(trace) = self.trace {
            trace.put(response.headers_mut());
            self.log(trace, refused.unwrap_or_else(|| response.status()), response);
        }
    }

    fn log<T>(self, trace: Trace, status: StatusCode, response: &Response<T>) {
        let Some(channel) = self.named else {
            return;
        };
        let reason = response.extensions().get().map(RefusalReason::as_str);
        let (method, status) = (shortened(self.method.as_str()), status.as_u16());
        let micros = (now() - self.started).as_micros();
        let (duration, trace_id) = (format_args!("{micros}µs"), trace.id());
        match channel {
            Some((action, token)) => {
                let (action, token) = (&*shortened(&action), &*token.shortened().to_string());
                // Quoted, so that neither can pass for another field.
                tracing::info!(%method, action, token, status, %duration, reason, %trace_id, "request");
            }
            None => tracing::info!(%method, status, %duration, reason, %trace_id, "request"),
        }
    }
}

/// The beginning of what may be as long as a request takes.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// How many characters of a method or an action a log line shows.
const SHOWN: usize = 8;
