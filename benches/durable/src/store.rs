use std::{error::Error, fs, path::Path, sync::Arc};

use sse_redb::{Store, StoreConfig};

use crate::{
    ratio::{Rounds, median},
    raw::Raw,
    replay, start,
    writers::{Writer, latency, throughput},
};

/// Prints what the store does at its own interface; whether that is enough.
pub(crate) fn run(dir: &Path, rounds: usize) -> Result<bool, Box<dyn Error>> {
    let is_fast = writing(dir, rounds)?;
    let has_started = start::run(dir, rounds.min(5))?;
    replay::run(dir, rounds.min(5))?;
    Ok(is_fast && has_started)
}

fn writing(dir: &Path, rounds: usize) -> Result<bool, Box<dyn Error>> {
    let raw = Arc::new(Raw::new(&dir.join("raw"))?);
    let store = Arc::new(Store::open(StoreConfig::new(dir.join("store")))?);
    println!("{}", load());
    println!(
        "## Writing\n\n\
         Events of 200 bytes on {} channels that keep 1,000 each, with strict durability, beside a thread that appends the same \
         batches to a file and calls `fdatasync`. Both take turns in {rounds} rounds on a disk that others use \
         too; figures are medians, and the ratio is the median of the rounds' ratios, with the lowest and the \
         highest.\n\n\
         | in flight | store, events/s | raw, events/s | ratio | lowest to highest | must be | events a commit |\n\
         |---:|---:|---:|---:|---:|---:|---:|",
        crate::writers::CHANNELS,
    );
    let mut is_fast = true;
    for (in_flight, batches, must) in [(64, 200, 0.5), (512, 60, 0.18)] {
        let (mut measured, mut batch) = (Rounds::default(), Vec::new());
        // The first round warms up.
        for round in 0..=rounds {
            let events = in_flight * batches;
            let reference = throughput(&raw, in_flight, events);
            let contestant = throughput(&store, in_flight, events);
            if 0 < round {
                measured.push(contestant.events_per_second, reference.events_per_second);
                batch.push(contestant.events_per_commit);
            }
        }
        let (ratio, lowest, highest) = measured.ratio();
        is_fast &= must <= ratio;
        println!(
            "| {in_flight} | {:.0} | {:.0} | {ratio:.2} | {lowest:.2} to {highest:.2} | ≥ {must} | {:.0} |",
            measured.contestant(),
            measured.reference(),
            median(batch.into_iter()),
        );
    }
    Ok(is_fast & waiting(&*raw, &*store, rounds))
}

fn waiting(raw: &impl Writer, store: &impl Writer, rounds: usize) -> bool {
    let mut measured = Rounds::default();
    for _ in 0..rounds {
        let reference = latency(raw, 200).as_secs_f64();
        measured.push(latency(store, 200).as_secs_f64(), reference);
    }
    let (ratio, lowest, highest) = measured.ratio();
    println!(
        "\nHow long one publisher waits for one event, in µs. Where both wait for some 4,000, a busy machine lets them \
         wait for a processor, and the ratio says nothing of the store:\n\n\
         | store | raw | ratio | lowest to highest | must be |\n\
         |---:|---:|---:|---:|---:|\n\
         | {:.0} | {:.0} | {ratio:.2} | {lowest:.2} to {highest:.2} | ≤ {MAX_WAIT} |\n",
        measured.contestant() * 1e6,
        measured.reference() * 1e6,
    );
    ratio <= MAX_WAIT
}

/// How busy the machine was when it began: a busy one makes all figures worse, and ratios less certain.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    format!("# Histories on disk\n\nThe load average was {load} when this began.\n")
}

const MAX_WAIT: f64 = 2.5;
