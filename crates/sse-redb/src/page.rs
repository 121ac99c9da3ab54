use std::{
    iter::Peekable,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
};

use bytes::{Bytes, BytesMut};
use redb::{AccessGuard, Database, Range, ReadOnlyTable, ReadableDatabase};
use sse_core::{
    Token,
    history::{Epoch, Position},
    wire::Frame,
};

use crate::{
    Failure, StoredEvent,
    chunk::Chunk,
    clock,
    database::{DbError, RECORDS},
    index::Place,
    record::Record,
    shared::Shared,
};

/// A part of what a channel keeps, in the order of positions.
///
/// ```
/// # use sse_core::Token;
/// # use sse_redb::{Store, StoreConfig};
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// let page = store.page(&Token::new("42")?, 0, 1 << 20)?;
/// assert!(page.events.is_empty() && page.is_last);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The events, which may begin later than was asked for if older ones are not kept.
    pub events: Vec<StoredEvent>,
    /// The numbers of events that should be there and cannot be read.
    pub holes: Vec<RangeInclusive<u64>>,
    /// The newest position of the channel.
    pub top: Option<Position>,
    /// The number after which the next page begins.
    pub after: u64,
    /// Whether nothing follows.
    pub is_last: bool,
}

/// Why a page could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The store has failed.
    #[error(transparent)]
    Failed(Failure),
    /// The file is being opened anew after the disk was full; try again.
    #[error("the history cannot be read while its disk is full; try again later")]
    DiskFull,
    /// The database does not hold together.
    #[error("the history cannot be read: {message}; end the server and check the file")]
    Damaged {
        /// What is wrong.
        message: String,
    },
}

impl Shared {
    pub(crate) fn page(
        &self,
        token: &Token,
        after: u64,
        max_bytes: usize,
    ) -> Result<Page, PageError> {
        let mut page = Page { after, ..Page::default() };
        let places = self.places(token, max_bytes, &mut page);
        let Some(&(first, _)) = places.first() else {
            return Ok(page);
        };
        let database = self.database();
        let Some(database) = &*database else {
            return Err(self
                .watch
                .failure
                .get()
                .cloned()
                .map_or(PageError::DiskFull, PageError::Failed));
        };
        let mut last = first.seq - 1;
        // A page that is not what redb has written can make it panic.
        let read = catch_unwind(AssertUnwindSafe(|| {
            each(database, token, &places, |place, event| {
                if last + 1 < place.seq {
                    self.note_hole(&mut page, last + 1..=place.seq - 1);
                }
                last = place.seq;
                match event {
                    Some(event) => page.events.push(event),
                    // It may have been deleted since: then nobody misses it.
                    None if self.is_kept(token, place) => {
                        self.damaged
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(place.key);
                        self.note_hole(&mut page, place.seq..=place.seq);
                    }
                    None => {}
                }
            })
        }));
        page.after = last;
        match read {
            Ok(Ok(())) => Ok(page),
            Ok(Err(error)) => Err(match self.watch.failure.get() {
                Some(failure) => PageError::Failed(failure.clone()),
                None => PageError::Damaged { message: error.to_string() },
            }),
            Err(_) => Err(PageError::Damaged { message: "its pages do not fit together".into() }),
        }
    }

    /// Where the events of the next page lie.
    fn places(&self, token: &Token, max_bytes: usize, page: &mut Page) -> Vec<(Place, Epoch)> {
        let (index, now) = (self.index(), clock::now());
        page.is_last = true;
        let mut places = Vec::new();
        let Some(channel) = index.channels.get(token).filter(|channel| !channel.is_over(now))
        else {
            return places;
        };
        page.top = channel.state.epoch().map(|epoch| Position::new(channel.state.top, epoch));
        let mut bytes = 0;
        for (place, epoch) in channel.behind(page.after, &index.limits, now) {
            bytes += place.len as usize;
            if max_bytes < bytes && !places.is_empty() || places.len() == MAX_EVENTS {
                page.is_last = false;
                break;
            }
            places.push((place, epoch));
        }
        places
    }

    fn is_kept(&self, token: &Token, place: Place) -> bool {
        let index = self.index();
        let oldest = index.channels.get(token).and_then(|channel| channel.oldest());
        oldest.is_some_and(|oldest| oldest.key <= place.key)
    }

