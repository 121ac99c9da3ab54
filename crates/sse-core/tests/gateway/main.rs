//! The gateway: every row of the protocol's tables of routes, answers and event formats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod body_types;
mod browsers;
mod formats;
mod hosts;
mod limits;
mod listening;
mod other_sites;
mod own_route;
mod page;
mod publishing;
mod reasons;
mod reconfigured;
mod routes;
mod support;
