use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};

use super::{header_text::text, refusal::Refusal};
use crate::{Event, Hub, event::EventName, hub::SubscribeError, response::stream_head};

/// Whether what asks is the `EventSource` of a browser, or acts for one: it is closed for good by any
/// answer but 200, so a refusal that will pass is told in a stream.
pub(super) fn is_event_source(parts: &Parts) -> bool {
    accepts_event_stream(&parts.headers) && is_browser(&parts.headers)
}

/// The refusal that will pass, as an `EventSource` can read it.
///
/// # Source
///
/// HTML Standard, [Processing model][spec]: any status but 200 fails the connection, and the user
/// agent does not attempt to reconnect.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
pub(super) fn refused(status: StatusCode, retry: Duration) -> Response<Bytes> {
    let status = status.as_u16();
    let event = Event::data(format!(r#"{{"status":{status}}}"#))
        .with_name(EventName::from_static("sse.refused"))
        .with_retry(retry);
    let mut response = stream_head(event.encode(), "no-store");
    response.headers_mut().insert("sse-refused", text(status));
    response
}

/// When a client may try again that is refused for `error`. It is drawn anew each time, so that those
/// who are refused together do not come back together.
pub(super) fn retry_after(hub: &Hub, refusal: &Refusal, now: Instant) -> Duration {
    if let Some(drained) = hub.return_after(now) {
        return drained;
    }
    let (least, most) = match refusal {
        Refusal::Subscribe(SubscribeError::Taken | SubscribeError::Shutdown) => {
            (Duration::from_secs(3), Duration::from_secs(10))
        }
        refusal => {
            let least = refusal.retry_after().unwrap_or_default().clamp(LEAST_RETRY, MOST_RETRY);
            (least, 4 * least)
        }
    };
    least + hub.next_phase().part_of(most - least)
}

/// When a client that has met a limit may come back at the earliest, and the longest that it is told to wait.
const LEAST_RETRY: Duration = Duration::from_secs(15);
const MOST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

fn accepts_event_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let essence = range.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("text/event-stream")
    })
}

/// Browsers say how they fetch; older ones, and all of them over plain HTTP to another host than a
/// loopback one, only their name.
fn is_browser(headers: &HeaderMap) -> bool {
    if headers.keys().any(|name| name.as_str().starts_with("sec-fetch-")) {
        return headers.get(&super::decide::SEC_FETCH_MODE).is_some_and(|mode| mode == "cors");
    }
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    agent.is_some_and(|agent| agent.starts_with(b"Mozilla/"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn an_event_source_is_told_by_what_it_takes_and_how_it_fetches() {
        let accept = ("accept", "text/event-stream");
        let mozilla = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        let cors = ("sec-fetch-mode", "cors");
        for (fields, expected) in [
            (&[accept, cors][..], true),
            (&[accept, mozilla], true),
            (&[("accept", "text/html, Text/Event-Stream; q=0.5"), mozilla], true),
            (&[accept, mozilla, cors], true),
            (&[accept, mozilla, ("sec-fetch-mode", "navigate")], false),
            (&[accept, mozilla, ("sec-fetch-site", "none")], false),
            (&[accept, ("user-agent", "curl/8.0")], false),
            (&[accept, ("user-agent", "not Mozilla/5.0")], false),
            (&[accept], false),
            (&[("accept", "*/*"), mozilla], false),
            (&[mozilla, cors], false),
        ] {
            let mut request = Request::get("/poll/42");
            for &(name, value) in fields {
                request = request.header(name, value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(is_event_source(&parts), expected, "{fields:?}");
        }
    }
}
