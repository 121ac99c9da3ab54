//! The hub under seeded schedules, against a model that keeps everything.
//!
//! One run draws its configuration and its steps from a seed: publishers, listeners that are polled or driven by one
//! of two engines, that read, stall, break off at any byte and come back with the ID that they have, sockets that are
//! full, limits that are hit, channels that end, grants that end and are revoked, hubs that are drained and replaced,
//! time that passes. While an engine writes to somebody, others publish and close. After every step, all that the hub counts
//! is what the model says that it has to hold, and what it does hold. `SEED=n` runs one seed alone, `SEEDS=n` so many; `cargo xtask simulate` sets them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a run says what it has seen")]

mod after;
mod audit;
mod client;
mod connection;
mod draw;
mod driving;
mod granting;
mod learning;
mod listening;
mod model;
mod passing;
mod publishing;
mod random;
mod refusing;
mod seen;
mod settings;
mod socket;
mod watching;
mod world;

use std::{
    env,
    num::NonZero,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use seen::Seen;
use world::World;

/// One million steps.
const SEEDS: u64 = 500;
const STEPS: usize = 2_000;

#[test]
fn every_listener_sees_what_the_model_says_and_what_is_counted_is_held() {
    let number = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let count = seeds.clone().count();
    let seen = run_all(seeds);
    println!("{} steps:{seen}", count * STEPS);
    if env::var_os("SEED").is_none() {
        seen.assert_all();
    }
}

/// Runs each seed, as many at once as the machine can.
fn run_all(seeds: Range<u64>) -> Seen {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut seen = Seen::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seeds.end <= seed {
                return seen;
            }
            seen.add(&run(seed, || next.store(seeds.end, Ordering::Relaxed)));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut seen = Seen::default();
        for worker in workers {
            match worker.join() {
                Ok(more) => seen.add(&more),
                Err(panic) => resume_unwind(panic),
            }
        }
        seen
    })
}

/// Runs one seed, and says which it was if it fails.
fn run(seed: u64, stop: impl Fn()) -> Seen {
    let mut world = World::new(seed);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..STEPS {
            world.step();
        }
        world.end();
    }));
    if let Err(panic) = ran {
        stop();
        eprintln!("seed {seed}, step {}: {:#?}", world.steps, world.settings);
        eprintln!("again: cargo xtask simulate --seed {seed}");
        // The hub may be what is broken, and must not be asked once more.
        std::mem::forget(world);
        resume_unwind(panic);
    }
    world.seen
}
