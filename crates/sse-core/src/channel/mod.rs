mod token;
pub use token::{Token, TokenError};

mod mode;
pub use mode::Mode;

mod cursor;
pub use cursor::Cursor;

mod log;
pub(crate) use log::MAX_WRITE;
pub use log::{Log, LogConfig};

mod window;

mod keepalive;
pub(crate) use keepalive::Keepalive;

mod subscription;
pub use subscription::{CloseReason, OnOverrun, Output, Subscription, SubscriptionConfig};
