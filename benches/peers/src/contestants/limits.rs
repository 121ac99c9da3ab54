use std::hint::black_box;

use bytes::Bytes;

use crate::inputs::Seen;

pub fn memchr_iter(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    for chunk in &chunks {
        for at in memchr::memchr_iter(b'\n', chunk) {
            black_box(at);
        }
    }
    None
}

pub fn memchr2_iter(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    for chunk in &chunks {
        for at in memchr::memchr2_iter(b'\n', b'\r', chunk) {
            black_box(at);
        }
    }
    None
}

pub fn from_utf8(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    for chunk in &chunks {
        let mut rest = &chunk[..];
        // A chunk may begin within a character, and must be looked at all the same.
        while let Err(error) = black_box(str::from_utf8(rest)) {
            let Some(invalid) = error.error_len() else { break };
            rest = &rest[error.valid_up_to() + invalid..];
        }
    }
    None
}

pub fn memcpy(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let mut copy = Vec::with_capacity(chunks.iter().map(Bytes::len).max().unwrap_or_default());
    for chunk in &chunks {
        copy.clear();
        copy.extend_from_slice(chunk);
        black_box(&mut copy);
    }
    None
}
