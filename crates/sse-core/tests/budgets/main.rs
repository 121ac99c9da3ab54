//! What a hub may hold, claim by claim: what is counted is what is held, it never is more than the
//! bound, and who pays when it would be.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod places;
mod remembered;
mod support;
mod unread;
