//! `GET /stream`: an answer from any stream of events, without channels.

pub mod delivery;
pub mod ends;
pub mod keepalive;
pub mod opening;
