//! Section 3: who listens, and what arrives.

pub mod delivery;
pub mod ends;
pub mod exclusive;
pub mod keepalive;
pub mod opening;
pub mod overrun;
pub mod own_route;
pub mod refused;
pub mod shared;
pub mod shutdown;
