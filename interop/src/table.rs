use std::fmt::Write;

/// What became of one check.
#[derive(Clone, Debug, PartialEq)]
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
    /// What the cell says then; anything else is new.
    pub(crate) text: &'static str,
    /// Why it is so.
    pub(crate) why: &'static str,
}

/// Who was checked, how, and what came out.
pub(crate) struct Table {
    intro: &'static str,
    corner: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Cell>)>,
    known: &'static [Known],
}

impl Table {
    pub(crate) fn new(
        intro: &'static str,
        corner: &'static str,
        columns: Vec<&'static str>,
        known: &'static [Known],
    ) -> Self {
        Self { intro, corner, columns, rows: Vec::new(), known }
    }

    pub(crate) fn add(&mut self, row: String, cells: Vec<Cell>) {
        self.rows.push((row, cells));
    }

    /// As Markdown: what was done, the table, and below it a note for each deviation that is known.
    pub(crate) fn markdown(&self) -> String {
        let mut notes: Vec<&str> = Vec::new();
        let mut text = format!("{}\n| {} |", self.intro, self.corner);
        for column in &self.columns {
            let _infallible = write!(text, " {column} |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(self.columns.len()));
        for (row, cells) in &self.rows {
            let _infallible = write!(text, "\n| {row} |");
            for (column, cell) in self.columns.iter().zip(cells) {
                let _infallible = write!(text, " {}", cell.text);
                match self.known(row, column, cell) {
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
        self.list(|row, column, cell| !cell.right && self.known(row, column, cell).is_none())
    }

    /// Where a known deviation did not show: the peer has changed, or the note was wrong.
    pub(crate) fn gone(&self) -> Vec<String> {
        self.list(|row, column, cell| {
            cell.right && self.known.iter().any(|known| known.is_at(row, column))
        })
    }

    fn list(&self, belongs: impl Fn(&str, &str, &Cell) -> bool) -> Vec<String> {
        let mut list = Vec::new();
        for (row, cells) in &self.rows {
            for (column, cell) in self.columns.iter().zip(cells) {
                if belongs(row, column, cell) {
                    list.push(format!("{row}, {column}: {}", cell.text));
                }
            }
        }
        list
    }

    fn known(&self, row: &str, column: &str, cell: &Cell) -> Option<&Known> {
        self.known.iter().find(|known| known.is_at(row, column) && known.text == cell.text)
    }
}

impl Known {
    fn is_at(&self, row: &str, column: &str) -> bool {
        row.starts_with(self.row) && self.columns.contains(&column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cell: Cell) -> Table {
        const KNOWN: &[Known] =
            &[Known { row: "a ", columns: &["one"], text: "late", why: "Its own." }];
        let mut table = Table::new("# A\n", "peer", vec!["one"], KNOWN);
        table.add("a 1.0".to_owned(), vec![cell]);
        table
    }

    #[test]
    fn what_is_known_has_a_note_and_is_no_fault() {
        let table = table(Cell::wrong("late"));
        let text =
            "# A\n\n| peer | one |\n|---|---|\n| a 1.0 | late <sup>1</sup> |\n\n1. Its own.\n";
        assert_eq!((table.markdown().as_str(), table.faults().len()), (text, 0));
        assert!(table.gone().is_empty());
    }

    #[test]
    fn something_else_at_the_same_place_is_a_fault() {
        let table = table(Cell::wrong("never"));
        assert_eq!(table.faults(), ["a 1.0, one: never"]);
        assert!(table.markdown().contains("| a 1.0 | never **(ours, or new)** |"));
    }

    #[test]
    fn what_is_known_and_does_not_show_is_said() {
        assert_eq!(table(Cell::right("at once")).gone(), ["a 1.0, one: at once"]);
    }
}
