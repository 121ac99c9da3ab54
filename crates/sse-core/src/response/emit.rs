use std::{convert::Infallible, fmt};

use super::EventBuffer;
use crate::{Event, wire::Frame};

/// What a stream of events may yield: an [`Event`], a [`Frame`], or the [`Result`] of either.
///
/// A type of your own is written by turning it into events:
///
/// ```
/// use std::convert::Infallible;
///
/// use sse_core::{
///     Event,
///     event::EventName,
///     response::{Emit, EventBuffer},
/// };
///
/// struct Progress(u8);
///
/// impl Emit for Progress {
///     type Error = Infallible;
///
///     fn emit(self, buffer: &mut EventBuffer) -> Result<(), Infallible> {
///         Event::data(self.0.to_string())
///             .with_name(EventName::from_static("progress"))
///             .emit(buffer)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a stream of `{Self}` is not a stream of events",
    label = "`{Self}` is not an event",
    note = "let the stream yield `Event`s: texts become events by `.map(Event::data)`, values \
            that serde knows by `.map(|value| Event::json(&value))`",
    note = "`Frame`, and the `Result` of an event or a frame with an error that can be displayed, \
            will do too"
)]
pub trait Emit {
    /// What breaks the stream, as the log is told.
    type Error: fmt::Display;

    /// Hands itself to `buffer`.
    ///
    /// # Errors
    ///
    /// What breaks the stream. Nothing was handed over then.
    fn emit(self, buffer: &mut EventBuffer) -> Result<(), Self::Error>;
}

impl Emit for Event {
    type Error = Infallible;

    fn emit(self, buffer: &mut EventBuffer) -> Result<(), Infallible> {
        buffer.handle_event(&self);
        Ok(())
    }
}

impl Emit for Frame {
    type Error = Infallible;

    fn emit(self, buffer: &mut EventBuffer) -> Result<(), Infallible> {
        buffer.handle_frame(self);
        Ok(())
    }
}

impl<T: Emit<Error = Infallible>, E: fmt::Display> Emit for Result<T, E> {
    type Error = E;

    fn emit(self, buffer: &mut EventBuffer) -> Result<(), E> {
        let Ok(()) = self?.emit(buffer);
        Ok(())
    }
}
