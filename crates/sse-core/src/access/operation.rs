use super::{Grant, Permissions};
use crate::{Token, action::Action};

/// What a request asks to do with a channel.
///
/// ```
/// use sse_core::access::Operation;
///
/// fn is_write(operation: &Operation) -> bool {
///     matches!(operation, Operation::Publish { .. })
/// }
/// # assert!(!is_write(&Operation::Listen));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Listen on the channel.
    Listen,
    /// Publish to the channel by a POST action.
    Publish {
        /// The name of the action, which need not exist.
        name: String,
        /// What it does; an action that does not exist counts as one that publishes.
        action: Action,
    },
    /// Get a ticket for listening on the channel.
    Ticket,
}

impl Operation {
    /// Whether `permissions` allow it on the channel `token`.
    pub fn is_permitted(&self, permissions: &Permissions, token: &Token) -> bool {
        match self {
            Self::Listen | Self::Ticket => permissions.may_listen(token),
            Self::Publish { name, action } => permissions.may_publish(token, name, *action),
        }
    }

    /// Whether `grant` allows it on the channel `token`.
    pub(crate) fn is_granted(&self, grant: &Grant, token: &Token) -> bool {
        self.is_permitted(grant.permissions(), token)
    }
}
