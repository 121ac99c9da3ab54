//! The client's machine: when it connects, what it delivers, how long it waits, when it stops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delivering;
mod discarded;
mod giving_up;
mod last_event_id;
mod order_of_calls;
mod redirects;
mod refreshing;
mod repeating;
mod requests;
mod responses;
mod retry_after;
mod support;
mod system_events;
mod timeouts;
mod waiting;
