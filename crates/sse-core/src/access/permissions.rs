use super::Pattern;
use crate::{Token, action::Action};

/// On which channels one may listen, to which one may publish, and by which actions.
///
/// Without a list of actions every action is permitted, except those that finish a channel or set its
/// reconnection time.
///
/// ```
/// use sse_core::{Token, access::{Pattern, Permissions}, action::Action};
///
/// let permissions =
///     Permissions::none().with_listen("news".parse()?).with_publish("room:*".parse()?);
/// let room = Token::new("room:42")?;
/// assert!(!permissions.may_listen(&room));
/// assert!(permissions.may_publish(&room, "ping", Action::Event));
/// assert!(!permissions.may_publish(&room, "close", Action::Finish));
///
/// let closing = permissions.with_action("close");
/// assert!(closing.may_publish(&room, "close", Action::Finish));
/// assert!(!closing.may_publish(&room, "ping", Action::Event), "the list is what there is");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `serde` they are read and written as a map with the keys `listen`, `publish` and `actions`,
/// each of which may be missing. Other keys are ignored.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Permissions {
    pub(super) listen: Vec<Pattern>,
    pub(super) publish: Vec<Pattern>,
    /// `None` for all that neither finish a channel nor set its reconnection time.
    pub(super) actions: Option<Vec<Box<str>>>,
}

impl Permissions {
    /// Permits nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Permits listening and publishing on all channels, but neither finishing them nor setting their
    /// reconnection times.
    pub fn all() -> Self {
        Self::none().with_listen(Pattern::any()).with_publish(Pattern::any())
    }

    /// Permits listening on the channels of `pattern`, too.
    #[must_use]
    pub fn with_listen(mut self, pattern: Pattern) -> Self {
        self.listen.push(pattern);
        self
    }

    /// Permits publishing to the channels of `pattern`, too.
    #[must_use]
    pub fn with_publish(mut self, pattern: Pattern) -> Self {
        self.publish.push(pattern);
        self
    }

    /// Permits the POST action `name`. Only actions that are named like this are permitted from now on.
    #[must_use]
    pub fn with_action(mut self, name: &str) -> Self {
        self.actions.get_or_insert_default().push(name.into());
        self
    }

    /// Whether they permit listening on the channel `token`.
    pub fn may_listen(&self, token: &Token) -> bool {
        self.listen.iter().any(|pattern| pattern.matches(token))
    }

    /// Whether they permit publishing to the channel `token` by the POST action `name`, which does `action`.
    pub fn may_publish(&self, token: &Token, name: &str, action: Action) -> bool {
        let is_permitted = match &self.actions {
            Some(actions) => actions.iter().any(|permitted| **permitted == *name),
            None => matches!(action, Action::Event),
        };
        is_permitted && self.publish.iter().any(|pattern| pattern.matches(token))
    }
}
