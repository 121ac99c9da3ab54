//! Whether a body is still the one that an adapter made, or one that middleware has wrapped.
//!
//! Frameworks box bodies, so the type tells nothing; and what a wrapper that passes everything on says of itself is what
//! the body inside says. It differs in one thing that can be seen in safe code: while it polls the body inside, it
//! stands on the stack. So the outermost body is polled once, as a probe. Our own body knows of it by a thread-local,
//! touches nothing, is pending at once, and looks how far down the stack it was asked. The same is done by the same
//! code to a sample, a body that the adapter made in the same way and that nobody has wrapped. If both are equally far
//! down, then nobody stands in between: whatever wraps a body polls it by the code that polls the sample, from
//! further down.
//!
//! Besides our own body says, while the probe runs, a size that no body has. A wrapper that does not pass on what the
//! body inside says of its size is found by that.
//!
//! To be polled once more and be pending does no harm to a wrapper, which has to bear that at any time. What it says itself
//! in answer to the probe is not lost ([`Probed`](super::Probed)).
//!
//! What cannot be seen is a wrapper that passes the size on, whose poll ends in that of the body inside, and of which the
//! compiler made a jump. Such a wrapper does not look at frames. It may have a timer; then it has cloned the waker of
//! the probe, which is seen. It may hold something until the stream is over; so the body is kept until then
//! ([`Shell`](super::Shell)). It may end the stream at a poll, though nothing woke the task for that, and this alone is lost.
//! No wrapper that became axum's `Body` or warp's by their own constructors can be so: these convert its errors,
//! so its poll does not end in that of the body inside.
//!
//! Everything that could go wrong (an address sanitizer that moves locals to the heap, Miri, a body that is polled on another
//! thread or another stack) makes the distances differ, and then the body is sent as a body.

use std::{
    cell::RefCell,
    hint::black_box,
    pin::{Pin, pin},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use http_body::{Body, Frame, SizeHint};
use sse_core::hub::Subscriber;

use crate::SseBody;

/// What a poll of the body `B` returns.
pub(super) type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

type Ask<B> = fn(Pin<&mut B>, Option<Place>) -> (Found, Polled<B>);

/// Takes the subscriber out of `body` if it is as bare as `sample`. Otherwise returns what `body` said when it was
/// polled.
pub(super) fn take<B: Body>(sample: B, body: Pin<&mut B>) -> Result<Subscriber, Polled<B>> {
    // By its address, so that the compiler makes no two copies of it.
    let ask = black_box(ask as Ask<B>);
    let (found, _) = ask(pin!(sample), None);
    let bare = found.place;
    let (found, polled) = ask(body, bare);
    found.subscriber.ok_or(polled)
}

/// Polls `body` once, as a probe that takes the subscriber at the place `bare` alone.
#[inline(never)]
fn ask<B: Body>(body: Pin<&mut B>, bare: Option<Place>) -> (Found, Polled<B>) {
    let here = 0;
    let top = address(&here);
    let watch = Arc::new(Watch::default());
    let waker = Waker::from(watch.clone());
    let probe = Running::begin(Probe { top, size: None, bare, watch, found: Found::default() });
    let size = body.size_hint();
    PROBE.with_borrow_mut(|probe| {
        if let Some(probe) = probe {
            probe.size = Some((size.lower(), size.upper()));
        }
    });
    let polled = body.poll_frame(&mut Context::from_waker(&waker));
    (probe.end(), polled)
}

/// What our own body says of its size before it is polled for the first time.
pub(crate) fn size() -> SizeHint {
    let mut size = SizeHint::new();
    if PROBE.with_borrow(Option::is_some) {
        size.set_lower(MARK);
    }
    size
}

/// Whether this poll of `body`, the first one, is a probe, which it has answered: then it is pending.
#[inline(never)]
pub(crate) fn answer(body: &mut SseBody) -> bool {
    let here = 0;
    let here = address(&here);
    PROBE.with_borrow_mut(|probe| {
        let Some(probe) = probe else {
            return false;
        };
        let place = Place { depth: probe.top.abs_diff(here), size: probe.size };
        probe.found.place = Some(place);
        if probe.bare == Some(place) && probe.watch.is_untouched() {
            probe.found.subscriber = body.take_subscriber();
        }
        true
    })
}

#[inline(always)]
fn address(local: &u8) -> usize {
    ptr::from_ref(black_box(local)).addr()
}

struct Probe {
    /// Where the stack was when the outermost body was asked.
    top: usize,
    /// What the outermost body says of its size.
    size: Option<Size>,
    /// Where a body is that nobody has wrapped.
    bare: Option<Place>,
    watch: Arc<Watch>,
    found: Found,
}

/// What a probe has found.
#[derive(Default)]
struct Found {
    /// Where our own body is, if it was asked.
    place: Option<Place>,
    subscriber: Option<Subscriber>,
}

/// Where our own body is behind the outermost one.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Place {
    /// How far down the stack it is polled.
    depth: usize,
    /// What of its size comes to the outside.
    size: Option<Size>,
}

/// The bounds of a size.
type Size = (u64, Option<u64>);

/// A size that no body has, and to which a wrapper may add.
const MARK: u64 = 0x5355_4253_4352_4942;

thread_local! {
    /// The probe that runs on this thread.
    static PROBE: RefCell<Option<Probe>> = const { RefCell::new(None) };
}

/// The probe of this thread for as long as this lives, which may end by a panic of a wrapper.
struct Running;

impl Running {
    fn begin(probe: Probe) -> Self {
        PROBE.set(Some(probe));
        Self
    }

    fn end(self) -> Found {
        PROBE.take().expect("it runs until here").found
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(PROBE.take());
    }
}

/// Notices what a wrapper does with the waker of a probe.
#[derive(Default)]
struct Watch {
    is_woken: AtomicBool,
}

impl Watch {
    /// Whether the waker was neither used nor kept.
    fn is_untouched(self: &Arc<Self>) -> bool {
        // The probe's own and the waker's.
        Arc::strong_count(self) == 2 && !self.is_woken.load(Ordering::Relaxed)
    }
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
    }
}
