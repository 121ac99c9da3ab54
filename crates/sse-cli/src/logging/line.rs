use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer, time::FormatTime},
    registry::LookupSpan,
};

use super::clock::Clock;
use crate::escape::{self, Place};

/// A log line without spans: time, level, message, fields.
///
/// It reads like the one of `tracing-subscriber`, for half the instructions, which a server that writes a
/// line for each request notices; and it lets nothing through that cannot be seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) with_target: bool,
    pub(super) with_colors: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, color) = match *event.metadata().level() {
            Level::ERROR => (" ERROR", RED),
            Level::WARN => ("  WARN", YELLOW),
            Level::INFO => ("  INFO", GREEN),
            Level::DEBUG => (" DEBUG", BLUE),
            Level::TRACE => (" TRACE", PURPLE),
        };
        if self.with_colors {
            writer.write_str(DIM)?;
            Clock.format_time(&mut writer)?;
            write!(writer, "{RESET}{color}{level}{RESET}")?;
        } else {
            Clock.format_time(&mut writer)?;
            writer.write_str(level)?;
        }
        if self.with_target {
            writer.write_char(' ')?;
            writer.write_str(event.metadata().target())?;
            writer.write_char(':')?;
        }
        let mut fields = Fields { line: Escaped(writer), result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        fields.line.0.write_char('\n')
    }
}

struct Fields<'a> {
    line: Escaped<'a>,
    result: fmt::Result,
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Escaped<'_>) -> fmt::Result) {
        let line = &mut self.line;
        self.result = self.result.and_then(|()| {
            line.0.write_char(' ')?;
            if field.name() != "message" {
                line.0.write_str(field.name())?;
                line.0.write_char('=')?;
            }
            value(line)
        });
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |line| write!(line, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |line| {
            if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                line.0.write_char('"')?;
                line.0.write_str(value)?;
                line.0.write_char('"')
            } else {
                write!(line, "{value:?}")
            }
        });
    }
}

/// Text from outside can neither end the line nor command the terminal that will show it, nor look like
/// another text. What is in quotes is escaped already.
struct Escaped<'a>(Writer<'a>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape::write(&mut self.0, text, Place::Log)
    }
}

const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const BLUE: &str = "\x1b[34m";
const PURPLE: &str = "\x1b[35m";
const RESET: &str = "\x1b[0m";

#[cfg(test)]
mod tests {
    use std::{
        io, str,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let line = written(false, log);
        line["2026-01-01T00:00:00.000000Z".len()..].to_owned()
    }

    fn written(with_colors: bool, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Line { with_target: false, with_colors })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lines.0.lock().unwrap().clone();
        str::from_utf8(&bytes).unwrap().to_owned()
    }

    #[test]
    fn a_line_is_level_message_and_fields() {
        let token = "01234567…";
        let line = logged(|| tracing::warn!(%token, action = "ping", status = 404, "request"));

        assert_eq!(line, "  WARN request token=01234567… action=\"ping\" status=404\n");
    }

    #[test]
    fn nothing_from_outside_ends_a_line_or_commands_the_terminal() {
        let hostile = "a\n\r\x1b[31m\u{9b}\"";
        let line = logged(|| tracing::info!(%hostile, quoted = hostile, "{hostile}"));

        assert_eq!(
            line,
            "  INFO a\\n\\r\\u{1b}[31m\\u{9b}\" hostile=a\\n\\r\\u{1b}[31m\\u{9b}\" \
             quoted=\"a\\n\\r\\u{1b}[31m\\u{9b}\\\"\"\n"
        );
    }

    #[test]
    fn what_cannot_be_seen_or_belongs_to_what_stands_before_is_escaped() {
        for (text, shown) in [
            ("\u{202e}", "\\u{202e}"),
            ("\u{2066}", "\\u{2066}"),
            ("\u{200b}", "\\u{200b}"),
            ("\u{200d}", "\\u{200d}"),
            ("\u{feff}", "\\u{feff}"),
            ("\u{ad}", "\\u{ad}"),
            ("\u{a0}", "\\u{a0}"),
            ("\u{2028}", "\\u{2028}"),
            ("\u{e000}", "\\u{e000}"),
            ("\u{301}", "\\u{301}"),
            ("\u{fe0f}", "\\u{fe0f}"),
            ("\u{e0041}", "\\u{e0041}"),
            ("\u{7f}", "\\u{7f}"),
            ("\t", "\\t"),
            ("\0", "\\0"),
            ("é…漢😀", "é…漢😀"),
            ("it's \"it\" \\n", "it's \"it\" \\n"),
        ] {
            let unquoted = logged(|| tracing::info!(%text, "{text}"));

            assert_eq!(unquoted, format!("  INFO {shown} text={shown}\n"));
        }
        let quoted = logged(|| tracing::info!(text = "\u{202e}\u{301}\"\\", "x"));
        assert_eq!(quoted, "  INFO x text=\"\\u{202e}\\u{301}\\\"\\\\\"\n");
    }

    #[test]
    fn terminal_gets_colours_for_time_and_level_and_nothing_else() {
        let line = written(true, || tracing::warn!(text = "\x1b[31m", "x"));

        let (time, rest) = line.split_once("\x1b[0m").unwrap();
        assert!(time.starts_with("\x1b[2m20") && time.ends_with('Z'), "{line:?}");
        assert_eq!(rest, "\x1b[33m  WARN\x1b[0m x text=\"\\u{1b}[31m\"\n");
    }
}
