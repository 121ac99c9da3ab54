use std::fmt::Write;

/// One row of a table.
pub struct Figure {
    what: String,
    value: f64,
}

impl Figure {
    pub fn new(what: String, value: f64) -> Self {
        Self { what, value }
    }
}

/// The figures as Markdown, beside those of the tables `before`, if there are any.
pub fn table(title: &str, figures: &[Figure], before: Option<&str>) -> String {
    let mut table = match before {
        Some(_) => format!("| {title} | before | after |\n|---|--:|--:|\n"),
        None => format!("| {title} | now |\n|---|--:|\n"),
    };
    for Figure { what, value } in figures {
        let before = before.map(|tables| format!("{} | ", find(tables, what).unwrap_or("")));
        let before = before.unwrap_or_default();
        // The addition makes 0 of -0.
        let value = value.round() + 0.0;
        writeln!(table, "| {what} | {before}{value} |").expect("a string takes everything");
    }
    table
}

/// The last figure that `tables` have for `what`.
fn find<'a>(tables: &'a str, what: &str) -> Option<&'a str> {
    let mut rows = tables.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.find_map(|row| row.strip_prefix(what)?.strip_prefix(" | ")?.split(" | ").last())
}
