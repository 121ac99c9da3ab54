//! The commands `eventsource-server`, `eventsource-client`, `eventsource-request` and
//! `eventsource-bench`.
//!
//! Each is one function here and a binary that calls it, and runs on Unix. In each, `args` is what
//! was typed and `config` is what it means.

mod server;
pub use server::eventsource_server;

mod client;
pub use client::eventsource_client;

mod request;
pub use request::eventsource_request;

mod bench;
pub use bench::eventsource_bench;

mod bounded;
mod channel_name;
mod data;
mod endpoint;
mod escape;
mod exit;
mod header;
mod hint;
mod logging;
mod path_prefix;
mod shown;
mod signals;
