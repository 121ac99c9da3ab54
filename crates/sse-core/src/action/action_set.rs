use crate::event::{EventName, FieldError};

/// Which path segment listens, which POST actions exist, and what each of them does.
///
/// ```
/// use sse_core::action::{Action, ActionSet};
///
/// let actions = ActionSet::default().with_action("reading", Action::Event)?;
/// assert_eq!(actions.listen(), "poll");
/// assert_eq!(actions.action("reading"), Some(Action::Event));
/// assert_eq!(actions.action("Reading"), None);
/// # Ok::<(), sse_core::action::ActionError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionSet {
    listen: EventName,
    posts: Vec<(EventName, Action)>,
}

impl ActionSet {
    /// A set in which `listen` is the listen action and no POST action exists.
    ///
    /// # Errors
    ///
    /// [`ActionError`] if `listen` cannot name an action.
    pub fn new(listen: &str) -> Result<Self, ActionError> {
        Ok(Self { listen: check(listen)?, posts: Vec::new() })
    }

    /// The same actions, listened to under `listen`.
    ///
    /// # Errors
    ///
    /// [`ActionError`] if `listen` cannot name an action or is one of the POST actions.
    pub fn with_listen(mut self, listen: &str) -> Result<Self, ActionError> {
        let name = check(listen)?;
        if self.action(listen).is_some() {
            return Err(ActionError::Listen { name: listen.to_owned() });
        }
        self.listen = name;
        Ok(self)
    }

    /// Adds the POST action `name`; one that is there already does `action` from now on.
    ///
    /// # Errors
    ///
    /// [`ActionError`] if `name` cannot name an action or is the listen action.
    pub fn with_action(mut self, name: &str, action: Action) -> Result<Self, ActionError> {
        let checked = check(name)?;
        if checked == self.listen {
            return Err(ActionError::Listen { name: name.to_owned() });
        }
        match self.posts.iter_mut().find(|(known, _)| *known == checked) {
            Some((_, known)) => *known = action,
            None => self.posts.push((checked, action)),
        }
        Ok(self)
    }

    /// The path segment that listens.
    pub fn listen(&self) -> &str {
        self.listen.as_str()
    }

    /// What the POST action `name` does; case matters.
    pub fn action(&self, name: &str) -> Option<Action> {
        self.find(name).map(|(_, action)| action)
    }

    /// The POST actions in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Action)> {
        self.posts.iter().map(|(name, action)| (name.as_str(), *action))
    }

    pub(crate) fn find(&self, name: &str) -> Option<(&EventName, Action)> {
        let (name, action) = self.posts.iter().find(|(known, _)| known.as_str() == name)?;
        Some((name, *action))
    }
}

/// `poll` listens, `ping` is an event, `close` finishes.
impl Default for ActionSet {
    fn default() -> Self {
        Self {
            listen: EventName::from_static("poll"),
            posts: vec![
                (EventName::from_static("ping"), Action::Event),
                (EventName::from_static("close"), Action::Finish),
            ],
        }
    }
}

/// What a POST action does to the channel it names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Publishes the body as one event, named for the action.
    Event,
    /// Ends every listener's stream and forgets the channel.
    Finish,
    /// Sets the listeners' reconnection time to the body, in milliseconds.
    Retry,
}

/// Why a name cannot be an action's.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The empty name, which no path segment can hold.
    #[error("an action's name is empty")]
    Empty,
    /// The name of the listen action.
    #[error("{name:?} is the listen action and cannot be a POST action too")]
    Listen {
        /// The refused name.
        name: String,
    },
    /// A name kept for the system's own events.
    #[error("{name:?} begins with `sse.`, which is kept for the system's own events")]
    Reserved {
        /// The refused name.
        name: String,
    },
    /// `POST /ticket/{token}` answers with a ticket.
    #[error("`ticket` is kept for the action that answers with a ticket")]
    Ticket,
    /// A name that no `event:` field can hold.
    #[error(transparent)]
    Field(#[from] FieldError),
}

fn check(name: &str) -> Result<EventName, ActionError> {
    if name.is_empty() {
        return Err(ActionError::Empty);
    }
    if name == TICKET {
        return Err(ActionError::Ticket);
    }
    if name.starts_with("sse.") {
        return Err(ActionError::Reserved { name: name.to_owned() });
    }
    Ok(EventName::new(name)?)
}

/// The action that answers with a ticket; see [`Access`](crate::access::Access).
pub(crate) const TICKET: &str = "ticket";
