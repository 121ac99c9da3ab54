mod builder;
pub use builder::EventSourceBuilder;

mod event_source;
pub use event_source::EventSource;

mod blocking;
pub use blocking::BlockingEventSource;

mod direct;
pub use direct::{HttpVersion, Proxies, ProxyError};

mod transport;
pub use transport::{AnsweredFrom, Transport, TransportBody, TransportError, TransportFuture};

mod notice;
pub use notice::{Interrupted, Notice};

mod publisher;
pub use publisher::{Publisher, PublisherBuilder};

mod send_error;
pub use send_error::SendError;

mod build_error;
pub use build_error::BuildError;

mod tls_mismatch;
pub use tls_mismatch::TlsMismatch;

mod address;
pub use address::{channel_uri, without_password};

mod certificate_problem;
pub use certificate_problem::CertificateProblem;

#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
pub use tls::{ClientTls, ClientTlsError};

mod authorization;
mod beginning;
mod chain;
mod coding;
mod limits;
mod plain;
mod pool;
mod refusal;
mod tcp;
mod user_agent;
#[cfg(feature = "tls")]
mod verifier;