    fn note_hole(&self, page: &mut Page, hole: RangeInclusive<u64>) {
        match page.holes.last_mut() {
            Some(last) if last.end() + 1 == *hole.start() => *last = *last.start()..=*hole.end(),
            _ => page.holes.push(hole),
        }
    }
}

/// Reads what lies at `places`; what cannot be read is none.
fn each(
    database: &Database,
    token: &Token,
    places: &[(Place, Epoch)],
    mut show: impl FnMut(Place, Option<StoredEvent>),
) -> Result<(), DbError> {
    let Some((first, _)) = places.first() else { return Ok(()) };
    let table = database.begin_read()?.open_table(RECORDS)?;
    let mut reader = Reader { chunk: None, range: seek(&table, first.key)?, table };
    let (mut bytes, mut rest) = (Block::default(), places);
    while let Some((place, _)) = rest.first() {
        let end = reader.go_to(place.key)?;
        let mut records = reader.records().peekable();
        while let Some(&(place, epoch)) = rest.first()
            && place.key < end
        {
            rest = &rest[1..];
            while records.next_if(|&(key, _)| key < place.key).is_some() {}
            let found = records.next_if(|&(key, _)| key == place.key);
            let event = found.and_then(|(key, record)| match Record::decode(key, record) {
                Ok(Record::Event { channel, time, seq, epoch: of, frame })
                    if (channel, seq, of) == (token.as_str(), place.seq, epoch) =>
                {
                    let frame = Frame::from_encoded(bytes.share(frame)).ok()?;
                    let time = clock::from_millis(time);
                    Some(StoredEvent { position: Position::new(seq, epoch), time, frame })
                }
                _ => None,
            });
            show(place, event);
        }
    }
    Ok(())
}

/// Memory that many frames share: to get some for each of them would cost as much as to read them.
#[derive(Default)]
struct Block(BytesMut);

impl Block {
    fn share(&mut self, frame: &[u8]) -> Bytes {
        if self.0.capacity() < frame.len() {
            self.0 = BytesMut::with_capacity(frame.len().max(BLOCK));
        }
        self.0.extend_from_slice(frame);
        self.0.split().freeze()
    }
}

/// Goes through chunks in the order of their keys.
struct Reader {
    chunk: Option<Entry>,
    /// The chunks behind that one.
    range: Peekable<Range<'static, u64, &'static [u8]>>,
    /// Let go of last: it is what keeps the pages of the others from being written anew.
    table: ReadOnlyTable<u64, &'static [u8]>,
}

type Entry = (AccessGuard<'static, u64>, AccessGuard<'static, &'static [u8]>);

impl Reader {
    /// Goes to the chunk that may hold `key`; returns the key with which the next one begins.
    fn go_to(&mut self, key: u64) -> Result<u64, DbError> {
        for step in 0.. {
            let is_before = |next: &Result<Entry, _>| match next {
                Ok((next, _)) => next.value() <= key,
                Err(_) => true,
            };
            let Some(chunk) = self.range.next_if(is_before).transpose()? else {
                break;
            };
            self.chunk = Some(chunk);
            if step == NEAR {
                self.range = seek(&self.table, key)?;
            }
        }
        // What cannot be read was returned above.
        let next = self.range.peek().and_then(|next| next.as_ref().ok());
        Ok(next.map_or(u64::MAX, |(next, _)| next.value()))
    }

    /// The records of that chunk, as far as they can be told from each other.
    fn records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let chunk = self.chunk.iter();
        chunk.flat_map(|(first, chunk)| {
            Chunk::new(first.value(), chunk.value()).map_while(Result::ok)
        })
    }
}

/// The chunks from that on which may hold `key`.
fn seek(
    table: &ReadOnlyTable<u64, &'static [u8]>,
    key: u64,
) -> Result<Peekable<Range<'static, u64, &'static [u8]>>, DbError> {
    let first = table.range(..=key)?.next_back().transpose()?.map_or(0, |it| it.0.value());
    Ok(table.range(first..)?.peekable())
}

/// How many chunks are passed by before it is cheaper to look for the right one.
const NEAR: usize = 8;
/// The most events of a page, whatever their size.
const MAX_EVENTS: usize = 4_096;
/// How much memory frames share, in bytes.
const BLOCK: usize = 16 << 10;
