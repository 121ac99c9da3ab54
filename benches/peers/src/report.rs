use std::fmt::Write;

use crate::{
    contestants::{BORROWED, FRESH, LINES},
    encode::Encode,
    endless::Endless,
    instructions::{COUNTED, Instructions},
    lines::{self, Line},
    long_line::LongLine,
    measure::Race,
    measured::Measured,
};

/// Everything as Markdown.
pub fn all(measured: &Measured, lines: &[Line]) -> String {
    let Measured { rounds, races, instructions, long_lines, endless, encode } = measured;
    let simd = if cfg!(feature = "simdutf8") { "with" } else { "without" };
    let mut text = format!(
        "## Lines\n\n\
         The best of {rounds} rounds, in which everything ran once; the median is that of the ratios \
         of the rounds. Ours {simd} the feature `simdutf8`, which is not a default one. Events of \
         `borrowed` lie in the chunk, those of `owned` and of the peers are their own.\n\n{}\n",
        lines::table(lines),
    );
    write!(text, "## Throughput\n\n{}\n", throughput(races)).expect(STRING);
    text.push_str(
        "eventsource-client has no public decoder: its client runs over a transport in memory.\n\n",
    );
    let table = self::instructions(instructions);
    write!(
        text,
        "## Instructions a byte\n\n\
         Counted by callgrind, which knows AVX2 and nothing newer. Unlike the times they are the same on every such \
         processor.\n\n{table}\n"
    )
    .expect(STRING);
    let table = self::long_lines(long_lines);
    write!(
        text,
        "## One long line in packets of 1,460 B\n\n\
         Nanoseconds a byte, with cold caches unless it says warm. Without limits. `{BORROWED}` keeps \
         its decoder and so its buffer from run to run; `{FRESH}` and the peers begin with an empty \
         one, which from 32 MiB on costs page faults more than anything else: only those compare.\n\n{table}\n"
    )
    .expect(STRING);
    write!(text, "## Without end\n\nWith the default limits.\n\n{}\n", self::endless(endless))
        .expect(STRING);
    write!(
        text,
        "## Encoders\n\nNanoseconds an event. sse-stream writes frames only; the other peers have \
         no encoder.\n\n{}",
        self::encode(encode)
    )
    .expect(STRING);
    text
}

/// Megabytes a second, and per cent of the search for line ends.
pub fn throughput(races: &[Race]) -> String {
    let names = races.iter().map(|race| race.input);
    let mut table = head("MB/s (%)", names);
    for (at, runner) in races[0].runners.iter().enumerate() {
        write!(table, "| {} |", runner.name).expect(STRING);
        for race in races {
            let runner = &race.runners[at];
            let percent = 100.0 * runner.over(race.runner(LINES).expect("it ran")).best;
            let speed = race.megabytes_per_second(runner);
            write!(table, " {speed:.0} ({percent:.0}) |").expect(STRING);
        }
        table.push('\n');
    }
    table.push('\n');
    for race in races {
        writeln!(table, "- {}: {}", race.input, race.what).expect(STRING);
    }
    table
}

fn instructions(inputs: &[Instructions]) -> String {
    let mut table = head("instructions a byte", inputs.iter().map(|counts| counts.input));
    for name in COUNTED {
        write!(table, "| {name} |").expect(STRING);
        for counts in inputs {
            write!(table, " {:.3} |", counts.a_byte(name)).expect(STRING);
        }
        table.push('\n');
    }
    table
}

fn long_lines(lines: &[LongLine]) -> String {
    let runners = &lines[0].cold.runners;
    let warm = [LINES, BORROWED, FRESH].map(|name| format!("{name}, warm"));
    let names = runners.iter().map(|runner| runner.name).chain(warm.iter().map(String::as_str));
    let mut table = head("MiB", names);
    for line in lines {
        write!(table, "| {} |", line.mebibytes).expect(STRING);
        let cold = runners.iter().map(|runner| (&line.cold, runner.name));
        for (race, name) in cold.chain([LINES, BORROWED, FRESH].map(|name| (&line.warm, name))) {
            match race.runner(name) {
                Some(runner) => write!(table, " {:.3} |", race.nanoseconds_per_byte(runner)),
                None => write!(table, " not run |"),
            }
            .expect(STRING);
        }
        table.push('\n');
    }
    table
}

fn endless(streams: &[Endless]) -> String {
    let names = ["ms for 8 MiB", "ms for 16 MiB", "MiB before a limit", "peak KiB"];
    let mut table = head("endless", names.into_iter());
    for stream in streams {
        let Endless { what, half, whole, taken, peak } = stream;
        let (half, whole) = (half.as_secs_f64() * 1e3, whole.as_secs_f64() * 1e3);
        let (taken, peak) = (*taken as f64 / f64::from(1 << 20), peak >> 10);
        writeln!(table, "| {what} | {half:.2} | {whole:.2} | {taken:.1} | {peak} |").expect(STRING);
    }
    table
}

fn encode(kinds: &[Encode]) -> String {
    let names = ["into a reused buffer", "memcpy of it", "as a frame", "sse-stream, a frame"];
    let mut table = head("event", names.into_iter());
    for kind in kinds {
        let Encode { what, reused, frame, memcpy, sse_stream } = kind;
        writeln!(table, "| {what} | {reused:.1} | {memcpy:.1} | {frame:.1} | {sse_stream:.1} |")
            .expect(STRING);
    }
    table
}

fn head<'a>(first: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let (mut names, mut rule) = (format!("| {first} |"), String::from("|---|"));
    for column in columns {
        write!(names, " {column} |").expect(STRING);
        rule.push_str("--:|");
    }
    format!("{names}\n{rule}\n")
}

const STRING: &str = "a string takes everything";
