use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::args::OutputFormat;
use crate::escape::{self, Place, escaped};

/// Writes each event as one line, at once.
#[derive(Debug)]
pub(super) struct Printer<W> {
    out: W,
    format: OutputFormat,
    all: bool,
    is_terminal: bool,
    line: String,
}

impl<W: Write> Printer<W> {
    /// A printer to `out`: of comments and reconnection times too if `all`.
    pub(super) fn new(out: W, format: OutputFormat, all: bool) -> Self {
        Self { out, format, all, is_terminal: false, line: String::new() }
    }

    /// Says whether `out` is a terminal, which data could command.
    pub(super) fn with_terminal(self, is_terminal: bool) -> Self {
        Self { is_terminal, ..self }
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    /// Whether comments and reconnection times are printed too.
    pub(super) fn is_for_all(&self) -> bool {
        self.all
    }

    /// Whether the name of an event is printed.
    pub(super) fn has_names(&self) -> bool {
        self.format != OutputFormat::Data
    }

    pub(super) fn event(&mut self, name: &str, data: &str, id: &str) -> io::Result<()> {
        match self.format {
            OutputFormat::Text => {
                for (before, field) in [("Event<", id), (",", name), (",", data)] {
                    self.line.push_str(before);
                    escape::write(&mut self.line, field, Place::Line).map_err(io::Error::other)?;
                }
                self.line.push('>');
            }
            OutputFormat::Json => self.line = json(&Line::Event { name, data, id })?,
            OutputFormat::Data if self.is_terminal => {
                escape::write(&mut self.line, data, Place::Lines).map_err(io::Error::other)?;
            }
            OutputFormat::Data => self.line.push_str(data),
        }
        self.end_line()
    }

    pub(super) fn comment(&mut self, comment: &str) -> io::Result<()> {
        self.extra(&Line::Comment { comment })
    }

    pub(super) fn retry(&mut self, retry: Duration) -> io::Result<()> {
        let retry = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
        self.extra(&Line::Retry { retry })
    }

    fn extra(&mut self, line: &Line<'_>) -> io::Result<()> {
        if !self.all {
            return Ok(());
        }
        self.line = json(line)?;
        self.end_line()
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())?;
        self.line.clear();
        // One huge event does not occupy its memory for ever.
        self.line.shrink_to(KEPT_CAPACITY);
        self.out.flush()
    }
}

/// A line of the JSON output; the fields in the order in which they are written.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Event {
        #[serde(rename = "type")]
        name: &'a str,
        data: &'a str,
        id: &'a str,
    },
    Comment {
        comment: &'a str,
    },
    Retry {
        retry: u64,
    },
}

fn json(line: &Line<'_>) -> io::Result<String> {
    Ok(escaped(&serde_json::to_string(line)?, Place::Json))
}

const KEPT_CAPACITY: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_writes_one_line_an_event() {
        for (format, line) in [
            (OutputFormat::Text, "Event<7,ping,a\\n\"b>\n"),
            (OutputFormat::Json, "{\"type\":\"ping\",\"data\":\"a\\n\\\"b\",\"id\":\"7\"}\n"),
            (OutputFormat::Data, "a\n\"b\n"),
        ] {
            let mut printer = Printer::new(Vec::new(), format, false);

            printer.event("ping", "a\n\"b", "7").unwrap();

            assert_eq!(String::from_utf8_lossy(&printer.out), line, "{format:?}");
        }
    }

    #[test]
    fn comments_and_retries_are_written_only_if_wanted() {
        for (all, lines) in
            [(false, ""), (true, "{\"comment\":\" hi\"}\n{\"retry\":18446744073709551615}\n")]
        {
            let mut printer = Printer::new(Vec::new(), OutputFormat::Json, all);

            printer.comment(" hi").unwrap();
            printer.retry(Duration::MAX).unwrap();

            assert_eq!(String::from_utf8_lossy(&printer.out), lines);
        }
    }
}
