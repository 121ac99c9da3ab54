mod token;
pub use token::{Token, TokenError};

mod mode;
pub use mode::Mode;

mod log;
pub use log::{Log, LogConfig};

mod subscription;
pub use subscription::{CloseReason, Output, Subscription, SubscriptionConfig};
