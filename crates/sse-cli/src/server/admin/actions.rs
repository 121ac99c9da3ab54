use std::{
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::{
    Token,
    access::{Revocation, RevokeError},
    channel::TokenError,
    hub::PublishError,
};
use sse_hyper::Channels;

use super::{
    answer::{self, Body, boxed},
    asker::Asker,
    form::{EncodingError, Form, FormError, decoded, quoted},
    seen::{DrainError, Seen, Starting},
};
use crate::{
    bounded::{self, OutOfBounds},
    lifetime::{self, LifetimeError},
    server::{
        data::{Copied, CopyFailed},
        redis::Unheard,
    },
    shown::cut,
    signed::{Signed, SignedError},
};

/// What the operator has done, each with a line in the log that says who asked.
impl Seen {
    /// Revokes the grants of a subject, or the one of a token; at all servers, if these share a Redis.
    pub(super) async fn revoke(
        &self,
        form: Form,
        asker: &Asker,
        now: Instant,
    ) -> Result<Response<Body>, ActionError> {
        let [subject, token, lifetime] = form.fields(["subject", "token", "for"])?;
        let (subject, id) = match (subject, token) {
            (Some(subject), None) => (Some(subject), None),
            (None, Some(token)) => (None, Some(id_of(token)?)),
            _ => return Err(ActionError::OneOf),
        };
        let mut revocation = match (&subject, &id) {
            (Some(subject), _) => Revocation::subject(subject),
            (None, id) => Revocation::id(id.as_deref().unwrap_or_default()),
        };
        if let Some(lifetime) = lifetime {
            revocation = revocation.with_end(now + seconds(&lifetime)?);
        }
        let streams = self.public()?.gateway.revoke(&revocation, now)?;
        let ended = streams.count();
        streams.wake();
        let (subject, id) = (subject.as_deref(), id.as_deref().map(|id| cut(id, SHOWN)));
        tracing::info!(%asker, subject, id = id.as_deref(), ended, "revoked");
        if let Some(redis) = self.histories.in_redis() {
            redis.revoke(&revocation, now).await?;
        }
        Ok(answer_of(ended))
    }

    /// Ends the streams of a channel, and forgets it, as the finish action does.
    pub(super) async fn end_channel(
        &self,
        segment: &str,
        form: Form,
        asker: &Asker,
    ) -> Result<Response<Body>, ActionError> {
        let [] = form.fields([])?;
        let token = Token::new(&decoded(segment.as_bytes())?)?;
        if self.hub.channel(&token).is_none() && !self.histories.may_have(&token) {
            return Err(ActionError::NoChannel { token });
        }
        let ended = match Channels::new(self.hub.clone()).submit_close(&token).await {
            Ok(receipt) => receipt.listeners(),
            Err(PublishError::NotConnected) => return Err(ActionError::NoChannel { token }),
            Err(error) => return Err(ActionError::End(error)),
        };
        tracing::info!(%asker, token = %token.shortened(), ended, "ended a channel");
        Ok(answer_of(ended))
    }

    /// Begins the end of the server, as SIGTERM does.
    pub(super) fn drain_as_asked(
        &self,
        form: Form,
        asker: &Asker,
    ) -> Result<Response<Body>, ActionError> {
        let [window] = form.fields(["window"])?;
        let window = window.map(|window| {
            bounded::millis_or_zero(&window)
                .map_err(|error| ActionError::Window { window: quoted(&window), error })
        });
        let window = window.transpose()?;
        self.ask_to_drain(window)?;
        tracing::info!(%asker, ?window, "draining, as was asked for");
        Ok(answer::text(
            StatusCode::ACCEPTED,
            "draining: the server ends its streams, and then stops",
        ))
    }
}

impl Seen {
    /// Makes a copy of the histories on disk, which is the answer: the server writes no file for others.
    pub(super) async fn back_up(
        &self,
        form: Form,
        asker: &Asker,
    ) -> Result<Response<Body>, ActionError> {
        let [] = form.fields([])?;
        let copied = self.histories.on_disk().ok_or(ActionError::NoData)?.copy().await?;
        let len = copied.len();
        tracing::info!(%asker, bytes = len, "backed up");
        let mut response = Response::new(boxed(StreamBody::new(parts(copied))));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, len.into());
        for (name, value) in [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"history.redb\""),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}

fn parts(copied: Copied) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    stream::try_unfold(copied, async |copied| {
        let part = copied.next().await?;
        Ok(part.map(|(bytes, rest)| (Frame::data(bytes), rest)))
    })
}

/// The ID of a grant: that of a whole token, or what was given itself.
fn id_of(token: String) -> Result<String, ActionError> {
    let text = token.trim_ascii();
    let is_id = Signed::parse(text).is_err() && !(text.starts_with(HEADER) && text.contains('.'));
    if is_id {
        return Ok(token);
    }
    let signed = Signed::parse(text)?;
    match signed.id() {
        Some(id) => Ok(id.to_owned()),
        None => Err(match signed.subject() {
            Some(subject) => ActionError::NoId { subject: quoted(subject) },
            None => ActionError::Nameless,
        }),
    }
}

/// A time as `eventsource-token --expires-in` has it, or a number of seconds.
fn seconds(text: &str) -> Result<Duration, ActionError> {
    let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
    let time = if has_unit { lifetime::parse(text) } else { lifetime::parse(&format!("{text}s")) };
    time.map_err(|error| ActionError::For { time: quoted(text), error })
}

fn answer_of(ended: usize) -> Response<Body> {
    answer::of("application/json", format!("{{\"ended\":{ended}}}"))
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActionError {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("expected exactly one of subject=... and token=... in the body")]
    OneOf,
    #[error(transparent)]
    Signed(#[from] SignedError),
    #[error("the token has no jti, so it cannot be revoked alone: revoke its subject {subject}")]
    NoId { subject: String },
    #[error("the token has neither a jti nor a sub, so nothing can be revoked by it")]
    Nameless,
    #[error("for={time}: {error}, or of seconds without one")]
    For { time: String, error: LifetimeError },
    #[error(transparent)]
    Full(#[from] RevokeError),
    #[error(transparent)]
    Unheard(#[from] Unheard),
    #[error("the name of the channel is not valid: {0}")]
    Encoding(#[from] EncodingError),
    #[error("the name of the channel is not valid: {0}")]
    Token(#[from] TokenError),
    #[error("there is no channel {:?}", token.as_str())]
    NoChannel { token: Token },
    #[error("the channel has not ended: {0}")]
    End(PublishError),
    #[error("window={window}: {error}, in milliseconds")]
    Window { window: String, error: OutOfBounds<u64> },
    #[error(transparent)]
    Starting(#[from] Starting),
    #[error(transparent)]
    Drain(#[from] DrainError),
    #[error("the server runs without --data-dir, so there is nothing to back up")]
    NoData,
    #[error(transparent)]
    Copy(#[from] CopyFailed),
}

impl ActionError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoChannel { .. } | Self::NoData => StatusCode::NOT_FOUND,
            Self::Drain(DrainError::Draining) | Self::Copy(CopyFailed::Busy) => {
                StatusCode::CONFLICT
            }
            Self::Copy(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::End(_)
            | Self::Full(_)
            | Self::Unheard(_)
            | Self::Starting(_)
            | Self::Drain(DrainError::Starting(_)) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// How a token begins: its header is an object of JSON, in base64.
const HEADER: &str = "eyJ";

/// How many bytes of an ID the log shows.
const SHOWN: usize = 8;
