//! The commands `eventsource-server`, `eventsource-client`, `eventsource-request`, `eventsource-token` and
//! `eventsource-bench`.
//!
//! Each is one function here and a binary that calls it, and runs on Unix. In each, `args` is what
//! was typed and `config` is what it means. Each is behind a feature of its name (`server`, `client`, `request`,
//! `token`, `bench`), so that one can be built without what only the others need; all are on by default.

#![cfg_attr(
    not(all(
        feature = "bench",
        feature = "client",
        feature = "request",
        feature = "server",
        feature = "token"
    )),
    allow(dead_code, reason = "not every command uses all that they share")
)]

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::eventsource_server;
#[cfg(feature = "__fuzz")]
#[doc(hidden)]
pub use server::{__FuzzedConfig, __fuzz_config};

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
pub use client::eventsource_client;

#[cfg(feature = "request")]
mod request;
#[cfg(feature = "request")]
pub use request::eventsource_request;

#[cfg(feature = "token")]
mod token;
#[cfg(feature = "token")]
pub use token::eventsource_token;

#[cfg(feature = "bench")]
mod bench;
#[cfg(feature = "bench")]
pub use bench::eventsource_bench;

mod bounded;
mod channel_name;
mod commands;
pub use commands::commands;
mod data;
mod default_address;
#[cfg(any(feature = "client", feature = "request"))]
mod endpoint;
mod escape;
mod exit;
#[cfg(any(feature = "bench", feature = "client", feature = "request"))]
mod header;
#[cfg(any(feature = "client", feature = "request"))]
mod hint;
#[cfg(any(feature = "server", feature = "token"))]
mod lifetime;
#[cfg(any(feature = "client", feature = "request", feature = "server", feature = "token"))]
mod logging;
#[cfg(any(feature = "bench", feature = "server"))]
mod open_files;
mod path_prefix;
#[cfg(any(feature = "client", feature = "server"))]
mod shown;
mod signals;
#[cfg(any(feature = "server", feature = "token"))]
mod signed;
