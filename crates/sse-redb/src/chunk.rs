use crate::record::{Broken, Record};

/// Records that lie under one key of the table, which is that of the first of them when they were stored.
///
/// A table of few large values is written and read with much less work than one of many small ones. Each
/// record stands behind how far its key is from that of the chunk, in 2 bytes, and its length in 4, both
/// little-endian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    key: u64,
    rest: &'a [u8],
}

impl<'a> Chunk<'a> {
    pub(crate) fn new(key: u64, bytes: &'a [u8]) -> Self {
        Self { key, rest: bytes }
    }

    /// What is left of it without the records under `gone`, which ascend, and how many of those do not lie behind
    /// it.
    pub(crate) fn without(mut self, gone: &[u64]) -> Result<(Vec<u8>, usize), Broken> {
        let (mut left, mut passed) = (Vec::with_capacity(self.rest.len()), 0);
        loop {
            let from = self.rest;
            let Some((key, _)) = self.next().transpose()? else { return Ok((left, passed)) };
            passed += gone[passed..].partition_point(|&gone| gone < key);
            if gone.get(passed) == Some(&key) {
                passed += 1;
            } else {
                left.extend_from_slice(&from[..from.len() - self.rest.len()]);
            }
        }
    }

    fn split(&mut self) -> Option<(u64, &'a [u8])> {
        let (head, rest) = self.rest.split_first_chunk::<HEAD>()?;
        let [distance @ .., _, _, _, _] = head;
        let [_, _, len @ ..] = head;
        let len = u32::from_le_bytes(*len) as usize;
        let (record, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some((self.key + u64::from(u16::from_le_bytes(*distance)), record))
    }
}

impl<'a> Iterator for Chunk<'a> {
    type Item = Result<(u64, &'a [u8]), Broken>;

    /// The next record with its key. Behind one whose length is wrong no other is found.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.split().ok_or(Broken);
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

/// Records that become chunks: one behind the other, cut where a chunk fills its pages.
///
/// The last chunk that was stored may stay, and grow: otherwise a publication at a time would make chunks of one record.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    bytes: Vec<u8>,
    /// The key of each, and where it begins.
    begins: Vec<(u64, usize)>,
    /// How many bytes of the first chunk are stored.
    stored: usize,
}

impl Chunks {
    /// Appends a record, whose key is the greatest so far; returns its length.
    pub(crate) fn push(&mut self, key: u64, record: &Record<'_>) -> usize {
        self.put(key, |bytes| record.encode(key, bytes))
    }

    /// Appends a record that is encoded already.
    pub(crate) fn push_encoded(&mut self, key: u64, record: &[u8]) {
        self.put(key, |bytes| bytes.extend_from_slice(record));
    }

    fn put(&mut self, key: u64, encode: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEAD]);
        encode(&mut self.bytes);
        let len = self.bytes.len() - start - HEAD;
        let (first, begin) = self.begins.last().copied().unwrap_or((key, start));
        let is_near = u16::try_from(key - first);
        let fits = self.bytes.len() - begin <= MAX_LEN && begin < start;
        let distance = is_near.ok().filter(|_| fits).unwrap_or_else(|| {
            self.begins.push((key, start));
            0
        });
        self.bytes[start..start + 2].copy_from_slice(&distance.to_le_bytes());
        self.bytes[start + 2..start + HEAD].copy_from_slice(&(len as u32).to_le_bytes());
        len
    }

    /// All of it is stored: only the last chunk stays, if it has room.
    pub(crate) fn keep_last(&mut self) {
        let Some(&(key, begin)) = self.begins.last() else { return };
        if MAX_LEN <= self.bytes.len() - begin {
            return self.clear();
        }
        self.bytes.drain(..begin);
        self.bytes.shrink_to(MAX_SPARE);
        self.begins.clear();
        self.begins.push((key, 0));
        self.stored = self.bytes.len();
    }

    /// Nothing of what was pushed is stored: it is dropped.
    pub(crate) fn drop_new(&mut self) {
        self.bytes.truncate(self.stored);
        self.bytes.shrink_to(MAX_SPARE);
        self.begins.truncate(usize::from(0 < self.stored));
    }

    /// Empties it, but keeps the memory for as much again, unless that is a lot.
    pub(crate) fn clear(&mut self) {
        self.stored = 0;
        self.drop_new();
    }

    /// The key of the last chunk.
    pub(crate) fn last_key(&self) -> Option<u64> {
        self.begins.last().map(|&(key, _)| key)
    }

