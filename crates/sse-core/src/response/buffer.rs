use std::{
    mem,
    time::{Duration, Instant},
};

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    Event,
    channel::{CloseReason, Output},
    wire::{Frame, KEEPALIVE},
};

/// What one answer still has to write: events that are ready are joined, silence is broken.
///
/// For streams that come from elsewhere than a [`Hub`](crate::Hub). Hand over what is ready while
/// the buffer [has room](Self::has_room), then drain it with [`poll_output`](Self::poll_output)
/// until it says [`Output::Wait`] or [`Output::Close`]. To poll too early changes nothing. Time must not
/// go back.
///
/// The first comment comes [after 1 s](Self::with_first_comment) if nothing was written before, the
/// others after the keepalive.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use sse_core::{
///     Event,
///     channel::{CloseReason, Output},
///     response::EventBuffer,
/// };
///
/// let start = Instant::now();
/// let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
/// buffer.handle_event(&Event::data("1"));
/// buffer.handle_event(&Event::data("2"));
/// assert_eq!(buffer.poll_output(start), Output::Write("data: 1\n\ndata: 2\n\n".into()));
///
/// let until = Some(start + Duration::from_secs(15));
/// assert_eq!(buffer.poll_output(start), Output::Wait { until });
///
/// buffer.handle_end();
/// assert_eq!(buffer.poll_output(start), Output::Close(CloseReason::Finished));
/// ```
#[derive(Debug)]
pub struct EventBuffer {
    /// A frame that came alone, and need not be copied.
    single: Bytes,
    joined: BytesMut,
    /// Where the last event begins, if the write of those before it has no room for it.
    over: Option<usize>,
    keepalive: Option<Duration>,
    silent_since: Instant,
    /// When the silence at the beginning is broken, until something was written.
    first_comment: Option<Instant>,
    end: Option<End>,
}

impl EventBuffer {
    /// The silence at the beginning after which a first comment is written, unless told otherwise: 1 s.
    ///
    /// ```
    /// assert_eq!(sse_core::response::EventBuffer::FIRST_COMMENT.as_secs(), 1);
    /// ```
    // Short for a client that waits for the head, and long enough for most streams to speak first.
    pub const FIRST_COMMENT: Duration = Duration::from_secs(1);

    /// The silence after which a comment is written, where nothing else is asked for: 15 s.
    ///
    /// ```
    /// assert_eq!(sse_core::response::EventBuffer::KEEPALIVE.as_secs(), 15);
    /// ```
    ///
    /// # Source
    ///
    /// HTML Standard, [Authoring notes][spec]: a comment line every 15 seconds or so.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
    pub const KEEPALIVE: Duration = Duration::from_secs(15);

    /// An empty buffer, whose silence begins now and is broken by a comment each time that it has lasted
    /// for `keepalive`; `None` for never.
    pub fn new(keepalive: Option<Duration>, now: Instant) -> Self {
        Self {
            single: Bytes::new(),
            joined: BytesMut::new(),
            over: None,
            keepalive,
            silent_since: now,
            first_comment: now.checked_add(Self::FIRST_COMMENT),
            end: None,
        }
    }

    /// Sets the silence from now on after which a first comment is written, or `None` to leave
    /// that to the keepalive. Default: 1 s, also without a keepalive.
    ///
    /// Some proxies and clients hold the head of an answer back until there is a byte of its body. A
    /// keepalive that is shorter comes first, and once something was written this comment never comes.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use sse_core::{channel::Output, response::EventBuffer, wire::KEEPALIVE};
    ///
    /// let start = Instant::now();
    /// let mut buffer = EventBuffer::new(None, start);
    /// let until = start + Duration::from_secs(1);
    /// assert_eq!(buffer.poll_output(start), Output::Wait { until: Some(until) });
    /// assert_eq!(buffer.poll_output(until), Output::Write(KEEPALIVE));
    /// assert_eq!(buffer.poll_output(until), Output::Wait { until: None });
    ///
    /// let mut silent = EventBuffer::new(None, start).with_first_comment(None, start);
    /// assert_eq!(silent.poll_output(start), Output::Wait { until: None });
    /// ```
    #[must_use]
    pub fn with_first_comment(mut self, after: Option<Duration>, now: Instant) -> Self {
        self.first_comment = after.and_then(|after| now.checked_add(after));
        self
    }

