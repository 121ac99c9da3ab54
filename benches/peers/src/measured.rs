use crate::{
    contestants,
    encode::{self, Encode},
    endless::{self, Endless},
    inputs::Input,
    instructions::{COUNTED, Instructions},
    long_line::{self, LongLine},
    measure::{self, Race},
    memory,
};

/// Everything that is measured.
pub struct Measured {
    pub rounds: usize,
    pub races: Vec<Race>,
    pub instructions: Vec<Instructions>,
    pub long_lines: Vec<LongLine>,
    pub endless: Vec<Endless>,
    pub encode: Vec<Encode>,
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
        let races = races(inputs, rounds);
        eprintln!("instructions, long lines, endless streams, encoders");
        let instructions = inputs.iter().map(|input| Instructions::count(input, &COUNTED));
        Ok(Self {
            rounds,
            races,
            instructions: instructions.collect::<Result<_, String>>()?,
            long_lines: long_line::measure(rounds.div_ceil(3)),
            endless: endless::measure(rounds.div_ceil(3), memory),
            encode: encode::measure(rounds),
        })
    }
}

/// Everybody over each of `inputs`.
pub fn races(inputs: &[Input], rounds: usize) -> Vec<Race> {
    let contestants = contestants::all();
    let race = |input: &Input| {
        eprintln!("{}: {}", input.name, input.what);
        measure::race(input, &contestants, rounds, || {})
    };
    inputs.iter().map(race).collect()
}
