use crate::{
    contestants::{self, BORROWED, LINES},
    encode::{self, Encode},
    endless::{self, Endless},
    inputs::Input,
    instructions,
    long_line::{self, LongLine},
    measure::{self, Race},
    memory,
};

/// Everything that is measured.
pub struct Measured {
    pub rounds: usize,
    pub races: Vec<Race>,
    pub instructions: Instructions,
    pub long_lines: Vec<LongLine>,
    pub endless: Vec<Endless>,
    pub encode: Vec<Encode>,
}

/// For an event of input a.
pub struct Instructions {
    pub ours: f64,
    pub search: f64,
}

impl Measured {
    /// # Errors
    ///
    /// Fails if valgrind does.
    pub fn take(
        inputs: &[Input],
        rounds: usize,
        memory: &memory::Counting,
    ) -> Result<Self, String> {
        let contestants = contestants::all();
        let races = inputs
            .iter()
            .map(|input| {
                eprintln!("{}: {}", input.name, input.what);
                measure::race(input, &contestants, rounds, || {})
            })
            .collect();
        eprintln!("instructions, long lines, endless streams, encoders");
        let ours = instructions::count(BORROWED)?;
        let search = instructions::count(LINES)?;
        Ok(Self {
            rounds,
            races,
            instructions: Instructions { ours, search },
            long_lines: long_line::measure(rounds.div_ceil(3)),
            endless: endless::measure(rounds.div_ceil(3), memory),
            encode: encode::measure(rounds),
        })
    }
}
