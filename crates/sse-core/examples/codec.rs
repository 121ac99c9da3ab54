//! Sends and reads events over one connection with `tokio_util::codec`.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use sse_core::{Event, event::EventName, reader::Codec};
use tokio_util::codec::Framed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut publisher = Framed::new(ours, Codec::new());
    let mut listener = Framed::new(theirs, Codec::new());

    let reading = EventName::from_static("reading");
    publisher.send(Event::data("21.5\n22.0").with_name(reading)).await?;
    drop(publisher);

    while let Some(event) = listener.next().await {
        println!("{:?}", event?);
    }
    Ok(())
}
