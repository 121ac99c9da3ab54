//! Prints the events of a stream that comes on standard input, as a blocking client would hand it over:
//! `curl -N http://127.0.0.1:8888/words | cargo run -p sse-hyper --example print_tokens`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use sse_core::reader::{ReadError, Reader};

fn print_tokens(answer: impl std::io::BufRead) -> Result<(), ReadError<std::io::Error>> {
    for event in Reader::new(answer) {
        println!("{}", event?.data());
    }
    Ok(())
}

fn main() -> Result<(), ReadError<std::io::Error>> {
    print_tokens(std::io::stdin().lock())
}
