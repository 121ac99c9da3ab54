mod action_set;
pub use action_set::{Action, ActionError, ActionSet};

mod retry;
pub(crate) use retry::parse_retry;
