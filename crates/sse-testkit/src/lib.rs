//! The contract that every adapter must pass, and peers for tests, over raw TCP.
//!
//! | to | use |
//! |---|---|
//! | run every contract test against a server | [`contract_tests!`], [`Setup`], [`Target`] |
//! | read what a contract test proves | [`contract`] |
//! | speak to a server byte by byte | [`Connection`], [`Listener`], [`head()`], [`post`] |
//! | give a client a server that misbehaves | [`ScriptedServer`], [`Step`] |
//! | feed a parser in every cut | [`cuts`], [`single_bytes`] |
//!
//! Everything here panics when the other side does what it must not, for it runs in tests only.

pub mod contract;

mod setup;
pub use setup::{EventFormat, Setup};

mod target;
pub use target::Target;

mod runtime;
pub use runtime::run;

mod connection;
pub use connection::{Connection, End};

mod request;
pub use request::{chunk, chunked_head, head, post, post_head};

mod response;
pub use response::{Head, Response};

mod listener;
pub use listener::{Listener, StreamEnd};

mod scripted;
pub use scripted::{RecordedRequest, ScriptedServer, Step};

mod cutter;
pub use cutter::{cuts, single_bytes};

mod patience;
