//! The hub under seeded schedules, against a model that keeps everything.
//!
//! One run draws its configuration and its steps from a seed: publishers, listeners that read, stall,
//! vanish and come back with ids of all kinds, limits that are hit, channels that end, time that
//! passes. `SEED=n` runs one seed alone, `SEEDS=n` so many; `cargo xtask simulate` sets them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a run says what it has seen")]

mod channel;
mod draw;
mod listener;
mod random;
mod seen;
mod settings;
mod table;
mod world;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use seen::Seen;
use world::World;

/// One million steps.
const SEEDS: u64 = 500;
const STEPS: usize = 2_000;

#[test]
fn every_listener_sees_what_the_model_says_and_every_gap_is_told() {
    let number = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let mut seen = Seen::default();
    for seed in seeds.clone() {
        let mut world = World::new(seed);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..STEPS {
                world.step();
            }
            world.end();
        }));
        if let Err(panic) = ran {
            eprintln!("seed {seed}, step {}: {:#?}", world.steps(), world.settings());
            eprintln!("again: cargo xtask simulate --seed {seed}");
            resume_unwind(panic);
        }
        seen.add(world.seen());
    }
    println!("{} steps: {seen:?}", seeds.count() * STEPS);
    if env::var_os("SEED").is_none() {
        seen.assert_all();
    }
}
