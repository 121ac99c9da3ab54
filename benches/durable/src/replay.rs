use std::{error::Error, path::Path, time::Instant};

use sse_core::Token;
use sse_redb::Store;

use crate::{ratio::median, start};

/// Prints how fast the events of one channel are read from disk, as pages.
pub(crate) fn run(dir: &Path, rounds: usize) -> Result<(), Box<dyn Error>> {
    let store = Store::open(start::config(dir))?;
    let token = Token::new("0")?;
    let (mut times, mut count) = (Vec::new(), 0);
    for _ in 0..rounds {
        let (begun, mut after) = (Instant::now(), 0);
        count = 0;
        loop {
            let page = store.page(&token, after, PAGE)?;
            count += page.events.len();
            after = page.after;
            if page.is_last {
                break;
            }
        }
        times.push(begun.elapsed().as_secs_f64());
    }
    let time = median(times.into_iter());
    println!(
        "## Reading\n\n\
         All events of one of those channels, in pages of {} KiB.\n\n\
         | events | s | events/s |\n\
         |---:|---:|---:|\n\
         | {count} | {time:.3} | {:.0} |",
        PAGE >> 10,
        count as f64 / time,
    );
    Ok(())
}

const PAGE: usize = 256 << 10;
