//! Prints the events of a recorded stream: `cargo run --example read < stream.txt`.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]

use std::{error::Error, io};

use sse_core::reader::Reader;

fn main() -> Result<(), Box<dyn Error>> {
    for event in Reader::new(io::stdin().lock()) {
        let event = event?;
        println!("{}: {}", event.name(), event.data());
    }
    Ok(())
}
