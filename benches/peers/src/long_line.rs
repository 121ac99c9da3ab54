use std::hint::black_box;

use crate::{
    contestants::{self, BORROWED, FRESH, LINES},
    inputs,
    measure::{self, Race},
};

/// One line of data of so many MiB in packets.
pub struct LongLine {
    pub mebibytes: usize,
    /// With caches that hold nothing of it: a short line would find what its last run left there,
    /// and a long one would not.
    pub cold: Race,
    /// With caches as the last run left them.
    pub warm: Race,
}

pub fn measure(rounds: usize) -> Vec<LongLine> {
    let mut caches = vec![0_u8; CACHES];
    let mut empty_caches = || {
        caches.fill(1);
        black_box(&mut caches);
    };
    let sizes = [1, 2, 4, 8, 16, 32, 64];
    let one = |mebibytes| {
        let input = inputs::long_line(mebibytes);
        let all = contestants::for_long_line(mebibytes);
        let cold = measure::race(&input, &all, rounds, &mut empty_caches);
        let all = all.into_iter().filter(|one| [LINES, BORROWED, FRESH].contains(&one.name));
        let warm = measure::race(&input, &all.collect::<Vec<_>>(), rounds, || {});
        LongLine { mebibytes, cold, warm }
    };
    sizes.map(one).into()
}

/// More than the caches of today's machines hold.
const CACHES: usize = 128 << 20;
