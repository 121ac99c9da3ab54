use std::task::Poll;

use futures_core::Stream;
use futures_util::stream;

/// Gives each of `steps` once, and panics when it is polled for more.
pub(crate) fn script<T>(
    steps: impl IntoIterator<Item = Poll<Option<T>>, IntoIter: Unpin>,
) -> impl Stream<Item = T> + Unpin {
    let mut steps = steps.into_iter();
    stream::poll_fn(move |cx| {
        let step = steps.next().expect("it is polled behind its end");
        if step.is_pending() {
            cx.waker().wake_by_ref();
        }
        step
    })
}
