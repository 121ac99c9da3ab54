use std::error::Error;

use sse_core::channel::CloseReason;
use sse_tokio::StreamCut;

/// Whether `error` is the end of a listener that fell behind, which breaks its answer at once: what
/// it has not taken so far is not worth to wait for.
///
/// Bodies of frameworks wrap the errors of those within.
pub(super) fn is_overrun(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cut) = error.downcast_ref::<StreamCut>() {
            return matches!(cut.reason(), CloseReason::Overrun { .. });
        }
        next = error.source();
    }
    false
}
