mod access;
pub(crate) use access::{Issuer, bearer, grant, grant_for, passwords, verdict};

mod authority;
pub(crate) use authority::Authority;

mod folder;
pub(crate) use folder::Folder;

mod http;
pub(crate) use http::{Listener, Poster, connect_from, exchange, head_of, status, unread_listener};

mod live;
pub(crate) use live::Live;

mod options;
pub(crate) use options::{HelpOption, server_options};

mod page;
pub(crate) use page::Page;

mod peer;
pub(crate) use peer::{Peer, answer, cut_stream, held_stream, no_answer, stream, to_post};

mod process;
pub(crate) use process::{Ended, Process, run, run_with_stdin};

mod redis;
pub(crate) use redis::{Nodes, heard, publish, stop};

mod server;
pub(crate) use server::Server;

mod terminal;
pub(crate) use terminal::run_on_terminal;

use std::{future::Future, sync::LazyLock, time::Duration};

use tokio::runtime::Runtime;

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_eventsource-server");
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_eventsource-client");
pub(crate) const BENCH: &str = env!("CARGO_BIN_EXE_eventsource-bench");
pub(crate) const REQUEST: &str = env!("CARGO_BIN_EXE_eventsource-request");
pub(crate) const TOKEN: &str = env!("CARGO_BIN_EXE_eventsource-token");

/// How long anything may take before a test takes it for hanging.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// Waits for what the kit does; the tests themselves wait for processes, on threads of their own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(future)
}
