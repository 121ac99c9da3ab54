use bytes::Bytes;

/// What a frame costs in a log, in bytes.
pub(super) fn cost(frame: &Bytes) -> usize {
    frame.len() + FRAME_OVERHEAD
}

/// What a frame costs beside its bytes: a place in the queue and two allocations.
pub(super) const FRAME_OVERHEAD: usize = 128;
