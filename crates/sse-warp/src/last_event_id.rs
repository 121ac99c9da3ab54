use std::convert::Infallible;

use http::HeaderMap;
use sse_core::response::LastEventId;
use warp::Filter;

/// The id of the last event that a client saw, as it says: a filter that never rejects.
///
/// From the header or the query, see [`LastEventId`].
///
/// ```
/// use warp::Filter;
///
/// let route = sse_warp::last_event_id().map(|last: sse_warp::LastEventId| match last.id() {
///     Some(id) => format!("from behind {id}"),
///     None => "from the start".to_owned(),
/// });
/// ```
pub fn last_event_id() -> impl Filter<Extract = (LastEventId,), Error = Infallible> + Copy {
    warp::header::headers_cloned().and(raw_query()).map(|headers: HeaderMap, query: String| {
        let header = headers.get("last-event-id").map(|value| value.as_bytes());
        LastEventId::new(header, Some(&query))
    })
}

/// The query as it came; empty where there is none, which warp's own filter rejects.
pub(crate) fn raw_query() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),)))
}
