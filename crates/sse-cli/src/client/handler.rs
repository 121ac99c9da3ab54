use std::{io::Write, ops::ControlFlow, time::Duration};

use sse_core::{client::SystemEvent, wire::EventRef};

use super::{exec::Exec, printer::Printer, state::StateFile, stop::Stop};
use crate::{exit::Failure, shown::cut};

/// What becomes of each event, and when there were enough.
#[derive(Debug)]
pub(super) struct Handler<W> {
    printer: Printer<W>,
    selection: Selection,
    exec: Option<Exec>,
    state: Option<StateFile>,
    /// The ID that was the last one when an event failed. Events without an ID carry it on, and to
    /// save it for them would skip the event that failed.
    failed: Option<String>,
    /// How many were handled.
    handled: u64,
    stop: Stop,
}

/// Which events are handled, and which is the last.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// Only events of these names, or all if there are none.
    pub(super) names: Vec<String>,
    /// How many there are to be.
    pub(super) count: Option<u64>,
    /// The data that ends it.
    pub(super) until: Option<String>,
}

impl<W: Write> Handler<W> {
    pub(super) fn new(
        printer: Printer<W>,
        selection: Selection,
        exec: Option<Exec>,
        state: Option<StateFile>,
        stop: Stop,
    ) -> Self {
        Self { printer, selection, exec, state, failed: None, handled: 0, stop }
    }

    pub(super) fn is_for_all(&self) -> bool {
        self.printer.is_for_all()
    }

    /// Handles an event, of whichever kind; breaks if it was the last one.
    pub(super) fn handle(&mut self, event: EventRef<'_>) -> Result<ControlFlow<()>, Failure> {
        let (name, data, id) = (event.name(), event.data(), event.last_event_id());
        if SystemEvent::of(event).is_some() {
            self.system_event(name, data, id)?;
        } else if name.starts_with(SYSTEM) {
            self.aside(name, data, id)?;
        } else {
            return self.event(name, data, id);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Handles an event of the stream; breaks if it was the last one.
    fn event(&mut self, name: &str, data: &str, id: &str) -> Result<ControlFlow<()>, Failure> {
        if self.selection.until.as_deref() == Some(data) {
            self.save(id)?;
            return Ok(ControlFlow::Break(()));
        }
        if !self.selection.is_selected(name) {
            self.save(id)?;
            return Ok(ControlFlow::Continue(()));
        }
        if self.exec.is_some() {
            return self.run(name, data, id);
        }
        self.printer.event(name, data, id).map_err(Failure::stdout)?;
        self.save(id)?;
        Ok(self.count())
    }

    /// Handles an event that speaks to the client: it is printed among all that comes, counts for
    /// nothing and ends nothing. Its ID is where the next run goes on.
    fn system_event(&mut self, name: &str, data: &str, id: &str) -> Result<(), Failure> {
        if self.printer.is_for_all() && self.selection.is_selected(name) {
            self.printer.event(name, data, id).map_err(Failure::stdout)?;
        }
        // Without an ID there was none before it either.
        if id.is_empty() { Ok(()) } else { self.save(id) }
    }

    /// Handles an event of the server about the stream, such as a gap: it is printed where its name is, or
    /// otherwise said; it counts for nothing and ends nothing.
    fn aside(&mut self, name: &str, data: &str, id: &str) -> Result<(), Failure> {
        if self.exec.is_some() || !self.printer.has_names() {
            tracing::info!("{name}: {}", cut(data, 256));
        } else if self.selection.is_selected(name) {
            self.printer.event(name, data, id).map_err(Failure::stdout)?;
        }
        self.save(id)
    }

    /// There is no more to come; an error if there should have been.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let handled = self.handled;
        let missing = match (&self.selection.until, self.selection.count) {
            (None, None) => return Ok(()),
            (Some(data), _) => format!("the event with the data {:?}", cut(data, 64)),
            (None, Some(count)) => format!("event {count}"),
        };
        Err(Failure::failed(format!("the stream ended before {missing}, after {handled} in all")))
    }

    pub(super) fn comment(&mut self, comment: &str) -> Result<(), Failure> {
        self.printer.comment(comment).map_err(Failure::stdout)
    }

    pub(super) fn retry(&mut self, retry: Duration) -> Result<(), Failure> {
        self.printer.retry(retry).map_err(Failure::stdout)
    }

    /// Runs the command; a process that ends waits for it, and for its ID to be kept.
    fn run(&mut self, name: &str, data: &str, id: &str) -> Result<ControlFlow<()>, Failure> {
        let Some(exec) = self.exec.as_ref().filter(|_| self.stop.begin()) else {
            return Ok(ControlFlow::Break(()));
        };
        match exec.run(name, data, id) {
            true => self.save(id)?,
            false => self.failed = Some(id.to_owned()),
        }
        match self.stop.end() {
            true => Ok(self.count()),
            false => Ok(ControlFlow::Break(())),
        }
    }

    fn count(&mut self) -> ControlFlow<()> {
        self.handled += 1;
        match self.selection.count == Some(self.handled) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Keeps `id` for the next run.
    pub(super) fn save(&mut self, id: &str) -> Result<(), Failure> {
        if self.failed.as_deref() == Some(id) {
            return Ok(());
        }
        self.failed = None;
        match &mut self.state {
            Some(state) => state.save(id).map_err(Failure::failed),
            None => Ok(()),
        }
    }
}

impl Selection {
    fn is_selected(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|selected| selected == name)
    }
}

/// How the names of events begin that are the system's own.
const SYSTEM: &str = "sse.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::args::OutputFormat;

    #[test]
    fn what_is_not_selected_is_neither_printed_nor_counted() {
        let selection = Selection {
            names: vec!["a".to_owned()],
            count: Some(2),
            until: Some("end".to_owned()),
        };
        let mut handler = handler(selection);

        assert!(handler.event("a", "1", "").unwrap().is_continue());
        assert!(handler.event("b", "2", "").unwrap().is_continue());
        handler.comment("").unwrap();
        assert!(handler.event("a", "3", "").unwrap().is_break());

        assert_eq!(handler.printer.into_inner(), b"1\n3\n");
    }

    #[test]
    fn data_that_ends_it_is_not_printed_whatever_the_name() {
        let names = vec!["a".to_owned()];
        let mut handler =
            handler(Selection { names, count: None, until: Some("[DONE]".to_owned()) });

        assert!(handler.event("a", "[DONE]!", "").unwrap().is_continue());
        assert!(handler.event("b", "[DONE]", "").unwrap().is_break());

        assert_eq!(handler.printer.into_inner(), b"[DONE]!\n");
    }

    fn handler(selection: Selection) -> Handler<Vec<u8>> {
        let printer = Printer::new(Vec::new(), OutputFormat::Data, false);
        Handler::new(printer, selection, None, None, Stop::default())
    }
}
