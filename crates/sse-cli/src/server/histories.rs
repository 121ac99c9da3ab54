use std::{fmt, sync::Arc};

use sse_core::{HubConfig, Token};

use super::{
    admin::Seen,
    data::{self, Data},
    redis::{self, Redis, RedisConfig},
};
use crate::exit::Failure;

/// Where the histories of the channels are kept.
#[derive(Clone, Debug, Default)]
pub(super) enum Histories {
    /// They end with the process.
    #[default]
    InMemory,
    OnDisk(Arc<Data>),
    InRedis(Arc<Redis>),
}

impl Histories {
    /// Those on disk, if they are there, or those in Redis, if that is what `redis` says. Within a runtime.
    pub(super) fn new(
        data: Option<Arc<Data>>,
        redis: Option<&RedisConfig>,
    ) -> Result<Self, Failure> {
        match (data, redis) {
            (Some(data), _) => Ok(Self::OnDisk(data)),
            (None, Some(redis)) => Redis::start(redis).map(Self::InRedis),
            (None, None) => Ok(Self::InMemory),
        }
    }

    /// Looks after them as long as the runtime lives, and has the server end once nothing is stored any more.
    pub(super) fn guard(&self, seen: &Seen) {
        match self {
            Self::InMemory => {}
            Self::OnDisk(data) => {
                data.answer();
                tokio::spawn(data.clone().guard(seen.clone()));
            }
            Self::InRedis(redis) => drop(tokio::spawn(redis.clone().guard(seen.clone()))),
        }
    }

    /// The configuration of a hub that keeps its histories there.
    pub(super) fn hub(&self, config: HubConfig) -> HubConfig {
        match self {
            Self::InMemory => config,
            Self::OnDisk(data) => config.with_store(data.store()),
            Self::InRedis(redis) => config.with_store(redis.store()),
        }
    }

    /// Ends what is shared with others once nothing is published any more, after what has become `outcome`. What is on
    /// disk ends with the process.
    pub(super) async fn end(&self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match self {
            Self::InMemory | Self::OnDisk(_) => outcome,
            Self::InRedis(redis) => {
                let ended = redis.end(outcome.is_ok()).await;
                outcome.and(ended)
            }
        }
    }

    pub(super) fn on_disk(&self) -> Option<&Arc<Data>> {
        match self {
            Self::OnDisk(data) => Some(data),
            _ => None,
        }
    }

    pub(super) fn in_redis(&self) -> Option<&Arc<Redis>> {
        match self {
            Self::InRedis(redis) => Some(redis),
            _ => None,
        }
    }

    /// Whether there may be something of a channel that the hub does not know.
    pub(super) fn may_have(&self, channel: &Token) -> bool {
        match self {
            Self::InMemory => false,
            Self::OnDisk(data) => data.has(channel),
            // It is asked when something is done with the channel.
            Self::InRedis(_) => true,
        }
    }

    /// What is wrong with them now, if anything is.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::InMemory => None,
            Self::OnDisk(data) => data.trouble().map(Trouble::OnDisk),
            Self::InRedis(redis) => redis.trouble().map(Trouble::InRedis),
        }
    }
}

/// Why histories are not as whole as they should be, or are not kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    OnDisk(data::Trouble),
    InRedis(redis::Trouble),
}

impl Trouble {
    /// Whether nothing will be stored any more, so that the server ends.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::OnDisk(data::Trouble::Failed(_)) | Self::InRedis(redis::Trouble::Failed(_))
        )
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnDisk(trouble) => trouble.fmt(f),
            Self::InRedis(trouble) => trouble.fmt(f),
        }
    }
}
