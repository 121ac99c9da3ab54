use std::fmt;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// A content coding, undone step by step.
pub(super) enum Codec {
    Gzip(Decompress),
    /// `None` until the first byte tells the format.
    Deflate(Option<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(ZstdDecoder<'static>),
}

/// What one step took and gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) read: usize,
    pub(super) written: usize,
    /// The coded text is whole; another may follow.
    pub(super) is_whole: bool,
}

impl Codec {
    /// # Source
    ///
    /// RFC 9110, section 8.4.1, RFC 7932, and RFC 9659, which bounds the window of zstd at 8 MiB.
    pub(super) fn new(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip(Decompress::new_gzip(MAX_WINDOW_BITS))),
            "deflate" => Some(Self::Deflate(None)),
            "br" => {
                let alloc = StandardAlloc::default;
                Some(Self::Brotli(Box::new(BrotliState::new(alloc(), alloc(), alloc()))))
            }
            "zstd" => {
                let mut decoder = ZstdDecoder::new().ok()?;
                decoder.set_parameter(DParameter::WindowLogMax(23)).ok()?;
                Some(Self::Zstd(decoder))
            }
            _ => None,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Deflate(_) => "deflate",
            Self::Brotli(_) => "br",
            Self::Zstd(_) => "zstd",
        }
    }

    /// Fills `output` as far as `input` reaches; `None` if it is malformed.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        match self {
            Self::Gzip(inflate) => inflate_step(inflate, input, output),
            Self::Deflate(inflate) => match (&mut *inflate, input.first()) {
                (Some(inflate), _) => inflate_step(inflate, input, output),
                (None, None) => Some(Step::default()),
                (None, Some(first)) => {
                    // Some servers leave the zlib header away, and browsers forgive them.
                    let has_header = first & 0x0f == 8 && first >> 4 <= 7;
                    inflate_step(inflate.insert(Decompress::new(has_header)), input, output)
                }
            },
            Self::Brotli(state) => brotli_step(state, input, output),
            Self::Zstd(decoder) => {
                let mut input = InBuffer::around(input);
                let mut output = OutBuffer::around(output);
                let hint = decoder.run(&mut input, &mut output).ok()?;
                Some(Step { read: input.pos(), written: output.pos(), is_whole: hint == 0 })
            }
        }
    }

    /// Goes on with another coded text behind one that is whole; false if there can be none.
    pub(super) fn restart(&mut self) -> bool {
        match self {
            Self::Gzip(inflate) => {
                *inflate = Decompress::new_gzip(MAX_WINDOW_BITS);
                true
            }
            Self::Zstd(_) => true,
            Self::Deflate(_) | Self::Brotli(_) => false,
        }
    }
}

fn inflate_step(inflate: &mut Decompress, input: &[u8], output: &mut [u8]) -> Option<Step> {
    let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(input, output, FlushDecompress::None).ok()?;
    Some(Step {
        read: usize::try_from(inflate.total_in() - before_in).ok()?,
        written: usize::try_from(inflate.total_out() - before_out).ok()?,
        is_whole: status == Status::StreamEnd,
    })
}

fn brotli_step(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    output: &mut [u8],
) -> Option<Step> {
    let (mut available_in, mut read) = (input.len(), 0);
    let (mut available_out, mut written, mut total) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut available_in,
        &mut read,
        input,
        &mut available_out,
        &mut written,
        output,
        &mut total,
        state,
    );
    match result {
        BrotliResult::ResultFailure => None,
        result => {
            let is_whole = matches!(result, BrotliResult::ResultSuccess);
            Some(Step { read, written, is_whole })
        }
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const MAX_WINDOW_BITS: u8 = 15;
