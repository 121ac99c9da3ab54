//! Nodes on one Redis, as their clients see them.

mod claims;
mod delivery;
mod faults;
mod limits;
mod load;
mod start;
mod support;
