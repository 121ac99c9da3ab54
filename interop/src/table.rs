use std::fmt::Write;

/// What became of one check.
#[derive(Clone)]
pub(crate) struct Cell {
    /// In few words.
    pub(crate) text: String,
    /// Whether it is what it should be.
    pub(crate) right: bool,
}

impl Cell {
    pub(crate) fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true }
    }

    pub(crate) fn wrong(text: impl Into<String>) -> Self {
        // What a program says of itself may be long, and must not break the table.
        let text: String = text.into().chars().take(200).collect();
        Self { text: text.replace('|', "/"), right: false }
    }
}

/// A deviation whose cause is known, and lies with the peer.
pub(crate) struct Known {
    pub(crate) row: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// Why it is so.
    pub(crate) why: &'static str,
}

/// Who was checked, how, and what came out.
pub(crate) struct Table {
    corner: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Cell>)>,
    known: &'static [Known],
}

impl Table {
    pub(crate) fn new(
        corner: &'static str,
        columns: Vec<&'static str>,
        known: &'static [Known],
    ) -> Self {
        Self { corner, columns, rows: Vec::new(), known }
    }

    pub(crate) fn add(&mut self, row: String, cells: Vec<Cell>) {
        self.rows.push((row, cells));
    }

    /// As Markdown: the table, and below it a note for each deviation that is known.
    pub(crate) fn markdown(&self) -> String {
        let mut notes: Vec<&str> = Vec::new();
        let mut text = format!("| {} |", self.corner);
        for column in &self.columns {
            let _infallible = write!(text, " {column} |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(self.columns.len()));
        for (row, cells) in &self.rows {
            let _infallible = write!(text, "\n| {row} |");
            for (column, cell) in self.columns.iter().zip(cells) {
                let _infallible = write!(text, " {}", cell.text);
                match self.known(row, column) {
                    _ if cell.right => {}
                    None => text.push_str(" **(ours, or new)**"),
                    Some(known) => {
                        let place = notes.iter().position(|note| *note == known.why);
                        let place = place.unwrap_or_else(|| {
                            notes.push(known.why);
                            notes.len() - 1
                        });
                        let _infallible = write!(text, " <sup>{}</sup>", place + 1);
                    }
                }
                text.push_str(" |");
            }
        }
        text.push('\n');
        if !notes.is_empty() {
            text.push('\n');
        }
        for (at, note) in notes.iter().enumerate() {
            let _infallible = writeln!(text, "{}. {note}", at + 1);
        }
        text
    }

    /// What is not as it should be and not known to be the peer's fault.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (row, cells) in &self.rows {
            for (column, cell) in self.columns.iter().zip(cells) {
                if !cell.right && self.known(row, column).is_none() {
                    faults.push(format!("{row}, {column}: {}", cell.text));
                }
            }
        }
        faults
    }

    /// A known deviation that did not show: the peer has changed, or the note was wrong.
    pub(crate) fn gone(&self) -> Vec<String> {
        let mut gone = Vec::new();
        for (row, cells) in &self.rows {
            for (column, cell) in self.columns.iter().zip(cells) {
                if cell.right && self.known(row, column).is_some() {
                    gone.push(format!("{row}, {column}: {}", cell.text));
                }
            }
        }
        gone
    }

    fn known(&self, row: &str, column: &str) -> Option<&Known> {
        let fits = |known: &&Known| row.starts_with(known.row) && known.columns.contains(&column);
        self.known.iter().find(fits)
    }
}
