use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    Log,
    segment::{FrameEnd, Segment},
};
use crate::channel::{Cursor, Framing};

/// What is written of a log: whole frames as far as there is room, or a piece of a long one.
impl Log {
    /// What one write has of the frames from `from` to `until` in `framing`: at most
    /// [`max_write`](Framing::max_write) bytes. A frame that is longer comes in pieces.
    pub(in crate::channel) fn span(
        &self,
        from: Cursor,
        until: Cursor,
        framing: Framing,
    ) -> Option<Span> {
        let max = framing.max_write();
        let (first, mut to) = self.next_frame(from, until)?;
        let mut len = framing.len(first.len()) - from.offset;
        if max < len {
            let to = Cursor { offset: from.offset + max, ..from };
            return Some(Span { len: max, to, is_full: true });
        }
        while let Some((frame, after)) = self.next_frame(to, until) {
            if max < len + framing.len(frame.len()) {
                return Some(Span { len, to, is_full: true });
            }
            len += framing.len(frame.len());
            to = after;
        }
        Some(Span { len, to, is_full: false })
    }

    /// The bytes of the write that has what `span` says of the frames at `from`, as they are.
    pub(in crate::channel) fn read(&mut self, from: Cursor, span: Span) -> Bytes {
        match self.lone(from, span) {
            Some(frame) => frame,
            None => self.join(from, span, Framing::Plain).bytes.clone(),
        }
    }

    /// The segment that a reader of chunks at `from` is in, if it goes on to where one write for it would end, or to
    /// where one for those before it has ended; and where the reader begins.
    pub(in crate::channel) fn segment(
        &self,
        from: Cursor,
        until: Cursor,
        framing: Framing,
    ) -> Option<(Arc<Segment>, usize)> {
        let segment = self.joined[framing as usize].as_ref()?;
        let start = segment.start(from)?;
        let is_end = segment.is_full || segment.to.place() == until.place();
        let is_it = framing == Framing::Chunked && is_end && !until.is_before(segment.to);
        is_it.then(|| (segment.clone(), start))
    }

    /// The same frames as a new segment.
    pub(in crate::channel) fn make_segment(
        &mut self,
        from: Cursor,
        span: Span,
        framing: Framing,
    ) -> Arc<Segment> {
        if framing == Framing::Plain
            && let Some(bytes) = self.lone(from, span)
        {
            let Span { to, is_full, .. } = span;
            return Arc::new(Segment { from, to, framing, bytes, ends: Vec::new(), is_full });
        }
        self.join(from, span, framing)
    }

    /// The frame at `from`, if it is all of the write.
    fn lone(&self, from: Cursor, span: Span) -> Option<Bytes> {
        let (frame, after) = self.next_frame(from, self.end())?;
        (from.offset == 0 && after == span.to).then(|| frame.clone())
    }

    /// The next frame at `place`, which is an event or not, unless it was dropped.
    pub(in crate::channel) fn frame(&self, place: Cursor, is_event: bool) -> Option<&Bytes> {
        if is_event {
            let at = place.event.checked_sub(self.start.event)?;
            return self.events.get(at as usize).map(|entry| entry.frame.as_bytes());
        }
        let at = place.aside.checked_sub(self.start.aside)?;
        self.asides.get(at as usize).map(|aside| &aside.bytes)
    }

    /// Readers that stand at the same place ask for the same bytes: they are joined once.
    fn join(&mut self, from: Cursor, span: Span, framing: Framing) -> Arc<Segment> {
        let Span { len, to, is_full } = span;
        if let Some(joined) = &self.joined[framing as usize]
            && (joined.from, joined.to) == (from, to)
        {
            return joined.clone();
        }
        let (mut bytes, mut ends) = (BytesMut::with_capacity(len), Vec::new());
        let (mut cursor, mut events) = (from, 0);
        while bytes.len() < len
            && let Some((frame, after)) = self.next_frame(cursor, self.end())
        {
            let most = cursor.offset + len - bytes.len();
            let part = cursor.offset..framing.len(frame.len()).min(most);
            framing.put(&mut bytes, frame, part);
            events += usize::from(cursor.event < after.event);
            if bytes.len() < len || !ends.is_empty() {
                ends.push(FrameEnd { at: bytes.len(), events });
            }
            cursor = after;
        }
        let bytes = bytes.freeze();
        let joined = Arc::new(Segment { from, to, framing, bytes, ends, is_full });
        self.joined[framing as usize] = Some(joined.clone());
        joined
    }
}

/// How long a write is, and the place behind it.
#[derive(Clone, Copy, Debug)]
pub(in crate::channel) struct Span {
    pub(in crate::channel) len: usize,
    pub(in crate::channel) to: Cursor,
    /// Whether the frame behind it does not fit in, or the rest of this one.
    is_full: bool,
}
