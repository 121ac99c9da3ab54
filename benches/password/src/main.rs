//! Whether the time of a refusal tells which names are in a password file.
//!
//! In each round a wrong password of each kind of name is checked once, in random order. Times are taken in one
//! process, around the check alone: over a network they would only be less exact.

mod compare;
mod random;

use std::{
    error::Error,
    num::NonZeroUsize,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use sse_access::{Passwords, password_line};
use sse_core::access::Denied;
use tokio::runtime::Runtime;

use compare::{difference, median, noise};
use random::Random;

/// Prints a table as Markdown
#[derive(Parser)]
struct Args {
    /// Rounds in which a password of each kind of name is checked
    #[arg(long, default_value = "1000")]
    rounds: NonZeroUsize,
    /// Exit with 1 if a difference is not below the noise
    #[arg(long)]
    check: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args = Args::parse();
    let runtime = Runtime::new()?;
    let mut random = Random::new();
    let times = measure(&runtime, args.rounds.get(), &mut random)?;

    let (_, of_strangers) = &times[0];
    let mut table = format!(
        "## Wrong passwords\n\n\
         A wrong password is checked {} times for each kind of name, in random order. The difference is that of \
         the medians. The noise is the largest difference in 1,000 games in which a coin decides which time \
         is whose.\n\n\
         | the name | median | difference | noise |\n|---|--:|--:|--:|\n| {} | {:.1?} | | |\n",
        args.rounds,
        times[0].0,
        median(of_strangers),
    );
    let mut is_below = true;
    for (kind, times) in &times[1..] {
        let (difference, noise) =
            (difference(of_strangers, times), noise(of_strangers, times, &mut random));
        is_below &= difference < noise;
        let median = median(times);
        table += &format!("| {kind} | {median:.1?} | {difference:.1?} | {noise:.1?} |\n");
    }
    print!("{table}");
    Ok(if args.check && !is_below { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The times of each kind of name.
fn measure(
    runtime: &Runtime,
    rounds: usize,
    random: &mut Random,
) -> Result<Vec<(&'static str, Vec<Duration>)>, Box<dyn Error>> {
    let mut file = String::new();
    for number in 0..NAMES {
        for start in ["busy", "quiet"] {
            file += &password_line(&format!("{start}{number}"), "right", None)?;
            file.push('\n');
        }
    }
    let passwords = Passwords::parse(&file)?;
    for number in 0..NAMES {
        runtime.block_on(passwords.check(&format!("busy{number}"), "right"))?;
    }

    let mut order = [0, 1, 2];
    let mut times = vec![
        ("is not in the file", Vec::new()),
        ("is there", Vec::new()),
        ("is there, and its password was right before", Vec::new()),
    ];
    for round in 0..rounds {
        random.shuffle(&mut order);
        for kind in order {
            let name = match kind {
                0 => format!("other{round}"),
                1 => format!("quiet{}", round % NAMES),
                _ => format!("busy{}", round % NAMES),
            };
            let start = Instant::now();
            let outcome = runtime.block_on(passwords.check(&name, "wrong"));
            times[kind].1.push(start.elapsed());
            assert_eq!(outcome, Err(Denied::Unauthorized), "{name}");
        }
    }
    Ok(times)
}

/// How many names of each kind are in the file.
const NAMES: usize = 4;
