use std::{
    error::Error,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::tcp::Tcp;

pin_project! {
    /// A body that ends with its client.
    ///
    /// hyper sees the end of an HTTP/1 client only while it reads, and it does not read while there
    /// is something that was read and is not served yet. So a body that has nothing to say watches
    /// the connection itself.
    pub(super) struct Watched<B> {
        #[pin]
        body: B,
        watch: Watch,
    }
}

impl<B> Watched<B> {
    /// Watches `tcp`, if there is something to watch.
    pub(super) fn new(body: B, tcp: Option<Tcp>) -> Self {
        Self { body, watch: Watch::new(tcp) }
    }
}

/// A look at a connection that somebody else reads and writes.
pub(super) struct Watch {
    tcp: Option<Tcp>,
    departure: Option<Departure>,
}

/// The end of the client, and who is woken by it.
struct Departure {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    waker: Waker,
}

impl Watch {
    pub(super) fn new(tcp: Option<Tcp>) -> Self {
        Self { tcp, departure: None }
    }

    /// Ready once the client has left.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(tcp) = &self.tcp else {
            return Poll::Pending;
        };
        match &mut self.departure {
            // Asked after each event, it would cost 7 % of the time of a publication.
            Some(departure) if departure.waker.will_wake(cx.waker()) && !tcp.has_news() => {
                return Poll::Pending;
            }
            Some(departure) => departure.waker.clone_from(cx.waker()),
            None => {
                let future = Box::pin(tcp.clone().departure());
                self.departure = Some(Departure { future, waker: cx.waker().clone() });
            }
        }
        if let Some(departure) = &mut self.departure {
            ready!(departure.future.as_mut().poll(cx));
        }
        self.tcp = None;
        Poll::Ready(())
    }
}

impl<B> Body for Watched<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            if frame.is_none() {
                // hyper 1.12 forgets to close an HTTP/1.0 connection whose body ends in the second
                // of its two looks at it. One more look reminds it.
                cx.waker().wake_by_ref();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.watch.poll_left(cx).map(|()| Some(Err("the client has left".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
