use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;
use tokio::io::AsyncBufRead;

use crate::{
    Decoder,
    reader::{Decode, ReadError},
};

pin_project! {
    /// The events that a [`tokio::io::AsyncBufRead`] gives.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use sse_core::reader::AsyncReadStream;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// // A `tokio::io::BufReader` around a socket is another.
    /// let mut events = AsyncReadStream::new(&b"data: a token\n\n"[..]);
    ///
    /// let event = events.next().await.expect("there is one")?;
    /// assert_eq!(event.data(), "a token");
    /// assert!(events.next().await.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("it is ready")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct AsyncReadStream<R, D = Decoder> {
        #[pin]
        source: R,
        decoder: D,
        has_ended: bool,
    }
}

impl<R: AsyncBufRead> AsyncReadStream<R> {
    /// Reads the events of `source`.
    pub fn new(source: R) -> Self {
        Self::with_decoder(source, Decoder::new())
    }
}

impl<R: AsyncBufRead, D: Decode> AsyncReadStream<R, D> {
    /// Reads from `source` what `decoder` finds in it.
    pub fn with_decoder(source: R, decoder: D) -> Self {
        Self { source, decoder, has_ended: false }
    }

    /// The decoder, which knows the last event id.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The source, and the decoder for the next one, which needs a `reset` first.
    pub fn into_parts(self) -> (R, D) {
        (self.source, self.decoder)
    }

    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<D::Item>, ReadError<io::Error>>> {
        let mut this = self.project();
        loop {
            let chunk = ready!(this.source.as_mut().poll_fill_buf(cx))?;
            if chunk.is_empty() {
                return Poll::Ready(Ok(None));
            }
            let mut rest = chunk;
            let item = this.decoder.decode_owned(&mut rest);
            let taken = chunk.len() - rest.len();
            this.source.as_mut().consume(taken);
            if let Some(item) = item.map_err(ReadError::Decode)? {
                return Poll::Ready(Ok(Some(item)));
            }
        }
    }
}

impl<R: AsyncBufRead, D: Decode> Stream for AsyncReadStream<R, D> {
    type Item = Result<D::Item, ReadError<io::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let item = ready!(self.as_mut().poll_read(cx)).transpose();
        *self.project().has_ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<R: AsyncBufRead, D: Decode> FusedStream for AsyncReadStream<R, D> {
    fn is_terminated(&self) -> bool {
        self.has_ended
    }
}
