//! The decoder and the encoder beside those of other crates, in one process: throughput, memory,
//! instructions, and the lines that must hold.

mod contestants;
mod encode;
mod endless;
mod inputs;
mod instructions;
mod lines;
mod long_line;
mod measure;
mod memory;
mod plot;
mod report;

use std::{error::Error, fs, path::PathBuf};

use bytes::Bytes;
use clap::Parser;

use contestants::{BORROWED, Contestant, Kind, LINES, OWNED};
use inputs::{Input, Seen};
use lines::{Bound, Line};
use measure::Race;

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting::new();

/// Prints tables as Markdown.
#[derive(Parser)]
struct Args {
    /// Rounds in which everything runs once; the best counts
    #[arg(long, default_value_t = 31)]
    rounds: usize,
    /// Where to write the plot
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Exit with 1 if a line does not hold
    #[arg(long)]
    check: bool,
    /// Only run one contestant, for a program that counts instructions
    #[arg(long, hide = true, requires = "events")]
    instructions_of: Option<String>,
    /// How many events that is
    #[arg(long, hide = true)]
    events: Option<usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if let (Some(name), Some(events)) = (&args.instructions_of, args.events) {
        instructions::run(name, events);
        return Ok(());
    }
    let contestants = contestants::all();
    let inputs = inputs::all();
    check_allocations(&inputs, &contestants);
    let mut races = Vec::new();
    for input in &inputs {
        eprintln!("{}: {}", input.name, input.what);
        races.push(measure::race(input, &contestants, args.rounds));
    }
    eprintln!("long lines, endless streams, encoders, instructions");
    let long_lines = long_line::measure(args.rounds.div_ceil(3));
    let endless = endless::measure(args.rounds.div_ceil(3), &MEMORY);
    let encode = encode::measure(args.rounds);
    let ours = instructions::count(BORROWED)?;
    let reference = instructions::count(LINES)?;

    let at = |name| contestants.iter().position(|contestant| contestant.name == name);
    let (lines_at, borrowed, owned) =
        (at(LINES).expect(THERE), at(BORROWED).expect(THERE), at(OWNED).expect(THERE));
    let mut lines = throughput_lines(&races, &contestants, [lines_at, borrowed, owned]);
    lines.push(Line::new("a16k: instructions an event", ours, Bound::AtMost(450.0)));
    let eight = long_lines.iter().find(|line| line.mebibytes == 8).expect(THERE);
    let slower = eight.ours.as_secs_f64() / eight.memchr.as_secs_f64();
    lines.push(Line::new("8 MiB line: times memchr_iter", slower, Bound::AtMost(3.0)));
    let growth = long_lines.last().expect(THERE).nanoseconds_per_byte()
        / long_lines.first().expect(THERE).nanoseconds_per_byte();
    lines.push(Line::new("ns/B at 64 MiB over 1 MiB", growth, Bound::AtMost(1.5)));
    for stream in &endless {
        let growth = Line::new(
            format!("{}: 16 MiB over 8 MiB", stream.what),
            stream.growth(),
            Bound::AtMost(3.0),
        );
        // A buffer that grew to the limit by doubling, while it is copied.
        let peak = stream.peak as f64 / f64::from(16 << 20);
        let memory =
            Line::new(format!("{}: memory over the limit", stream.what), peak, Bound::AtMost(3.0));
        lines.extend([growth, memory]);
    }
    let one = encode.first().expect(THERE);
    let added = one.reused - one.memcpy;
    lines.push(Line::new("encode 171 B: ns over memcpy", added, Bound::AtMost(25.0)));
    let faster = one.sse_stream / one.reused;
    lines.push(Line::new("encode 171 B: times the best peer", faster, Bound::AtLeast(1.8)));

    println!("## Lines\n\n{}", lines::table(&lines));
    println!("## Throughput\n\n{}", report::throughput(&races, &contestants, lines_at));
    println!("Instructions an event of a16k: {ours:.0}, memchr_iter {reference:.0}.\n");
    println!("## One long line in packets of 1,460 B\n\n{}", report::long_lines(&long_lines));
    println!("## Without end\n\n{}", report::endless(&endless));
    println!("## Encoders\n\n{}", report::encode(&encode));
    if let Some(path) = &args.plot {
        fs::write(path, plot::svg(&races, &contestants, lines_at))?;
    }
    if args.check && !lines.iter().all(Line::holds) {
        return Err("a line does not hold".into());
    }
    Ok(())
}

fn throughput_lines(
    races: &[Race],
    contestants: &[Contestant],
    [lines_at, borrowed, owned]: [usize; 3],
) -> Vec<Line> {
    let peers: Vec<usize> =
        (0..contestants.len()).filter(|at| contestants[*at].kind == Kind::Peer).collect();
    let mut lines = Vec::new();
    for race in races {
        let best = *peers.iter().min_by_key(|at| race.best[**at]).expect(THERE);
        let input = race.input;
        if ["a16k", "b16k", "d16k"].contains(&input) {
            let what = format!("{input}: borrowed over memchr_iter");
            lines.push(Line::new(what, race.ratio(borrowed, lines_at), Bound::AtLeast(0.6)));
        }
        let times = match input {
            "a16k" | "a50B" | "b16k" => 2.0,
            "a1ev" => 1.8,
            "d16k" | "u16k" => 1.3,
            "k16k" => 1.0,
            _ => 0.9,
        };
        let what = format!("{input}: borrowed over the best peer, {}", contestants[best].name);
        lines.push(Line::new(what, race.ratio(borrowed, best), Bound::AtLeast(times)));
        if ["a16k", "b16k"].contains(&input) {
            let what = format!("{input}: owned over the best peer, {}", contestants[best].name);
            lines.push(Line::new(what, race.ratio(owned, best), Bound::AtLeast(1.4)));
        }
    }
    lines
}

/// A borrowed event that lies in its chunk costs no allocation, an owned one costs one.
fn check_allocations(inputs: &[Input], contestants: &[Contestant]) {
    let input = inputs.iter().find(|input| input.name == "a1ev").expect(THERE);
    for (name, most) in [(BORROWED, 0), (OWNED, input.expected.events)] {
        let contestant = contestants.iter().find(|contestant| contestant.name == name);
        let run = contestant.expect(THERE).run;
        let chunks: Vec<Bytes> = input.chunks.clone();
        let mut seen: Option<Seen> = None;
        let (allocations, _) = memory::of(&MEMORY, || seen = run(chunks, input.expected));
        assert_eq!(seen, Some(input.expected));
        assert_eq!(allocations, most, "allocations of {name}");
    }
}

const THERE: &str = "it is in the list";
