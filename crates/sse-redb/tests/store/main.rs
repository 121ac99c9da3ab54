//! What a store keeps, and what it says of what it cannot keep.

mod callbacks;
mod copies;
mod disk;
mod faults;
mod files;
mod full;
mod limits;
mod model;
mod relaxed;
mod seam;
mod support;
mod survives;
