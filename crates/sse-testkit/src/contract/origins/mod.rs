//! Pages of other origins: what answers say about who may read them.

pub mod cors;
