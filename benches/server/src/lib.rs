//! What benchmarks of servers share.

mod load;
pub use load::{Load, listen, pipeline};

mod report;
pub use report::{Run, Scenario, table};

mod server;
pub use server::Server;
