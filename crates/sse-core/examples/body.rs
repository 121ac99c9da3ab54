//! Reads the blocks in the body of a response as they were written, as a proxy does.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]

use std::error::Error;

use futures_util::StreamExt;
use http::Response;
use sse_core::{reader::BodyStream, wire::BlockDecoder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let response = Response::new("id: 1\ndata:\n\n: still here\nx-trace: 7\n\n".to_owned());
    let mut blocks = BodyStream::with_decoder(response.into_body(), BlockDecoder::new());

    while let Some(block) = blocks.next().await {
        for (name, value) in block?.as_ref().fields() {
            println!("{name} = {value:?}");
        }
        println!();
    }
    Ok(())
}
