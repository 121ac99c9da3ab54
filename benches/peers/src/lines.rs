use std::fmt::Write;

use crate::{
    contestants::{BORROWED, LINES, OWNED},
    long_line::LongLine,
    measure::{Race, Ratio},
    measured::Measured,
};

/// What was reached, and what has to be.
pub struct Line {
    what: String,
    reached: f64,
    /// What most rounds reached, where rounds were compared one by one.
    median: Option<f64>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

use Beside::{FastestPeer, Search};
use Bound::{AtLeast, AtMost};

#[derive(Clone, Copy)]
enum Beside {
    FastestPeer,
    /// The search for line ends.
    Search,
}

/// Whose throughput over which input must be how many times that of whom.
///
/// These hold on the processors of Intel and AMD on which they were run. Over long lines every decoder only checks and
/// copies the bytes, so none is far ahead there.
const THROUGHPUT: [(&str, &str, Beside, f64); 17] = [
    ("a16k", BORROWED, Search, 0.6),
    ("b16k", BORROWED, Search, 0.4),
    ("d16k", BORROWED, Search, 0.6),
    ("a16k", BORROWED, FastestPeer, 1.8),
    ("a1ev", BORROWED, FastestPeer, 1.8),
    ("a50B", BORROWED, FastestPeer, 2.0),
    ("b16k", BORROWED, FastestPeer, 2.0),
    ("c16k", BORROWED, FastestPeer, 0.9),
    ("c1460", BORROWED, FastestPeer, 0.9),
    ("d16k", BORROWED, FastestPeer, 1.3),
    ("k16k", BORROWED, FastestPeer, 2.0),
    ("k1ev", BORROWED, FastestPeer, 0.9),
    ("r16k", BORROWED, FastestPeer, 1.0),
    ("v16k", BORROWED, FastestPeer, 1.0),
    ("u16k", BORROWED, FastestPeer, 1.3),
    ("a16k", OWNED, FastestPeer, 1.3),
    ("b16k", OWNED, FastestPeer, 1.4),
];

/// Everything that has to be reached.
pub fn all(measured: &Measured) -> Vec<Line> {
    let mut lines: Vec<Line> = THROUGHPUT.map(|line| throughput(&measured.races, line)).into();
    let long = |mebibytes| {
        measured.long_lines.iter().find(|line| line.mebibytes == mebibytes).expect("it was run")
    };
    let slower = ratio(&long(8).cold, LINES, BORROWED);
    let each = |line: &LongLine| {
        let race = &line.cold;
        race.nanoseconds_per_byte(race.runner(BORROWED).expect("it ran"))
    };
    // Beside the 1 MiB line alone, whatever holds that one up would hide a growth.
    let fastest = measured.long_lines.iter().map(each).fold(f64::INFINITY, f64::min);
    let data = &measured.encode[0];
    let median = Some(slower.median);
    lines.extend([
        Line { median, ..Line::new("8 MiB line: times memchr_iter", slower.best, AtMost(3.0)) },
        Line::new("ns/B of a line: 64 MiB over the fastest", each(long(64)) / fastest, AtMost(1.5)),
        Line::new("encode 171 B: ns over memcpy", data.reused - data.memcpy, AtMost(25.0)),
        Line::new("encode 171 B: times sse-stream", data.sse_stream / data.reused, AtLeast(1.8)),
    ]);
    for counts in &measured.instructions {
        let what = format!("{}: instructions, over those of the best peer", counts.input);
        let reached = counts.a_byte(BORROWED) / counts.fewest_of_peers();
        lines.push(Line::new(what, reached, AtMost(1.0)));
    }
    for stream in &measured.endless {
        let what = stream.what;
        lines.extend([
            Line::new(format!("{what}: 16 MiB over 8 MiB"), stream.growth(), AtMost(3.0)),
            Line::new(format!("{what}: memory over the limit"), stream.memory(), AtMost(3.0)),
        ]);
    }
    lines
}

fn throughput(races: &[Race], (input, who, beside, bound): (&str, &str, Beside, f64)) -> Line {
    let race = races.iter().find(|race| race.input == input).expect("it was run");
    let other = match beside {
        Search => race.runner(LINES),
        FastestPeer => race.fastest_peer(),
    };
    let other = other.expect("it ran");
    let Ratio { best, median } = race.runner(who).expect("it ran").over(other);
    let what = format!("{input}: {who} over {}", other.name);
    Line { median: Some(median), ..Line::new(what, best, AtLeast(bound)) }
}

fn ratio(race: &Race, one: &str, other: &str) -> Ratio {
    race.runner(one).expect("it ran").over(race.runner(other).expect("it ran"))
}

impl Line {
    fn new(what: impl Into<String>, reached: f64, bound: Bound) -> Self {
        Self { what: what.into(), reached, median: None, bound }
    }

    pub fn holds(&self) -> bool {
        match self.bound {
            AtLeast(bound) => self.reached >= bound,
            AtMost(bound) => self.reached <= bound,
        }
    }

    /// A row of [`table`].
    pub fn row(&self) -> String {
        let (sign, bound) = match self.bound {
            AtLeast(bound) => ('≥', bound),
            AtMost(bound) => ('≤', bound),
        };
        let holds = if self.holds() { "yes" } else { "**no**" };
        let median = self.median.map(|median| format!("{median:.3}")).unwrap_or_default();
        let Self { what, reached, .. } = self;
        format!("| {what} | {reached:.3} | {median} | {sign} {bound} | {holds} |")
    }
}

/// The lines as a Markdown table.
pub fn table(lines: &[Line]) -> String {
    let mut table =
        String::from("| measure | reached | median | line | holds |\n|---|--:|--:|--:|---|\n");
    for line in lines {
        writeln!(table, "{}", line.row()).expect("a string takes everything");
    }
    table
}
