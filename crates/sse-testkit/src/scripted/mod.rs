mod memory;
pub use memory::{MemoryServer, MemoryStream};

mod record;
pub use record::RecordedRequest;

mod server;
pub use server::ScriptedServer;

mod step;
pub use step::Step;

mod player;
