//! Section 1: what is answered, when, and that the answer can be read.

pub mod bodies;
pub mod refusals;
pub mod table;
pub mod verdict;
