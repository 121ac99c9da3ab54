use std::iter;

use crate::outcome::cut;

/// A stream, and where a fuzzer wants it to be cut.
#[derive(Default)]
pub struct Stream {
    pub bytes: Vec<u8>,
    pub marks: Vec<usize>,
}

impl Stream {
    /// Its pieces, cut in many ways: into `lengths`, at the marks, behind each byte, nowhere, and
    /// where it is short, in two at each place.
    pub fn cuts(&self, lengths: &[usize]) -> Vec<Vec<&[u8]>> {
        let bytes = &self.bytes[..];
        let mut cuts = vec![cut(bytes, lengths), cut(bytes, &[1]), vec![bytes], self.at_marks()];
        if bytes.len() < SHORT {
            cuts.extend((0..=bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]));
        }
        cuts
    }

    fn at_marks(&self) -> Vec<&[u8]> {
        let starts = iter::once(0).chain(self.marks.iter().copied());
        let ends = self.marks.iter().copied().chain(iter::once(self.bytes.len()));
        starts.zip(ends).map(|(start, end)| &self.bytes[start..end]).collect()
    }
}

const SHORT: usize = 32;
