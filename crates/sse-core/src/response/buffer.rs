use std::{mem, time::Instant};

use bytes::{BufMut, Bytes, BytesMut};

use super::Frame;
use crate::{
    CloseReason, Event, KEEPALIVE, Output, SubscriptionConfig,
    channel::{Keepalive, MAX_WRITE},
};

/// What one answer still has to write: events that are ready are joined, silence is broken.
///
/// For streams that come from elsewhere than a [`Hub`](crate::Hub). Hand over what is ready while
/// the buffer [has room](Self::has_room), then drain it with [`poll_output`](Self::poll_output)
/// until it says [`Output::Wait`] or [`Output::Close`]. A timeout that comes early changes nothing.
/// Time must not go back.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use sse_core::{CloseReason, Event, EventBuffer, Output, SubscriptionConfig};
///
/// let start = Instant::now();
/// let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);
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
    /// Where the last event begins, if the write has no room for it.
    over: Option<usize>,
    keepalive: Keepalive,
    has_ended: bool,
}

impl EventBuffer {
    /// An empty buffer, whose silence begins now.
    pub fn new(config: SubscriptionConfig, now: Instant) -> Self {
        Self {
            single: Bytes::new(),
            joined: BytesMut::new(),
            over: None,
            keepalive: Keepalive::new(config.interval(), now),
            has_ended: false,
        }
    }

    /// Whether the next write has room for more, up to 16 KiB.
    pub fn has_room(&self) -> bool {
        self.single.len() + self.joined.len() < MAX_WRITE && !self.has_ended
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
        self.has_ended = true;
    }

    /// Tells the buffer that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.keepalive.handle_timeout(now);
    }

    /// What the driver is to do next.
    pub fn poll_output(&mut self, now: Instant) -> Output {
        let bytes = if !self.single.is_empty() {
            mem::take(&mut self.single)
        } else if let Some(over) = self.over.take() {
            self.joined.split_to(over).freeze()
        } else if !self.joined.is_empty() {
            self.joined.split().freeze()
        } else if self.has_ended {
            return Output::Close(CloseReason::Finished);
        } else if self.keepalive.is_due() {
            KEEPALIVE
        } else {
            return Output::Wait { until: self.keepalive.deadline() };
        };
        self.keepalive.handle_write(now);
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
        if 0 < start && MAX_WRITE < self.joined.len() {
            self.over = Some(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::epoch;

    #[test]
    fn frames_and_events_are_joined_in_their_order() {
        let start = epoch();
        let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);

        buffer.handle_frame(Frame::comment("1"));
        buffer.handle_event(&Event::data("2"));
        buffer.handle_frame(Frame::comment("3"));

        assert_eq!(buffer.poll_output(start), Output::Write(":1\n\ndata: 2\n\n:3\n\n".into()));
    }

    #[test]
    fn a_frame_alone_is_not_copied() {
        let start = epoch();
        let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);
        let frame = Frame::from(Event::data("42"));

        buffer.handle_frame(frame.clone());

        let Output::Write(bytes) = buffer.poll_output(start) else { panic!("a frame is there") };
        assert_eq!(bytes.as_ptr(), frame.as_bytes().as_ptr());
    }

    #[test]
    fn a_write_has_room_for_whole_events_of_16_kib() {
        let start = epoch();
        let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);
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
    fn an_event_puts_the_keepalive_off_and_an_early_timeout_changes_nothing() {
        let start = epoch();
        let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);
        let (written, fired) = (start + Duration::from_secs(10), start + Duration::from_secs(25));

        buffer.handle_event(&Event::data("42"));
        assert_eq!(buffer.poll_output(written), Output::Write("data: 42\n\n".into()));
        buffer.handle_timeout(start + Duration::from_secs(15));

        assert_eq!(buffer.poll_output(written), Output::Wait { until: Some(fired) });
        buffer.handle_timeout(fired);
        assert_eq!(buffer.poll_output(fired), Output::Write(KEEPALIVE));
    }

    #[test]
    fn what_was_taken_is_written_before_the_end() {
        let start = epoch();
        let mut buffer = EventBuffer::new(SubscriptionConfig::default(), start);

        buffer.handle_event(&Event::data("42"));
        buffer.handle_end();

        assert!(!buffer.has_room());
        assert_eq!(buffer.poll_output(start), Output::Write("data: 42\n\n".into()));
        for _ in 0..2 {
            assert_eq!(buffer.poll_output(start), Output::Close(CloseReason::Finished));
        }
    }
}
