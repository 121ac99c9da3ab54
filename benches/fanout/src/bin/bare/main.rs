//! The floor: a server of one thread that writes each event to each listener by a `send` of its own, and
//! each answer too. It joins no writes, and of HTTP it knows the heads.
//!
//! `GET /poll/CHANNEL` listens and `POST /ping/CHANNEL` publishes its body, which has a `Content-Length`
//! and no line end. Requests may be pipelined. A client whose socket is full is dropped: no test of this
//! benchmark lets one fill up, and a buffer for it would be work that the floor does without.

mod clients;
mod request;
mod server;
mod wheel;

use std::{error::Error, time::Duration};

use clap::Parser;
use rustix::process::{Resource, getrlimit, setrlimit};
use server::Server;

/// Serves channels of events with one `send` for each listener and event.
#[derive(Parser)]
struct Args {
    /// Send a comment to each listener that nothing was sent to for this many seconds
    #[arg(long)]
    keepalive: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let mut server = Server::bind(args.keepalive.map(Duration::from_secs))?;
    println!("listening on {}", server.url()?);
    Ok(server.run()?)
}
