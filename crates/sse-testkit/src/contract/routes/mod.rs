//! Section 1: what a request line means, and how a request may arrive.

pub mod arrival;
pub mod methods;
pub mod paths;
pub mod table;
pub mod targets;
pub mod tokens;
