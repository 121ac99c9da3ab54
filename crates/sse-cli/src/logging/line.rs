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

/// A log line without colours and spans: time, level, message, fields.
///
/// It reads like the one of `tracing-subscriber`, for half the instructions. A server that writes a
/// line for each request notices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) with_target: bool,
}

impl<S, N> FormatEvent<S, N> for Plain
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
        Clock.format_time(&mut writer)?;
        writer.write_str(match *event.metadata().level() {
            Level::ERROR => " ERROR",
            Level::WARN => "  WARN",
            Level::INFO => "  INFO",
            Level::DEBUG => " DEBUG",
            Level::TRACE => " TRACE",
        })?;
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

/// Text from outside can neither end the line nor command the terminal that will show it.
struct Escaped<'a>(Writer<'a>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.chars().any(char::is_control) {
            return self.0.write_str(text);
        }
        for character in text.chars() {
            if character.is_control() {
                write!(self.0, "{}", character.escape_debug())?;
            } else {
                self.0.write_char(character)?;
            }
        }
        Ok(())
    }
}

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
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .event_format(Plain { with_target: false })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lines.0.lock().unwrap().clone();
        let line = str::from_utf8(&bytes).unwrap();
        line["2026-01-01T00:00:00.000000Z".len()..].to_owned()
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
}
