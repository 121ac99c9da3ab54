mod token;
pub use token::{Token, TokenError};

mod mode;
pub use mode::Mode;

mod log;
pub(crate) use log::MAX_WRITE;
pub use log::{Log, LogConfig};

mod keepalive;
pub(crate) use keepalive::Keepalive;

mod subscription;
pub use subscription::{CloseReason, Output, Subscription, SubscriptionConfig};
