//! The contract that every adapter must pass, over raw TCP and in a browser, and peers for tests.
//!
//! | to | use |
//! |---|---|
//! | run every contract test against a server | [`contract_tests!`], [`Setup`], [`Target`] |
//! | run every browser test against a server | [`browser_tests!`], [`TlsIdentity`] |
//! | run every test of an adapter's examples | [`example_tests!`] |
//! | run a crowd against a server | [`crowd_tests!`] |
//! | see who writes the streams of a server | [`is_driven_by_engines`] |
//! | read what a test proves | [`contract`], [`browser`], [`examples`], [`crowd`] |
//! | see what a browser shows | [`Browser`] |
//! | speak to a server byte by byte | [`Connection`], [`Listener`], [`head()`], [`post`] |
//! | give a client a server that misbehaves | [`ScriptedServer`], [`Step`] |
//! | read what the compiler says of a mistake | [`compiler_message`] |
//! | feed a parser in every cut | [`cuts`], [`single_bytes`] |
//! | read what is logged | [`Log`] |
//! | prove that nothing was lost, doubled or made up | [`checker`] |
//! | run many nodes over a Redis, and let it and the network fail | [`cluster`] |
//!
//! Everything here panics when the other side does what it must not, for it runs in tests only.

pub mod browser;
pub mod checker;
pub mod cluster;
pub mod contract;
pub mod crowd;
pub mod examples;

mod setup;
pub use setup::{EventFormat, OpenStore, Setup};

mod streams;
pub use streams::{EventStream, Streams};

mod stop;
pub use stop::Stop;

mod tls;
pub use tls::TlsIdentity;

mod target;
pub use target::Target;

mod driven;
pub use driven::is_driven_by_engines;

mod runtime;
pub use runtime::run;

mod connection;
pub use connection::{Connection, End};

mod request;
pub use request::{chunk, chunked_head, head, post, post_head};

mod response;
pub use response::{Head, Response};

mod listener;
pub use listener::{Listener, OPEN, StreamEnd};

mod scripted;
pub use scripted::{MemoryServer, MemoryStream, RecordedRequest, ScriptedServer, Step};

pub mod http2;

mod middleware;
pub use middleware::{Counting, Greeting, Holding, Seen};

mod names;

pub mod words;

mod compiler;
pub use compiler::compiler_message;

mod cutter;
pub use cutter::{cuts, single_bytes};

mod log;
pub use log::{Log, LogGuard};

mod patience;
pub use patience::until;

mod chromium;
pub use chromium::Browser;

mod relay;
