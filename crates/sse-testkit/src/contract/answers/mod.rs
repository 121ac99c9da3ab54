//! Section 1: what is answered, when, and that the answer can be read.

pub mod bodies;
pub mod body_types;
pub mod budget;
pub mod refusals;
pub mod table;
pub mod verdict;
