use std::fmt::Write;

use crate::{
    contestants::Contestant, encode::Encode, endless::Endless, long_line::LongLine, measure::Race,
};

/// Megabytes a second, and per cent of the reference, of each contestant over each input.
pub fn throughput(races: &[Race], contestants: &[Contestant], reference: usize) -> String {
    let mut table = String::from("| MB/s (%) |");
    for race in races {
        write!(table, " {} |", race.input).expect(STRING);
    }
    table.push_str("\n|---|");
    table.push_str(&"--:|".repeat(races.len()));
    table.push('\n');
    for (at, contestant) in contestants.iter().enumerate() {
        write!(table, "| {} |", contestant.name).expect(STRING);
        for race in races {
            let percent = 100.0 * race.ratio(at, reference);
            write!(table, " {:.0} ({percent:.0}) |", race.megabytes_per_second(at)).expect(STRING);
        }
        table.push('\n');
    }
    table.push('\n');
    for race in races {
        writeln!(table, "- {}: {}", race.input, race.what).expect(STRING);
    }
    table
}

pub fn long_lines(lines: &[LongLine]) -> String {
    let mut table = String::from("| MiB | ms | memchr_iter | ns/B |\n|--:|--:|--:|--:|\n");
    for line in lines {
        let (ours, memchr) = (line.ours.as_secs_f64() * 1e3, line.memchr.as_secs_f64() * 1e3);
        let each = line.nanoseconds_per_byte();
        writeln!(table, "| {} | {ours:.2} | {memchr:.2} | {each:.3} |", line.mebibytes)
            .expect(STRING);
    }
    table
}

pub fn endless(streams: &[Endless]) -> String {
    let mut table = String::from(
        "| 16 MiB of | ms for 8 MiB | ms for 16 MiB | peak KiB |\n|---|--:|--:|--:|\n",
    );
    for stream in streams {
        let (half, whole) = (stream.half.as_secs_f64() * 1e3, stream.whole.as_secs_f64() * 1e3);
        writeln!(table, "| {} | {half:.2} | {whole:.2} | {} |", stream.what, stream.peak >> 10)
            .expect(STRING);
    }
    table
}

pub fn encode(kinds: &[Encode]) -> String {
    let mut table = String::from(
        "| ns an event | into a reused buffer | as a frame | memcpy of it | sse-stream 0.3.0 |\n\
         |---|--:|--:|--:|--:|\n",
    );
    for kind in kinds {
        let Encode { what, reused, frame, memcpy, sse_stream } = kind;
        writeln!(table, "| {what} | {reused:.1} | {frame:.1} | {memcpy:.1} | {sse_stream:.1} |")
            .expect(STRING);
    }
    table
}

const STRING: &str = "a string takes everything";
