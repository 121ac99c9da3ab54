//! What benchmarks of servers share.

mod server;
pub use server::Server;
