use std::time::{Duration, Instant};

use crate::{contestants::Contestant, inputs::Input};

/// The best time of each contestant over one input.
pub struct Race {
    pub input: &'static str,
    pub what: &'static str,
    pub len: usize,
    pub best: Vec<Duration>,
}

/// Lets all contestants run in turn, so that a slow moment of the machine meets all of them.
pub fn race(input: &Input, contestants: &[Contestant], rounds: usize) -> Race {
    let mut best = vec![Duration::MAX; contestants.len()];
    for _ in 0..rounds {
        for (contestant, best) in contestants.iter().zip(&mut best) {
            let chunks = input.chunks.clone();
            let start = Instant::now();
            let seen = (contestant.run)(chunks, input.expected);
            *best = start.elapsed().min(*best);
            if let Some(seen) = seen {
                assert_eq!(seen, input.expected, "{} over {}", contestant.name, input.name);
            }
        }
    }
    Race { input: input.name, what: input.what, len: input.len, best }
}

impl Race {
    pub fn megabytes_per_second(&self, contestant: usize) -> f64 {
        self.len as f64 / self.best[contestant].as_secs_f64() / 1e6
    }

    /// How many times as fast one is as another.
    pub fn ratio(&self, one: usize, other: usize) -> f64 {
        self.best[other].as_secs_f64() / self.best[one].as_secs_f64()
    }
}

/// The best time of each of `actions`, which take turns.
pub fn best_of<const N: usize>(rounds: usize, mut actions: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..rounds {
        for (action, best) in actions.iter_mut().zip(&mut best) {
            let start = Instant::now();
            action();
            *best = start.elapsed().min(*best);
        }
    }
    best
}
