use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::{
    Disconnect, RetryAfter,
    content_type::{is_event_stream, joined},
    redirect,
    system_event::refusal,
};

/// What the head of an answer means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A stream, or what looks like one to browsers and stands for this status.
    Open {
        refusal: Option<StatusCode>,
    },
    /// To this `Location`.
    Redirect(Vec<u8>),
    Refused(Disconnect),
}

impl Verdict {
    /// # Source
    ///
    /// HTML Standard, [The `EventSource` interface][spec]: a status other than 200 or another type
    /// fails the connection. Fetch: a redirect without a `Location` is an answer like any other.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        if let Some(location) = headers.get(header::LOCATION)
            && redirect::is_redirect(status)
        {
            Self::Redirect(location.as_bytes().to_vec())
        } else if status == StatusCode::NO_CONTENT {
            Self::Refused(Disconnect::NoContent)
        } else if status != StatusCode::OK {
            Self::Refused(Disconnect::Status { status, retry_after: RetryAfter::of(headers) })
        } else if !is_event_stream(headers) {
            let content_type = headers
                .contains_key(header::CONTENT_TYPE)
                .then(|| String::from_utf8_lossy(&joined(headers)).into_owned());
            Self::Refused(Disconnect::ContentType { content_type })
        } else {
            Self::Open { refusal: refusal(headers) }
        }
    }
}

/// How long the answer asks to wait, while the wall clock of this side shows `date`. A date is compared
/// with the one that the server sends: its clock may be wrong.
///
/// # Source
///
/// RFC 9110, sections 6.6.1 and 10.2.3.
pub(super) fn wait_of(headers: &HeaderMap, date: SystemTime) -> Option<Duration> {
    let of_server = headers.get(header::DATE).and_then(|value| value.to_str().ok());
    let of_server = of_server.and_then(|value| httpdate::parse_http_date(value.trim()).ok());
    RetryAfter::of(headers).map(|after| after.wait(of_server.unwrap_or(date)))
}
