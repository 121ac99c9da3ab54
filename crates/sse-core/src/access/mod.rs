//! Who may listen, who may publish, and for how long.
//!
//! Here is what is decided. An [`Authenticator`] verifies tokens and passwords, and a [`Limiter`] counts by address:
//! those of the crate `sse-access`, or your own.

mod pattern;
pub use pattern::{Pattern, PatternError};

mod permissions;
pub use permissions::Permissions;

mod grant;
pub use grant::Grant;

mod grant_refusal;
pub use grant_refusal::GrantRefusal;

mod operation;
pub use operation::Operation;

mod credential;
pub(crate) use credential::Ambiguous;
pub use credential::Credential;

mod authenticator;
pub use authenticator::{AccessRequest, Authenticator, Denied, Outcome, Ticket, Verdict};

mod from_fn;
pub use from_fn::{FromAsyncFn, FromFn, from_async_fn, from_fn};

mod limiter;
pub use limiter::{Limited, Limiter, Seat};

mod config;
pub use config::{Access, AccessError};

mod revocation;
pub(crate) use revocation::Revoked;
pub use revocation::{Revocation, RevokeError};

#[cfg(feature = "serde")]
mod serde;
