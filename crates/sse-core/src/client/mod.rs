//! A client that stays connected: when to connect, what to deliver, how long to wait, when to stop.

mod config;
pub use config::ClientConfig;

mod disconnect;
pub use disconnect::{Disconnect, RetryLimit};

mod machine;
pub use machine::Client;

mod output;
pub use output::{ClientOutput, End, Failure, ReadyState};

mod redirect;
pub use redirect::RedirectError;

mod request;
pub use request::ClientRequest;

mod retry_after;
pub use retry_after::RetryAfter;

mod system_event;
pub use system_event::SystemEvent;

mod again;
mod attempt;
mod backoff;
mod content_type;
mod delivery;
mod location;
mod response;
mod state;
mod streak;
