use std::{error::Error, io};

/// What the head of an answer may hold, and what may stand behind its body.
pub(super) const MAX_HEAD: usize = 256 << 10;

/// How many fields that may be. hyper makes room for all of them whenever it looks for the end of a head: these
/// take 12 µs an answer, and the 24,576 that a map of headers holds took 550 µs (2026-11-27).
pub(super) const MAX_FIELDS: usize = 4_096;

/// What is read of the answer to a publication: it is a line, and what is longer is not from such a server.
pub(super) const MAX_ANSWER: usize = 1 << 20;

/// What may be read of answers before the one that counts, and of the head of that, or of all of it where it is the
/// answer to a publication.
pub(super) const MAX_TAKEN: usize = 2 * MAX_HEAD + MAX_ANSWER;

/// How often a body is asked for more before others, clocks among them, have their turn: one of frames without
/// bytes has no end, nor has a stream of nothing but comments that were compressed.
pub(super) const MAX_TURNS: u32 = 64;

/// Why an answer is not read on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum TooLong {
    #[error("the head of the answer is longer than {} KiB, or has more than {MAX_FIELDS} fields", MAX_HEAD >> 10)]
    Head,
    #[error("the trailers of the answer are longer than {} KiB, or more than {MAX_FIELDS}", MAX_HEAD >> 10)]
    Trailers,
    /// HTTP/2 tells no more.
    #[error(
        "the answer breaks a rule of HTTP/2, or its head or its trailers are longer than {} KiB",
        MAX_HEAD >> 10
    )]
    OrBroken,
    #[error("no answer came in {} KiB of interim answers", MAX_TAKEN >> 10)]
    Interim,
}

impl TooLong {
    /// The one that `error` comes from, if it does.
    pub(super) fn behind(error: &hyper::Error) -> Option<Self> {
        // hyper has a name for the first in servers alone, and none for the others.
        if error.is_parse() && error.to_string() == "message head is too large" {
            return Some(Self::Head);
        }
        let cause = error.source()?.to_string();
        if cause.starts_with("chunk trailers ") {
            Some(Self::Trailers)
        } else if cause.contains("too_many_continuations") {
            Some(Self::Head)
        } else if cause == "stream error detected: unspecific protocol error detected" {
            Some(Self::OrBroken)
        } else {
            None
        }
    }
}

/// Whether a body that failed so was whole: what stands behind it is of no use here, and may be folded in
/// ways that hyper reads only in heads.
///
/// # Source
///
/// RFC 9112, sections 5.2 and 7.1.2.
pub(super) fn is_behind_the_body(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref()).and_then(io::Error::get_ref);
    cause.is_some_and(|cause| cause.is::<httparse::Error>())
}
