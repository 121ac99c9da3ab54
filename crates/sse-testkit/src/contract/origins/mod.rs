//! Pages of other origins and sites: what they may do, and what answers say about who may read them.

pub mod cors;
pub mod hosts;
pub mod sites;
