//! A hub over a store that is late, fails, repeats itself, loses its newest events and answers nothing, under seeded
//! schedules.
//!
//! Time is virtual and a run has one thread: its seed decides it. Publishers, clients that read fast, slowly or
//! break off, and the store take turns, and processes end. Nobody is polled who was not woken. What every client saw is
//! judged by the checker of `sse-testkit`, what it was told when it came by what the store keeps, and in the end all
//! have to stand at the newest event. `SEED=n` runs one seed alone and says what happens, `SEEDS=n` so many.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a run says what it has seen")]

mod asked;
mod client;
mod flag;
mod judge;
mod kept;
mod listening;
mod publishing;
mod random;
mod seen;
mod settings;
mod shelf;
mod world;

use std::{
    env,
    num::NonZero,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use seen::Seen;
use world::World;

const SEEDS: u64 = 1_500;
const STEPS: usize = 250;

#[test]
fn nothing_is_lost_doubled_or_made_up_whatever_the_store_does() {
    let number = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let (seen, failed) = run_all(seeds);
    println!("{seen}");
    assert!(failed.is_empty(), "{} seeds have failed: {failed:?}", failed.len());
    if env::var_os("SEED").is_none() {
        seen.assert_all();
    }
}

/// Runs each seed, as many at once as the machine can. Returns those that have failed too.
fn run_all(seeds: Range<u64>) -> (Seen, Vec<u64>) {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let (mut seen, mut failed) = (Seen::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seeds.end <= seed {
                return (seen, failed);
            }
            match run(seed) {
                Some(more) => seen.add(&more),
                None => failed.push(seed),
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let (mut seen, mut failed) = (Seen::default(), Vec::new());
        for worker in workers {
            let (more, also) = worker.join().expect("it catches what a seed does");
            seen.add(&more);
            failed.extend(also);
        }
        failed.sort_unstable();
        (seen, failed)
    })
}

/// Runs one seed, and says which it was if it fails.
fn run(seed: u64) -> Option<Seen> {
    let mut world = World::new(seed);
    if env::var_os("SEED").is_some() {
        world.be_loud();
    }
    let ran = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..STEPS {
            world.step();
        }
        world.end();
    }));
    if ran.is_err() {
        eprintln!("seed {seed}, step {}: {:?}", world.steps, world.settings);
        eprintln!("again: SEED={seed} cargo test -p sse-testkit --test stored");
        // The hub may be what is broken, and must not be asked once more.
        std::mem::forget(world);
        return None;
    }
    Some(world.seen)
}
