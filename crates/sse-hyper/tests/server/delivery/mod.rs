//! Event streams of channels, written by engines or by the tasks of their connections.

mod cut_off;
mod failing;
mod leaving;
mod long;
mod next_request;
mod places;
mod slow;
mod stopping;
mod support;
