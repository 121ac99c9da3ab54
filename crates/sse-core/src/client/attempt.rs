use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    ClientRequest, RedirectError,
    redirect::{self, MAX_REDIRECTS},
};

/// One try to get a stream: a request, and where it was redirected to.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) request: ClientRequest,
    pub(super) omits_last_event_id: bool,
    /// When the answer must be there.
    pub(super) until: Option<Instant>,
    redirects: u32,
}

impl Attempt {
    /// The request of the caller with what the standard adds, from its first address.
    ///
    /// # Source
    ///
    /// HTML Standard, [The `EventSource` interface][spec], and [The `Last-Event-ID` header][id]: the id
    /// as UTF-8 bytes.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
    /// [id]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
    pub(super) fn new(
        request: &ClientRequest,
        refreshed: HeaderMap,
        last_event_id: &str,
        until: Option<Instant>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        replace(&mut headers, request.headers.clone());
        replace(&mut headers, refreshed);
        headers.remove(LAST_EVENT_ID);
        // Servers do not see outer white space, wherever it is sent (RFC 9110, section 5.5).
        let value = HeaderValue::from_bytes(last_event_id.trim_matches([' ', '\t']).as_bytes())
            .ok()
            .filter(|value| value.len() <= MAX_ID);
        let omits_last_event_id = value.is_none();
        if let Some(value) = value
            && !value.is_empty()
        {
            headers.insert(LAST_EVENT_ID, value);
        }
        let request = ClientRequest { headers, ..request.clone() };
        Self { request, omits_last_event_id, until, redirects: 0 }
    }

    /// Whether a server has answered this attempt: by a redirect, the one before the next.
    pub(super) fn has_arrived(&self) -> bool {
        0 < self.redirects
    }

    /// Goes to where the server sends it.
    pub(super) fn redirect(
        &mut self,
        status: StatusCode,
        location: &[u8],
    ) -> Result<(), RedirectError> {
        if self.redirects == MAX_REDIRECTS {
            return Err(RedirectError::TooMany { limit: MAX_REDIRECTS });
        }
        self.redirects += 1;
        // That was told with the first request.
        self.omits_last_event_id = false;
        redirect::follow(&mut self.request, status, location)
    }
}

/// Puts `others` in the place of the headers of the same names.
fn replace(headers: &mut HeaderMap, others: HeaderMap) {
    for name in others.keys() {
        headers.remove(name);
    }
    headers.extend(others);
}

pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What servers take in one header is often 8 KiB, with all others; a request that is refused for its
/// id would be refused for ever.
const MAX_ID: usize = 4 << 10;
