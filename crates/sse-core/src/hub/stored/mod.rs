//! The ways of a hub with a store: what is published goes there first, and what a listener needs that the log does
//! not hold comes from there.
//!
//! Nobody holds a lock while the store is asked or is told something.

mod answer;
use answer::Answer;

mod submit;
pub use submit::Submission;

mod join;
pub(crate) use join::Asking;
pub use join::Joining;

mod told;
pub use told::Told;

mod accept;
mod feed;
mod pages;
