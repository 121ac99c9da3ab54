use std::time::{Duration, Instant};

use crate::{
    contestants::{Contestant, Kind},
    inputs::Input,
};

/// The times of some contestants over one input.
pub struct Race {
    pub input: &'static str,
    pub what: &'static str,
    len: usize,
    pub runners: Vec<Runner>,
}

pub struct Runner {
    pub name: &'static str,
    pub kind: Kind,
    /// One a round.
    times: Vec<Duration>,
}

/// Lets all contestants run in turn, so that a slow moment of the machine meets all of them.
pub fn race(
    input: &Input,
    contestants: &[Contestant],
    rounds: usize,
    mut prepare: impl FnMut(),
) -> Race {
    let runner = |&Contestant { name, kind, .. }| Runner { name, kind, times: Vec::new() };
    let mut runners: Vec<Runner> = contestants.iter().map(runner).collect();
    for _ in 0..rounds {
        for (contestant, runner) in contestants.iter().zip(&mut runners) {
            let chunks = input.chunks.clone();
            prepare();
            let start = Instant::now();
            let seen = (contestant.run)(chunks, input.expected);
            runner.times.push(start.elapsed());
            if let Some(seen) = seen {
                assert_eq!(seen, input.expected, "{} over {}", contestant.name, input.name);
            }
        }
    }
    Race { input: input.name, what: input.what, len: input.len, runners }
}

impl Race {
    pub fn runner(&self, name: &str) -> Option<&Runner> {
        self.runners.iter().find(|runner| runner.name == name)
    }

    pub fn fastest_peer(&self) -> Option<&Runner> {
        self.runners
            .iter()
            .filter(|runner| runner.kind == Kind::Peer)
            .min_by_key(|peer| peer.best())
    }

    pub fn megabytes_per_second(&self, runner: &Runner) -> f64 {
        1e3 / self.nanoseconds_per_byte(runner)
    }

    pub fn nanoseconds_per_byte(&self, runner: &Runner) -> f64 {
        runner.best().as_secs_f64() * 1e9 / self.len as f64
    }
}

impl Runner {
    fn best(&self) -> Duration {
        self.times.iter().copied().min().unwrap_or_default()
    }

    /// How many times as fast it is as the other.
    pub fn over(&self, other: &Self) -> Ratio {
        let ratio = |one: Duration, other: Duration| other.as_secs_f64() / one.as_secs_f64();
        let rounds = self.times.iter().zip(&other.times);
        let mut ratios: Vec<f64> = rounds.map(|(one, other)| ratio(*one, *other)).collect();
        ratios.sort_by(f64::total_cmp);
        Ratio { best: ratio(self.best(), other.best()), median: ratios[ratios.len() / 2] }
    }
}

#[derive(Clone, Copy)]
pub struct Ratio {
    /// Of the best times.
    pub best: f64,
    /// Of the ratios of all rounds: far from the best, the machine was busy.
    pub median: f64,
}

/// The best time of each of `actions`, which take turns and measure themselves.
pub fn best_of<const N: usize>(
    rounds: usize,
    mut actions: [&mut dyn FnMut() -> Duration; N],
) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..rounds {
        for (action, best) in actions.iter_mut().zip(&mut best) {
            *best = action().min(*best);
        }
    }
    best
}

pub fn timed(action: impl FnOnce()) -> Duration {
    let start = Instant::now();
    action();
    start.elapsed()
}
