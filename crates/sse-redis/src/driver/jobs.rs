use std::time::Instant;

use redis::{RedisResult, Value};
use sse_core::{
    access::Revocation,
    store::{Done, Unavailable},
};

use crate::{
    ask::{Finish, Open, Publish, Read},
    keys::Id,
    order::Tail,
};

/// What a command was sent for.
#[derive(Debug)]
pub(super) enum Job {
    Publish(Box<Publish>),
    Finish(Finish),
    Open(Open),
    Read(Read),
    /// What is missing on a channel, behind what was told when it was asked for, and what had come by then.
    Refill {
        id: Id,
        noted: Tail,
        serial: u64,
    },
    /// Where a channel stands.
    Check {
        id: Id,
        noted: Option<Tail>,
    },
    /// That this node is there, for one partition.
    Renew {
        partition: usize,
        sent: Instant,
    },
    /// Whether a claim still holds after its time was over.
    Hold {
        id: Id,
        fence: u64,
    },
    Revoke(Revocation, Option<Done<Result<(), Unavailable>>>),
    Revoked,
    /// A script, which Redis had forgotten.
    Load,
    /// The answer says nothing.
    Nothing,
}

/// What has come back.
pub(super) enum Answered {
    Commands { batch: u64, answer: RedisResult<Vec<Value>> },
    Subscribed { ids: Vec<Id>, answer: RedisResult<()> },
    Unsubscribed(RedisResult<()>),
}

impl Job {
    /// About how long the command is.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Publish(publish) => publish.bytes,
            _ => SMALL,
        }
    }
}

const SMALL: usize = 256;
