use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use crate::{
    Decoder,
    reader::{Decode, ReadError},
};

pin_project! {
    /// The events in a stream of chunks.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use sse_core::reader::EventStream;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let chunks = stream::iter([Ok::<_, std::io::Error>("data: a tok"), Ok("en\n\n")]);
    /// let mut events = EventStream::new(chunks);
    ///
    /// let event = events.next().await.expect("there is one")?;
    /// assert_eq!(event.data(), "a token");
    /// assert!(events.next().await.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("it is ready")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct EventStream<S, C, D = Decoder> {
        // `None` behind the end.
        #[pin]
        source: Option<S>,
        // What was not decoded yet begins at `at`.
        chunk: Option<C>,
        at: usize,
        decoder: D,
    }
}

impl<S, C, E> EventStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
{
    /// Reads the events of `source`.
    pub fn new(source: S) -> Self {
        Self::with_decoder(source, Decoder::new())
    }
}

impl<S, C, E, D> EventStream<S, C, D>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    D: Decode,
{
    /// Reads from `source` what `decoder` finds in it.
    pub fn with_decoder(source: S, decoder: D) -> Self {
        Self { source: Some(source), chunk: None, at: 0, decoder }
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

impl<S, C, E, D> Stream for EventStream<S, C, D>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    D: Decode,
{
    type Item = Result<D::Item, ReadError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(chunk) = this.chunk {
                let chunk = chunk.as_ref();
                let mut rest = &chunk[*this.at..];
                let item = this.decoder.decode_owned(&mut rest);
                *this.at = chunk.len() - rest.len();
                match item {
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Ok(None) => *this.chunk = None,
                    Err(error) => {
                        this.source.set(None);
                        *this.chunk = None;
                        return Poll::Ready(Some(Err(ReadError::Decode(error))));
                    }
                }
            }
            let Some(source) = this.source.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            match ready!(source.poll_next(cx)) {
                Some(Ok(chunk)) => {
                    *this.chunk = Some(chunk);
                    *this.at = 0;
                }
                Some(Err(error)) => {
                    this.source.set(None);
                    return Poll::Ready(Some(Err(ReadError::Source(error))));
                }
                None => this.source.set(None),
            }
        }
    }
}

impl<S, C, E, D> FusedStream for EventStream<S, C, D>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    D: Decode,
{
    fn is_terminated(&self) -> bool {
        self.source.is_none() && self.chunk.is_none()
    }
}
