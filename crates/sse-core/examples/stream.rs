//! Reads a model's answer, token by token, from a stream of chunks as an HTTP client gives it.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]

use std::{convert::Infallible, error::Error};

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use sse_core::reader::EventStream;

#[derive(Deserialize)]
struct Delta<'a> {
    text: &'a str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let chunks =
        ["data: {\"text\":\"Hel\"}\n\nda", "ta: {\"text\":\"lo\"}\n\n", "data: [DONE]\n\n"];
    let mut events = EventStream::new(stream::iter(chunks.map(Ok::<_, Infallible>)));

    while let Some(event) = events.next().await {
        let event = event?;
        if event.data() == "[DONE]" {
            break;
        }
        print!("{}", event.json::<Delta<'_>>()?.text);
    }
    println!();
    Ok(())
}
