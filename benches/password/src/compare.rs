use std::time::Duration;

use crate::random::Random;

/// The time in the middle.
pub fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// How far the medians of `one` and `other` lie apart.
pub fn difference(one: &[Duration], other: &[Duration]) -> Duration {
    median(one).abs_diff(median(other))
}

/// How far they would lie apart by chance: the times of each round change sides if a coin says so, and in 1,000
/// such games they are never further apart than this.
///
/// A coin a round, since a slow moment of the machine meets both sides of a round.
pub fn noise(one: &[Duration], other: &[Duration], random: &mut Random) -> Duration {
    let differences = (0..GAMES).map(|_| {
        let rounds = one.iter().zip(other);
        let (one, other): (Vec<_>, Vec<_>) = rounds
            .map(|(&one, &other)| if random.coin() { (one, other) } else { (other, one) })
            .unzip();
        difference(&one, &other)
    });
    differences.max().unwrap_or_default()
}

const GAMES: usize = 1000;
