mod config;
pub use config::ClientConfig;

mod disconnect;
pub use disconnect::Disconnect;

mod machine;
pub use machine::{Client, ClientOutput, End, ReadyState};

mod backoff;
mod content_type;
