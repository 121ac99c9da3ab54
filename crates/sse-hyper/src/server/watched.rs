use std::{
    error::Error,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::socket::Socket;

pin_project! {
    /// The body of an answer: that of the service, or a text of the server's own.
    ///
    /// The service's ends with its client. hyper sees the end of an HTTP/1 client only while it reads,
    /// and it does not read while there is something that was read and is not served yet. So a body
    /// that has nothing to say watches the connection itself.
    pub(super) struct Served<B> {
        #[pin]
        content: Content<B>,
    }
}

pin_project! {
    #[project = ContentProjection]
    enum Content<B> {
        Body { #[pin] body: B, watch: Watch },
        Whole { text: Bytes },
    }
}

impl<B> Served<B> {
    /// The body of a service. Watches `socket`, if there is something to watch.
    pub(super) fn new(body: B, socket: Option<Socket>) -> Self {
        Self { content: Content::Body { body, watch: Watch::new(socket) } }
    }

    /// All of the body at once.
    pub(super) fn whole(text: Bytes) -> Self {
        Self { content: Content::Whole { text } }
    }
}

/// A look at a connection that somebody else reads and writes.
pub(super) struct Watch {
    socket: Option<Socket>,
    departure: Option<Departure>,
}

/// The end of the client, and the task that it wakes.
struct Departure {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    waker: Waker,
}

impl Watch {
    pub(super) fn new(socket: Option<Socket>) -> Self {
        Self { socket, departure: None }
    }

    /// Ready once the client has left.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(socket) = &self.socket else {
            return Poll::Pending;
        };
        match &mut self.departure {
            // Asked after each event, it would cost 7 % of the time of a publication.
            Some(departure) if departure.waker.will_wake(cx.waker()) && !socket.has_news() => {
                return Poll::Pending;
            }
            Some(departure) => departure.waker.clone_from(cx.waker()),
            None => {
                let future = Box::pin(socket.clone().departure());
                self.departure = Some(Departure { future, waker: cx.waker().clone() });
            }
        }
        if let Some(departure) = &mut self.departure {
            ready!(departure.future.as_mut().poll(cx));
        }
        self.socket = None;
        Poll::Ready(())
    }
}

impl<B> Body for Served<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let (body, watch) = match self.project().content.project() {
            ContentProjection::Body { body, watch } => (body, watch),
            ContentProjection::Whole { text } => {
                let text = mem::take(text);
                return Poll::Ready((!text.is_empty()).then(|| Ok(Frame::data(text))));
            }
        };
        if let Poll::Ready(frame) = body.poll_frame(cx) {
            if frame.is_none() {
                // hyper 1.12 forgets to close an HTTP/1.0 connection whose body ends in the second
                // of its two looks at it. One more look reminds it.
                cx.waker().wake_by_ref();
            }
            // Of bytes that are `Bytes` already, this is no copy.
            let into_bytes = |mut data: B::Data| data.copy_to_bytes(data.remaining());
            let frame = frame.map(|it| it.map(|frame| frame.map_data(into_bytes)));
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        watch.poll_left(cx).map(|()| Some(Err("the client has left".into())))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Body { body, .. } => body.is_end_stream(),
            Content::Whole { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Body { body, .. } => body.size_hint(),
            Content::Whole { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}