    /// Whether the next write has room for more, up to 16 KiB.
    pub fn has_room(&self) -> bool {
        self.single.len() + self.joined.len() < Output::MAX_WRITE && self.end.is_none()
    }

    /// Takes an event, encoded where it is written from.
    pub fn handle_event(&mut self, event: &Event) {
        let start = self.join_single();
        event.encode_into(&mut self.joined);
        self.mark_over(start);
    }

    /// Takes what is encoded already; a frame that is written alone is not copied.
    pub fn handle_frame(&mut self, frame: Frame) {
        if self.single.is_empty() && self.joined.is_empty() {
            self.single = frame.into_bytes();
        } else {
            let start = self.join_single();
            self.joined.put_slice(frame.as_bytes());
            self.mark_over(start);
        }
    }

    /// Ends the stream once everything was written.
    pub fn handle_end(&mut self) {
        self.end.get_or_insert(End::Clean);
    }

    /// Ends the stream with [`CloseReason::Failed`] once everything was written, and 250 ms later.
    ///
    /// A server throws away what it has not sent yet of an answer that is to be broken.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use sse_core::{
    ///     Event,
    ///     channel::{CloseReason, Output},
    ///     response::EventBuffer,
    /// };
    ///
    /// let start = Instant::now();
    /// let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
    /// buffer.handle_event(&Event::data("1"));
    /// buffer.handle_failure();
    /// assert_eq!(buffer.poll_output(start), Output::Write("data: 1\n\n".into()));
    ///
    /// let until = start + Duration::from_millis(250);
    /// assert_eq!(buffer.poll_output(start), Output::Wait { until: Some(until) });
    /// assert_eq!(buffer.poll_output(until), Output::Close(CloseReason::Failed));
    /// ```
    pub fn handle_failure(&mut self) {
        self.end.get_or_insert(End::Failed { until: None });
    }

    /// What the driver is to do next.
    pub fn poll_output(&mut self, now: Instant) -> Output {
        let bytes = if !self.single.is_empty() {
            self.single.split_to(self.single.len().min(Output::MAX_WRITE))
        } else if !self.joined.is_empty() {
            let end = self.over.unwrap_or(self.joined.len());
            let len = end.min(Output::MAX_WRITE);
            self.over = self.over.map(|over| over - len).filter(|&left| 0 < left);
            self.joined.split_to(len).freeze()
        } else if let Some(end) = &mut self.end {
            return end.poll_output(now);
        } else {
            let due = self.keepalive.and_then(|silence| self.silent_since.checked_add(silence));
            let due = due.into_iter().chain(self.first_comment).min();
            if due.is_none_or(|due| now < due) {
                return Output::Wait { until: due };
            }
            KEEPALIVE
        };
        self.first_comment = None;
        self.silent_since = now;
        Output::Write(bytes)
    }

    /// Makes one piece of what there is, and says where the next event begins.
    fn join_single(&mut self) -> usize {
        if !self.single.is_empty() {
            self.joined.put_slice(&mem::take(&mut self.single));
        }
        self.joined.len()
    }

    fn mark_over(&mut self, start: usize) {
        if 0 < start && Output::MAX_WRITE < self.joined.len() {
            self.over = Some(start);
        }
    }
}

#[derive(Debug)]
enum End {
    Clean,
    Failed {
        /// Until when the server may send what it was given, once that is all there is.
        until: Option<Instant>,
    },
}

impl End {
    fn poll_output(&mut self, now: Instant) -> Output {
        match self {
            Self::Clean => Output::Close(CloseReason::Finished),
            Self::Failed { until } => {
                let until = *until.get_or_insert(now + FLUSH);
                if now < until {
                    Output::Wait { until: Some(until) }
                } else {
                    Output::Close(CloseReason::Failed)
                }
            }
        }
    }
}

