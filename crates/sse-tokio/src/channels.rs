use std::sync::Arc;

use sse_core::{EventId, Hub, PublishError, Published, SubscribeError, Token};

use crate::{SseBody, timer::now, wake::WakeQueue};

/// The channels of a hub, for the process that serves them: publishes and wakes in one step.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sse_core::{Hub, HubConfig, StringFormat, Token};
/// use sse_tokio::Channels;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
/// let token = Token::new("42")?;
/// let _body = channels.listen(&token)?;
/// assert_eq!(channels.publish(&token, "ping", b"hi")?.listeners(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Channels {
    hub: Arc<Hub>,
    wakes: WakeQueue,
}

impl Channels {
    /// A handle to the channels of `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub, wakes: WakeQueue::default() }
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// A body that streams the channel `token` from now on.
    ///
    /// # Errors
    ///
    /// See [`Hub::subscribe`].
    pub fn listen(&self, token: &Token) -> Result<SseBody, SubscribeError> {
        Ok(SseBody::new(self.hub.subscribe(token, now())?))
    }

    /// Does what the POST action `action` with `body` asks for, and wakes who listens.
    ///
    /// # Errors
    ///
    /// See [`Hub::publish`].
    pub fn publish(
        &self,
        token: &Token,
        action: &str,
        body: &[u8],
    ) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.publish(token, action, body, now())?))
    }

    /// Ends every stream cleanly and refuses new listeners from now on.
    pub fn shutdown(&self) {
        self.hub.shutdown().wake();
    }

    /// Wakes the listeners and says in the log who was cut.
    pub(crate) fn deliver(&self, token: &Token, published: Published) -> Receipt {
        for overrun in published.overrun() {
            let (token, listeners) = (overrun.token.shortened(), overrun.listeners);
            tracing::warn!(%token, listeners, "cut: too far behind");
        }
        let receipt = Receipt { id: published.id().cloned(), listeners: published.listeners() };
        self.wakes.wake(token, published.into_wakers());
        receipt
    }
}

/// What became of a publication whose listeners were woken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    id: Option<EventId>,
    listeners: usize,
}

impl Receipt {
    /// The id that the event was given, if it is an event and the hub gives ids.
    pub fn id(&self) -> Option<&EventId> {
        self.id.as_ref()
    }

    /// How many it was published for.
    pub fn listeners(&self) -> usize {
        self.listeners
    }
}
