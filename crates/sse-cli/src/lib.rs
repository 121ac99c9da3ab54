//! The commands `eventsource-server`, `eventsource-client` and `eventsource-request`.
//!
//! Each is one function here and a binary that calls it, and runs on Unix. In each, `args` is what
//! was typed and `config` is what it means.

mod server;
pub use server::eventsource_server;

mod client;
pub use client::eventsource_client;

mod request;
pub use request::eventsource_request;

mod bounded;
mod channel_name;
mod endpoint;
mod exit;
mod logging;
mod path_prefix;
mod signals;