/// Many turns of a busy event loop, and little beside the time after which a client comes back.
const FLUSH: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::epoch;

    #[test]
    fn frames_and_events_are_joined_in_their_order() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);

        buffer.handle_frame(Frame::comment("1"));
        buffer.handle_event(&Event::data("2"));
        buffer.handle_frame(Frame::comment("3"));

        assert_eq!(buffer.poll_output(start), Output::Write(":1\n\ndata: 2\n\n:3\n\n".into()));
    }

    #[test]
    fn a_frame_alone_is_not_copied() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
        let frame = Frame::from(Event::data("42"));

        buffer.handle_frame(frame.clone());

        let Output::Write(bytes) = buffer.poll_output(start) else { panic!("a frame is there") };
        assert_eq!(bytes.as_ptr(), frame.as_bytes().as_ptr());
    }

    #[test]
    fn a_write_has_room_for_whole_events_of_16_kib() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
        let event = Event::data("x".repeat(92));

        let mut count = 0;
        while buffer.has_room() {
            buffer.handle_event(&event);
            count += 1;
        }

        assert_eq!(count, 164);
        for events in [163, 1] {
            let Output::Write(bytes) = buffer.poll_output(start) else { panic!("{events} wait") };
            assert_eq!(bytes.len(), events * 100);
        }
        assert!(buffer.has_room());
    }

    #[test]
    fn an_event_puts_the_keepalive_off_and_an_early_poll_changes_nothing() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
        let (written, fired) = (start + Duration::from_secs(10), start + Duration::from_secs(25));

        buffer.handle_event(&Event::data("42"));
        assert_eq!(buffer.poll_output(written), Output::Write("data: 42\n\n".into()));

        for early in [written, fired - Duration::from_millis(1)] {
            assert_eq!(buffer.poll_output(early), Output::Wait { until: Some(fired) });
        }
        assert_eq!(buffer.poll_output(fired), Output::Write(KEEPALIVE));
    }

    #[test]
    fn what_was_taken_is_written_before_the_end() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);

        buffer.handle_event(&Event::data("42"));
        buffer.handle_end();

        assert!(!buffer.has_room());
        assert_eq!(buffer.poll_output(start), Output::Write("data: 42\n\n".into()));
        for _ in 0..2 {
            assert_eq!(buffer.poll_output(start), Output::Close(CloseReason::Finished));
        }
    }

    #[test]
    fn a_failure_is_told_a_moment_after_the_last_write() {
        let start = epoch();
        let mut buffer = EventBuffer::new(Some(EventBuffer::KEEPALIVE), start);
        let (written, told) =
            (start + Duration::from_secs(5), start + Duration::from_millis(5_250));

        buffer.handle_event(&Event::data("42"));
        buffer.handle_failure();
        buffer.handle_end();

        assert!(!buffer.has_room());
        assert_eq!(buffer.poll_output(start), Output::Write("data: 42\n\n".into()));
        for now in [written, written, told - Duration::from_millis(1)] {
            assert_eq!(buffer.poll_output(now), Output::Wait { until: Some(told) });
        }
        for now in [told, told + FLUSH] {
            assert_eq!(buffer.poll_output(now), Output::Close(CloseReason::Failed));
        }
    }

    #[test]
    fn the_first_silence_is_broken_after_1_s_or_sooner() {
        let (start, minute) = (epoch(), Duration::from_secs(60));
        for (keepalive, first, then) in [
            (Some(minute), 1_000, Some(61_000)),
            (Some(Duration::from_secs(1)), 1_000, Some(2_000)),
            (Some(Duration::from_millis(300)), 300, Some(600)),
            (None, 1_000, None),
        ] {
            let at = |millis| start + Duration::from_millis(millis);
            let mut buffer = EventBuffer::new(keepalive, start);

            let waits = Output::Wait { until: Some(at(first)) };
            assert_eq!(buffer.poll_output(at(first - 1)), waits, "{keepalive:?}");

            assert_eq!(buffer.poll_output(at(first)), Output::Write(KEEPALIVE), "{keepalive:?}");
            let waits = Output::Wait { until: then.map(at) };
            assert_eq!(buffer.poll_output(at(first)), waits, "{keepalive:?}");
        }
    }

    #[test]
    fn what_comes_first_takes_the_place_of_the_first_comment() {
        let (start, second) = (epoch(), Duration::from_secs(1));
        for events in 0..3 {
            let mut buffer = EventBuffer::new(None, start);

            // What encodes to nothing breaks no silence.
            buffer.handle_frame(Frame::default());
            (0..events).for_each(|_| buffer.handle_event(&Event::data("1")));

            let first = buffer.poll_output(start + second);
            let expected =
                if events == 0 { KEEPALIVE } else { "data: 1\n\n".repeat(events).into() };
            assert_eq!(first, Output::Write(expected));
            assert_eq!(buffer.poll_output(start + second), Output::Wait { until: None });
        }
    }
}
