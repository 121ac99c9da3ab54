use std::{mem, time::Duration};

use crate::outcome::{Outcome, Seen};

/// Reads a whole stream at once, step by step as the standard's text has it.
///
/// # Source
///
/// HTML Standard, "Parsing an event stream" and "Interpreting an event stream".
pub(crate) fn read(stream: &[u8], last_event_id: &str) -> Outcome {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let mut source = Source {
        last_event_id_buffer: last_event_id.to_owned(),
        last_event_id: last_event_id.to_owned(),
        ..Source::default()
    };
    for line in lines(text) {
        source.process(&line);
    }
    Outcome { seen: source.seen, last_event_id: source.last_event_id, error: None }
}

/// The lines that have an end. What follows the last of them is discarded.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' => {
                chars.next_if_eq(&'\n');
                lines.push(mem::take(&mut line));
            }
            '\n' => lines.push(mem::take(&mut line)),
            _ => line.push(char),
        }
    }
    lines
}

#[derive(Default)]
struct Source {
    data_buffer: String,
    event_type_buffer: String,
    last_event_id_buffer: String,
    last_event_id: String,
    seen: Vec<Seen>,
}

impl Source {
    fn process(&mut self, line: &str) {
        if line.is_empty() {
            self.dispatch();
        } else if let Some(comment) = line.strip_prefix(':') {
            self.seen.push(Seen::comment(comment));
        } else if let Some((field, value)) = line.split_once(':') {
            self.process_field(field, value.strip_prefix(' ').unwrap_or(value));
        } else {
            self.process_field(line, "");
        }
    }

    fn process_field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.event_type_buffer),
            "data" => {
                self.data_buffer.push_str(value);
                self.data_buffer.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.last_event_id_buffer),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let millis = value.parse().unwrap_or(u64::MAX);
                self.seen.push(Seen::Retry(Duration::from_millis(millis)));
            }
            _ => (),
        }
    }

    fn dispatch(&mut self) {
        self.last_event_id.clone_from(&self.last_event_id_buffer);
        let data = mem::take(&mut self.data_buffer);
        let name = mem::take(&mut self.event_type_buffer);
        if let Some(data) = data.strip_suffix('\n') {
            let name = if name.is_empty() { "message" } else { &name };
            self.seen.push(Seen::event(name, data, &self.last_event_id));
        }
    }
}
