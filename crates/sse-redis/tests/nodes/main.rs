//! Nodes on one Redis, as their clients see them.

mod delivery;
mod support;
