//! Which path segment listens, which POST actions there are, and what each of them does.

mod action_set;
pub(crate) use action_set::TICKET;
pub use action_set::{Action, ActionError, ActionSet};

mod retry;
pub(crate) use retry::parse_retry;
