mod authority;
pub(crate) use authority::Authority;

mod head;
pub use head::{RequestError, RequestHead};
