use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// What the bodies of middleware in a test have seen, and how many of them there are.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::{BodyExt, Full};
/// use sse_testkit::{Counting, Seen};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let seen = Seen::default();
/// let body = Counting::new(Full::new(Bytes::from_static(b"hello")), &seen);
/// assert_eq!((seen.bytes(), seen.bodies()), (0, 1));
/// body.collect().await.unwrap();
/// assert_eq!((seen.bytes(), seen.bodies()), (5, 0));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicUsize,
    bodies: AtomicUsize,
}

impl Seen {
    /// The bytes of data that went through [`Counting`] bodies.
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Acquire)
    }

    /// The bodies that were not dropped yet.
    pub fn bodies(&self) -> usize {
        self.0.bodies.load(Ordering::Acquire)
    }

    fn enter(&self) -> Entry {
        self.0.bodies.fetch_add(1, Ordering::AcqRel);
        Entry(self.0.clone())
    }
}

/// One of the bodies, which is counted until it is dropped.
#[derive(Debug)]
struct Entry(Arc<Counts>);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.bodies.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A body of middleware that looks at all that goes through it, and changes nothing.
#[derive(Debug)]
pub struct Counting<B> {
    body: B,
    seen: Entry,
}

impl<B> Counting<B> {
    /// Counts in `seen` what `body` says.
    pub fn new(body: B, seen: &Seen) -> Self {
        Self { body, seen: seen.enter() }
    }
}

impl<B: Body + Unpin> Body for Counting<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.seen.0.bytes.fetch_add(data.remaining(), Ordering::AcqRel);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body of middleware that holds something until the answer is over, such as a permit, and looks at nothing.
#[derive(Debug)]
pub struct Holding<B> {
    body: B,
    _held: Entry,
}

impl<B> Holding<B> {
    /// Is counted in `seen` for as long as `body` is there.
    pub fn new(body: B, seen: &Seen) -> Self {
        Self { body, _held: seen.enter() }
    }
}

impl<B: Body + Unpin> Body for Holding<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body of middleware that says `: hello` before anything else, without waiting for it.
#[derive(Debug)]
pub struct Greeting<B> {
    body: B,
    has_greeted: bool,
}

impl<B> Greeting<B> {
    /// What the body says first.
    pub const HELLO: &str = ": hello\n\n";

    /// Greets before `body`.
    pub fn new(body: B) -> Self {
        Self { body, has_greeted: false }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Greeting<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.has_greeted {
            return Pin::new(&mut self.body).poll_frame(cx);
        }
        self.has_greeted = true;
        Poll::Ready(Some(Ok(Frame::data(Self::HELLO.into()))))
    }
}
