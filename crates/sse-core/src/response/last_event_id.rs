use http::{HeaderName, request::Parts};

use crate::event::EventId;

/// The id of the last event that a client saw, as it says.
///
/// Read from the header `Last-Event-ID`, otherwise from `last_event_id` in the query, for clients that
/// cannot set headers: also as `lastEventId`, `Last-Event-ID` and however it is written with other
/// capitals and separators. A client may send any bytes of any length.
///
/// ```
/// use http::Request;
/// use sse_core::response::LastEventId;
///
/// let (parts, ()) = Request::get("/").header("last-event-id", "41").body(())?.into_parts();
/// assert_eq!(LastEventId::from(&parts).id().unwrap().as_str(), "41");
///
/// let (parts, ()) = Request::get("/?last_event_id=4%202").body(())?.into_parts();
/// assert_eq!(LastEventId::from(&parts).id().unwrap().as_str(), "4 2");
///
/// let (parts, ()) = Request::get("/").body(())?.into_parts();
/// assert_eq!(LastEventId::from(&parts), LastEventId::default());
/// # Ok::<(), http::Error>(())
/// ```
///
/// # Source
///
/// HTML Standard, [The `Last-Event-ID` header][spec].
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct LastEventId(Vec<u8>);

impl LastEventId {
    /// The id in `header`, the value of `Last-Event-ID`, or else in `query`.
    ///
    /// An empty header counts as none: a client without an id sends none.
    pub fn new(header: Option<&[u8]>, query: Option<&str>) -> Self {
        match header {
            Some(header) if !header.is_empty() => Self(header.to_owned()),
            _ => Self(query.and_then(in_query).unwrap_or_default()),
        }
    }

    /// What the client sent; empty if it sent none.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id, unless there is none or the bytes cannot be one, which then no server has sent.
    pub fn id(&self) -> Option<EventId> {
        let id = str::from_utf8(&self.0).ok().filter(|id| !id.is_empty())?;
        EventId::new(id).ok()
    }

    /// Whether the client sent none.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&Parts> for LastEventId {
    fn from(parts: &Parts) -> Self {
        let header = parts.headers.get(&HEADER).map(|value| value.as_bytes());
        Self::new(header, parts.uri.query())
    }
}

fn in_query(query: &str) -> Option<Vec<u8>> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut ids = pairs.filter(|(name, id)| is_last_event_id(name) && !id.is_empty());
    ids.next().map(|(_, id)| id.into_owned().into_bytes())
}

fn is_last_event_id(name: &str) -> bool {
    let letters = name.bytes().filter(|byte| !b"-_".contains(byte));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(*b"lasteventid")
}

static HEADER: HeaderName = HeaderName::from_static("last-event-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_before_the_query() {
        for (header, query, expected) in [
            (Some("41"), Some("last_event_id=42"), "41"),
            (Some(""), Some("last_event_id=42"), "42"),
            (None, Some("a=b&lastEventId=4+2&last_event_id=43"), "4 2"),
            (None, Some("last_event_id"), ""),
            (None, Some("last_event_id=&lastEventID=42"), "42"),
            (None, Some("Last_Event_Id=42"), "42"),
            (None, Some("last-event-id=42"), "42"),
            (None, Some("Last-Event-ID=42"), "42"),
            (None, Some("LASTEVENTID=42"), "42"),
            (None, Some("l%61stEventId=42"), "42"),
            (None, Some("last_event_idx=42"), ""),
            (None, Some("event_id=42"), ""),
            (None, None, ""),
        ] {
            let id = LastEventId::new(header.map(str::as_bytes), query);
            assert_eq!(id.as_bytes(), expected.as_bytes(), "{header:?} {query:?}");
        }
    }

    #[test]
    fn bytes_that_no_server_can_have_sent_are_no_id() {
        for bytes in [&b""[..], b"\xff", b"a\0b"] {
            let id = LastEventId::new(Some(bytes), None);
            assert_eq!(id.id(), None, "{bytes:?}");
            assert_eq!(id.is_none(), bytes.is_empty());
        }
        assert_eq!(LastEventId::new(None, Some("last_event_id=a%0Ab")).id(), None);
    }
}
