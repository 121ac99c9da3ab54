use std::fmt::Write;

/// What was reached, and what has to be.
pub struct Line {
    what: String,
    reached: f64,
    bound: Bound,
}

#[derive(Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Line {
    pub fn new(what: impl Into<String>, reached: f64, bound: Bound) -> Self {
        Self { what: what.into(), reached, bound }
    }

    pub fn holds(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.reached >= bound,
            Bound::AtMost(bound) => self.reached <= bound,
        }
    }
}

/// The lines as a Markdown table.
pub fn table(lines: &[Line]) -> String {
    let mut table = String::from("| measure | reached | line | holds |\n|---|--:|--:|---|\n");
    for line in lines {
        let (sign, bound) = match line.bound {
            Bound::AtLeast(bound) => ('≥', bound),
            Bound::AtMost(bound) => ('≤', bound),
        };
        let holds = if line.holds() { "yes" } else { "**no**" };
        let Line { what, reached, .. } = line;
        writeln!(table, "| {what} | {reached:.2} | {sign} {bound} | {holds} |")
            .expect("a string takes everything");
    }
    table
}
