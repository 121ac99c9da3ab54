use std::{error::Error, fs, path::Path, time::Instant};

use sse_core::{Event, Token, wire::Frame};
use sse_redb::{Append, Store, StoreConfig};

use crate::{ratio::median, writers::text};

/// Prints how long it takes to open a store of a million events; whether that is short enough.
pub(crate) fn run(dir: &Path, rounds: usize) -> Result<bool, Box<dyn Error>> {
    let config = config(dir);
    fill(&config)?;
    let bytes = fs::metadata(config.dir().join("history.redb"))?.len();
    let (mut opens, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        fs::read(config.dir().join("history.redb"))?;
        reads.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let store = Store::open(config.clone())?;
        opens.push(begun.elapsed().as_secs_f64());
        assert_eq!(store.counts().kept_events, EVENTS);
    }
    let (open, read) = (median(opens.into_iter()), median(reads.into_iter()));
    println!(
        "## Starting\n\n\
         With {EVENTS} events of 200 bytes on {CHANNELS} channels, in a file that the system has in memory. All of the \
         file is read, its checksums are compared, and the index is made.\n\n\
         | file, MB | start, s | reading the file alone, s | must be |\n\
         |---:|---:|---:|---:|\n\
         | {:.0} | {open:.2} | {read:.2} | ≤ {MAX_SECONDS} s |\n",
        bytes as f64 / 1e6,
    );
    Ok(open <= MAX_SECONDS)
}

/// Where the events lie that are read afterwards.
pub(crate) fn config(dir: &Path) -> StoreConfig {
    StoreConfig::new(dir.join("million"))
        .with_max_events(usize::MAX)
        .with_max_bytes(u64::MAX)
        .with_max_age(None)
}

fn fill(config: &StoreConfig) -> Result<(), Box<dyn Error>> {
    let store = Store::open(config.clone().with_max_queue(usize::MAX, usize::MAX))?;
    for batch in 0..EVENTS / BATCH {
        let token = Token::new(&(batch % CHANNELS).to_string())?;
        let frames = (0..BATCH).map(|number| Frame::from(Event::data(text(number))));
        store.append(frames.fold(Append::new(token), Append::with_frame), |_| {})?;
    }
    Ok(())
}

const EVENTS: usize = 1_000_000;
const CHANNELS: usize = 10;
/// How many are published at once.
const BATCH: usize = 10;
const MAX_SECONDS: f64 = 2.0;
