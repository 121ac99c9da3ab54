use super::Wakers;
use crate::{EventId, FormatError, Token};

/// What became of a publication.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Counter, Hub, HubConfig, StringFormat, Token};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat).with_ids(Counter::default())), Instant::now());
/// # let token = Token::new("42")?;
/// let _listener = hub.subscribe(&token, now)?;
/// let published = hub.publish(&token, "ping", b"hi", now)?;
/// assert_eq!(published.id().unwrap().as_str(), "0");
/// assert_eq!(published.listeners(), 1);
/// published.wake();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "idle listeners wait until they are woken"]
pub struct Published {
    pub(super) id: Option<EventId>,
    pub(super) listeners: usize,
    pub(super) overrun: Vec<Overrun>,
    pub(super) wakers: Wakers,
}

impl Published {
    /// The id that the event was given, if it is an event and the hub gives ids.
    pub fn id(&self) -> Option<&EventId> {
        self.id.as_ref()
    }

    /// How many it was published for.
    pub fn listeners(&self) -> usize {
        self.listeners
    }

    /// The listeners that it pushed out of a log, worth a line in a log file.
    pub fn overrun(&self) -> &[Overrun] {
        &self.overrun
    }

    /// The wakers of the listeners that were idle.
    pub fn into_wakers(self) -> Wakers {
        self.wakers
    }

    /// Wakes the listeners that were idle, from this thread.
    pub fn wake(self) {
        self.wakers.wake();
    }
}

/// Listeners that were cut because they fell too far behind.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Overrun {
    /// The channel they listened on.
    pub token: Token,
    /// How many they were.
    pub listeners: usize,
}

/// Why nothing was published.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Nobody listens on the channel.
    #[error("nobody listens on the channel")]
    NotConnected,
    /// No POST action has this name.
    #[error("unknown action {action:?}")]
    UnknownAction {
        /// The name that was asked for.
        action: String,
    },
    /// The body does not fit the format.
    #[error("the data is not properly formatted: {0}")]
    Format(#[from] FormatError),
}
