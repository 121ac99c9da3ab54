//! Reads events from anything that tokio reads, here a pipe in memory.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]

use std::error::Error;

use futures_util::StreamExt;
use sse_core::{
    Decoder,
    reader::{AllItems, AsyncReadStream},
};
use tokio::io::{AsyncWriteExt, BufReader};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut server, client) = tokio::io::duplex(64);
    server.write_all(b"retry: 2500\n: hello\n\nid: 7\ndata: 21.5\n\n").await?;
    drop(server);

    let decoder = AllItems(Decoder::new().with_comments(true));
    let mut items = AsyncReadStream::with_decoder(BufReader::new(client), decoder);
    while let Some(item) = items.next().await {
        println!("{:?}", item?);
    }
    println!("the next connection asks for what follows {:?}", items.decoder().0.last_event_id());
    Ok(())
}
