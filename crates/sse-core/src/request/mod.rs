//! Which heads of requests a server must not take.

mod authority;
pub(crate) use authority::{Authority, port_of};

mod head;
pub use head::{RequestError, RequestHead};