    /// How many bytes were pushed.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.stored
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chunk that was stored, if it has grown.
    pub(crate) fn grown(&self) -> Option<(u64, &[u8])> {
        self.all().next().filter(|(_, chunk)| 0 < self.stored && self.stored < chunk.len())
    }

    /// The chunks that are new.
    pub(crate) fn new_ones(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.all().skip(usize::from(0 < self.stored))
    }

    fn all(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = self.begins.iter().skip(1).map(|&(_, begin)| begin).chain([self.bytes.len()]);
        self.begins.iter().zip(ends).map(|(&(key, begin), end)| (key, &self.bytes[begin..end]))
    }
}

const HEAD: usize = size_of::<u16>() + size_of::<u32>();
/// Four pages, but for what the database adds: a page more would take as much room as four.
const MAX_LEN: usize = (16 << 10) - 64;
/// To get so much memory anew costs as much as to fill it.
const MAX_SPARE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_what_was_pushed_and_fill_their_pages() {
        let mut chunks = Chunks::default();
        let records: Vec<_> = [(7, 10), (8, 16_000), (9, 400), (10, 100_000), (11, 0), (12, 5)]
            .into_iter()
            .chain([(80_000, 3), (80_001, 2)])
            .map(|(key, len)| (key, vec![key as u8; len]))
            .collect();
        for (key, record) in &records {
            chunks.push_encoded(*key, record);
        }

        let keys: Vec<_> = chunks.new_ones().map(|(key, _)| key).collect();
        assert_eq!(keys, [7, 9, 10, 11, 80_000]);
        let found = chunks.new_ones().flat_map(|(key, bytes)| Chunk::new(key, bytes));
        let found: Vec<_> = found.map(|record| record.expect("it is whole")).collect();
        assert!(found.iter().copied().eq(records.iter().map(|(key, it)| (*key, it.as_slice()))));
        let (key, bytes) = chunks.new_ones().next().expect("there are five");
        let lens = |bytes| -> Vec<_> {
            let records = Chunk::new(key, bytes).map(|record| record.expect("it is whole"));
            records.map(|(key, record)| (key, record.len())).collect()
        };
        assert_eq!(lens(bytes), [(7, 10), (8, 16_000)]);
        let (left, passed) = Chunk::new(key, bytes).without(&[1, 7, 70]).expect("it is whole");
        assert_eq!((lens(&left), passed), (vec![(8, 16_000)], 2));
    }

    #[test]
    fn the_last_chunk_grows_until_it_is_full_and_what_was_not_stored_is_dropped() {
        let mut chunks = Chunks::default();
        let owned = |(key, chunk): (u64, &[u8])| (key, chunk.len());
        chunks.push_encoded(1, &[1; 100]);
        chunks.push_encoded(2, &[2; 100]);
        assert_eq!(
            (chunks.grown(), chunks.new_ones().map(owned).collect()),
            (None, vec![(1, 212)])
        );

        chunks.keep_last();
        assert!(chunks.is_empty() && chunks.grown().is_none());
        assert_eq!(chunks.new_ones().count(), 0);
        chunks.push_encoded(3, &[3; 20_000]);
        assert_eq!(chunks.grown(), None, "a chunk that has not changed is not stored again");
        assert_eq!(chunks.new_ones().map(owned).collect::<Vec<_>>(), [(3, 20_006)]);

        chunks.drop_new();
        assert_eq!((chunks.len(), chunks.last_key()), (0, Some(1)));
        chunks.push_encoded(3, &[3; 50]);
        assert_eq!((chunks.len(), chunks.grown().map(owned)), (56, Some((1, 268))));
        let (key, grown) = chunks.grown().expect("it has grown");
        let keys = Chunk::new(key, grown).map(|record| record.expect("it is whole").0);
        assert_eq!(keys.collect::<Vec<_>>(), [1, 2, 3]);

        chunks.push_encoded(4, &[4; 20_000]);
        chunks.keep_last();
        assert_eq!((chunks.len(), chunks.last_key()), (0, None), "a full one does not stay");
    }

    #[test]
    fn a_chunk_that_is_cut_has_what_lies_before() {
        let mut chunks = Chunks::default();
        for key in 0..3 {
            chunks.push_encoded(key, b"record");
        }
        let (key, bytes) = chunks.new_ones().next().expect("there is one");
        for len in 0..bytes.len() {
            let whole = len / (bytes.len() / 3);
            let is_cut = len % (bytes.len() / 3) != 0;

            let found: Vec<_> = Chunk::new(key, &bytes[..len]).collect();
            assert_eq!(found.iter().filter(|it| it.is_ok()).count(), whole, "cut at {len}");
            assert_eq!(found.len(), whole + usize::from(is_cut), "cut at {len}");
        }
    }
}
