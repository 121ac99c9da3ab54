use std::time::Instant;

use sse_core::{
    Token,
    access::Revocation,
    channel::Mode,
    store::{Append, Done, Facts, Feed, Outcome, Page, Unavailable},
};
use tokio::sync::oneshot;

use crate::order::Tail;

/// What a hub asks for.
#[derive(Debug)]
pub(crate) enum Ask {
    Attach(Feed),
    Publish(Box<Publish>),
    Finish(Finish),
    Open(Open),
    Read(Read),
    /// Nobody listens on the channel any more.
    Leave(Token),
    Revoke(Revocation, Done<Result<(), Unavailable>>),
    End(oneshot::Sender<()>),
}

/// A publication.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) append: Append,
    pub(crate) done: Done<Outcome>,
    /// The number that tells it from all others of this node, once it was sent.
    pub(crate) tag: Option<u64>,
    /// What it has taken of the room for publications.
    pub(crate) bytes: usize,
    pub(crate) sent: Sent,
}

/// The end of a channel.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) token: Token,
    /// For how many milliseconds the channel takes nothing.
    pub(crate) kept: Option<u64>,
    pub(crate) done: Done<Outcome>,
    pub(crate) sent: Sent,
}

/// When something was asked for that must not happen twice, and whether it was sent since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) asked: Instant,
    /// Whether nobody knows what became of that.
    pub(crate) is_unknown: bool,
}

impl Sent {
    pub(crate) fn not_yet(asked: Instant) -> Self {
        Self { asked, is_unknown: false }
    }
}

/// A request for what is known of a channel.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) token: Token,
    /// How it is claimed, if it is.
    pub(crate) claim: Option<Mode>,
    pub(crate) done: Done<Result<Facts, Unavailable>>,
    /// What was known of the channel when Redis was asked.
    pub(crate) noted: Option<Tail>,
    pub(crate) asked: Instant,
}

/// Events behind a number.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) token: Token,
    pub(crate) after: u64,
    pub(crate) max_bytes: usize,
    pub(crate) done: Done<Result<Page, Unavailable>>,
}

impl Ask {
    /// What it takes of the room for publications.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Publish(publish) => publish.bytes,
            _ => 0,
        }
    }
}
