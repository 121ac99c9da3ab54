//! Section 2: how a body becomes an event.

pub mod ids;
pub mod json;
pub mod retry;
pub mod string;
pub mod table;
