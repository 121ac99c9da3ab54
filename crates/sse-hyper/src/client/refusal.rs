use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, response::Parts};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::{Sleep, sleep};

use super::{
    TlsMismatch, TransportBody,
    beginning::{Beginning, LONGEST_PAGE, PATIENCE},
    coding,
    tls_mismatch::{ProxyMismatch, SHORTEST_PAGE},
    transport::SharedError,
};

/// A proxy gave this answer, or passed it on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forwarded;

/// An answer that is no stream, and the beginning of its body, which may say why.
pub(super) struct Refusal {
    head: Parts,
    page: Beginning<UnsyncBoxBody<Bytes, SharedError>>,
    /// The request went out without TLS.
    is_plain: bool,
    patience: Pin<Box<Sleep>>,
}

impl Refusal {
    pub(super) fn new(head: Parts, body: TransportBody, is_plain: bool) -> Self {
        // Behind these there is another answer, or none.
        let has_page = head.status != StatusCode::NO_CONTENT
            && !(head.status.is_redirection() && head.headers.contains_key(header::LOCATION));
        let body = has_page.then(|| coding::decoded(&head.headers, body).ok()).flatten();
        let page = Beginning::of_page(body.map(|body| body.0));
        Self { head, page, is_plain, patience: Box::pin(sleep(PATIENCE)) }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Ready once as much was read as is wanted, or can be had in time.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // What has come is read first, also if its time has passed meanwhile.
        if self.page.poll_read(cx).is_ready() || self.explanation().is_some() {
            return Poll::Ready(());
        }
        self.patience.as_mut().poll(cx)
    }

    /// What was read, as text.
    pub(super) fn page(&self) -> Option<String> {
        Some(self.page.text()).filter(|page| !page.trim().is_empty())
    }

    /// Why the server takes nothing for a request, if it is for the lack of TLS.
    pub(super) fn explanation(&self) -> Option<SharedError> {
        let is_said = self.is_plain
            && self.may_explain()
            && TlsMismatch::is_said_in(&String::from_utf8_lossy(self.page.bytes()));
        is_said.then(|| match self.head.extensions.get::<Forwarded>() {
            Some(Forwarded) => Arc::new(ProxyMismatch::SpokenByEither) as _,
            None => Arc::new(TlsMismatch::Spoken) as _,
        })
    }

    /// Whether this may be the page by which a server says that TLS is missing: it is a short text.
    fn may_explain(&self) -> bool {
        let head = &self.head;
        let field = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let is_text = field(header::CONTENT_TYPE).is_none_or(|media| {
            media.get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("text/"))
        });
        let has_room = field(header::CONTENT_LENGTH)
            .and_then(|length| length.parse().ok())
            .is_none_or(|length| (SHORTEST_PAGE..=LONGEST_PAGE).contains(&length));
        head.status == StatusCode::BAD_REQUEST && is_text && has_room
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("status", &self.head.status).finish_non_exhaustive()
    }
}
