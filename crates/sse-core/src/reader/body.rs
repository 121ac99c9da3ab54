use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use futures_core::{FusedStream, Stream};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{
    Decoder,
    reader::{Decode, ReadError},
};

pin_project! {
    /// The events in the body of a response. Trailers are passed over.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use sse_core::reader::BodyStream;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// // Stands for the body of a response.
    /// let body = String::from("data: a token\n\n");
    /// let mut events = BodyStream::new(body);
    ///
    /// let event = events.next().await.expect("there is one")?;
    /// assert_eq!(event.data(), "a token");
    /// assert!(events.next().await.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("it is ready")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct BodyStream<B: Body, D = Decoder> {
        // `None` behind the end.
        #[pin]
        source: Option<B>,
        data: Option<B::Data>,
        decoder: D,
    }
}

impl<B: Body> BodyStream<B> {
    /// Reads the events of `source`.
    pub fn new(source: B) -> Self {
        Self::with_decoder(source, Decoder::new())
    }
}

impl<B: Body, D: Decode> BodyStream<B, D> {
    /// Reads from `source` what `decoder` finds in it.
    pub fn with_decoder(source: B, decoder: D) -> Self {
        Self { source: Some(source), data: None, decoder }
    }

    /// The decoder, which knows the last event id.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The decoder for the next source, which needs a `reset` first.
    pub fn into_decoder(self) -> D {
        self.decoder
    }
}

impl<B: Body, D: Decode> Stream for BodyStream<B, D> {
    type Item = Result<D::Item, ReadError<B::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            while let Some(data) = this.data.as_mut().filter(|data| data.has_remaining()) {
                let chunk = data.chunk();
                let mut rest = chunk;
                let item = this.decoder.decode_owned(&mut rest);
                let taken = chunk.len() - rest.len();
                data.advance(taken);
                match item {
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Ok(None) => (),
                    Err(error) => {
                        this.source.set(None);
                        *this.data = None;
                        return Poll::Ready(Some(Err(ReadError::Decode(error))));
                    }
                }
            }
            *this.data = None;
            let Some(source) = this.source.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            match ready!(source.poll_frame(cx)) {
                Some(Ok(frame)) => *this.data = frame.into_data().ok(),
                Some(Err(error)) => {
                    this.source.set(None);
                    return Poll::Ready(Some(Err(ReadError::Source(error))));
                }
                None => this.source.set(None),
            }
        }
    }
}

impl<B: Body, D: Decode> FusedStream for BodyStream<B, D> {
    fn is_terminated(&self) -> bool {
        self.source.is_none() && self.data.is_none()
    }
}
