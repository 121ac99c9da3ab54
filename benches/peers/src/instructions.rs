use std::{env, process::Command};

use crate::{
    contestants::{BORROWED, LINES, OWNED, PEER_SSE_CORE, SSE_STREAM, all},
    inputs::{self, Input},
};

/// Runs one contestant once over the input of that name; nobody, if it has no such name.
pub fn run(name: &str, input: &str) {
    let contestant = all().into_iter().find(|contestant| contestant.name == name);
    let input = inputs::all().into_iter().find(|other| other.name == input);
    let (Some(contestant), Some(input)) = (contestant, input) else { return };
    let seen = (contestant.run)(input.chunks, input.expected);
    assert!(seen.is_none_or(|seen| seen == input.expected));
}

/// What some contestants take for an input.
pub struct Instructions {
    pub input: &'static str,
    len: usize,
    /// Who, and how many in all.
    counts: Vec<(&'static str, f64)>,
}

impl Instructions {
    /// Counted by callgrind, without those that make the stream.
    ///
    /// # Errors
    ///
    /// If valgrind fails.
    pub fn count(input: &Input, names: &[&'static str]) -> Result<Self, String> {
        let stream = counted("nobody", input.name)?;
        let count = |&name| Ok((name, counted(name, input.name)? - stream));
        let counts = names.iter().map(count).collect::<Result<_, String>>()?;
        Ok(Self { input: input.name, len: input.len, counts })
    }

    /// The fewest that a peer takes.
    pub fn fewest_of_peers(&self) -> f64 {
        self.a_byte(PEER_SSE_CORE).min(self.a_byte(SSE_STREAM))
    }

    pub fn a_byte(&self, name: &str) -> f64 {
        let (_, count) = self.counts.iter().find(|(one, _)| *one == name).expect("it was counted");
        count / self.len as f64
    }
}

/// Whose instructions are counted: of the peers, the two that are the fastest.
pub const COUNTED: [&str; 5] = [LINES, BORROWED, OWNED, PEER_SSE_CORE, SSE_STREAM];

fn counted(name: &str, input: &str) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--instructions-of", name, "--over", input])
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let count = log.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("callgrind counted nothing: {log}"))
}
