use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::Body;

use super::limits::MAX_TURNS;

/// The beginning of a body, which is kept when the rest does not come, or is not wanted.
pub(super) struct Beginning<B> {
    /// `None` once there is nothing more to read.
    body: Option<B>,
    read: Vec<u8>,
    /// How many bytes of it are wanted.
    longest: usize,
}

impl<B: Body<Data = Bytes> + Unpin> Beginning<B> {
    /// At most `longest` bytes of `body`.
    pub(super) fn new(body: Option<B>, longest: usize) -> Self {
        Self { body, read: Vec::new(), longest }
    }

    /// At most as much of a page that says why there is no other answer as is a reason.
    pub(super) fn of_page(body: Option<B>) -> Self {
        Self::new(body, LONGEST_PAGE)
    }

    /// Ready once as much was read as is wanted, or can be had.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..MAX_TURNS {
            let Some(body) = self.body.as_mut().filter(|_| self.read.len() < self.longest) else {
                return Poll::Ready(());
            };
            match ready!(Pin::new(body).poll_frame(cx)).and_then(Result::ok) {
                Some(frame) => {
                    let data = frame.into_data().unwrap_or_default();
                    let room = self.longest - self.read.len();
                    self.read.extend_from_slice(&data[..data.len().min(room)]);
                }
                None => self.body = None,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads as much as is wanted, or can be had.
    pub(super) async fn read(&mut self) {
        poll_fn(|cx| self.poll_read(cx)).await;
    }

    /// What was read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.read
    }

    /// What was read.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.read
    }

    /// What was read, as text.
    pub(super) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.read);
        // The last character may have been cut.
        let is_cut = self.read.len() == self.longest;
        let text = if is_cut { text.trim_end_matches(char::REPLACEMENT_CHARACTER) } else { &text };
        text.to_owned()
    }
}

/// What says more than this is no reason.
pub(super) const LONGEST_PAGE: usize = 4 << 10;

/// Such a page comes with its head, or is not worth the wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
