//! What a browser makes of a server, a module a subject: `EventSource` in a headless Chromium.
//!
//! [`browser_tests!`](crate::browser_tests) runs them all. They need `chromium` and `chromedriver`,
//! which `cargo xtask setup` installs, and fail without them.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod list;

pub mod access;
pub mod events;
pub mod hub;
pub mod leaving;
pub mod origins;
pub mod pages;
pub mod reconnecting;
pub mod refusals;
pub mod tls;
