mod event_source;
pub use event_source::{EventSource, EventSourceBuilder};

mod notice;
pub use notice::{Interrupted, Notice};

mod publisher;
pub use publisher::{Publisher, PublisherBuilder};

mod send_error;
pub use send_error::SendError;

mod build_error;
pub use build_error::BuildError;

mod address;
pub use address::channel_uri;

#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
pub use tls::{ClientTls, ClientTlsError};

mod authorization;
mod transport;
#[cfg(feature = "tls")]
mod verifier;
