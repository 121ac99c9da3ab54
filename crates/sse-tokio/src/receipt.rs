use sse_core::{event::EventId, history::Position, hub::Published};

/// What became of a publication whose listeners were woken.
///
/// ```
/// use sse_core::{Event, Hub, HubConfig, StringFormat, Token, history::History};
/// # use sse_tokio::Channels;
///
/// let config = HubConfig::new(StringFormat).with_history(History::new(42));
/// let channels = Channels::new(Hub::new(config));
/// let receipt = channels.send(&Token::new("42")?, Event::data("hi"))?;
///
/// let position = receipt.position().expect("the channel has a history");
/// assert_eq!(position.seq(), 1);
/// assert_eq!(receipt.id().unwrap().as_str(), position.to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// One that is no position.
    id: Option<EventId>,
    position: Option<Position>,
    listeners: usize,
    is_duplicate: bool,
}

impl Receipt {
    pub(crate) fn of(published: &Published) -> Self {
        let position = published.position();
        // An id that is a position is written out only where somebody asks for it.
        let id = if position.is_some() { None } else { published.id() };
        let (listeners, is_duplicate) = (published.listeners(), published.is_duplicate());
        Self { id, position, listeners, is_duplicate }
    }

    /// The id that the event was given or has brought, if it has one; of several events, the last one's.
    pub fn id(&self) -> Option<EventId> {
        self.position.map(EventId::from).or_else(|| self.id.clone())
    }

    /// The position of the event in the history of its channel, if the hub has one; of several events, the
    /// last one's.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// How many it was published for.
    pub fn listeners(&self) -> usize {
        self.listeners
    }

    /// Whether it was published before, under the same key, and so was not published now.
    pub fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }
}
