use std::{
    convert::Infallible,
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

/// The id of the last event that a client saw, as it says: an extractor that never fails.
///
/// From the header or the query, see [`sse_core::response::LastEventId`].
///
/// ```
/// use actix_web::{FromRequest, test::TestRequest};
/// use sse_actix::LastEventId;
///
/// async fn stream(last: LastEventId) -> String {
///     match last.id() {
///         Some(id) => format!("from behind {id}"),
///         None => "from the start".to_owned(),
///     }
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let request = TestRequest::default().insert_header(("last-event-id", "41")).to_http_request();
/// let last = LastEventId::extract(&request).await?;
/// assert_eq!(stream(last).await, "from behind 41");
/// # Ok(())
/// # }
/// ```
///
/// # Source
///
/// HTML Standard, [The `Last-Event-ID` header][spec].
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct LastEventId(sse_core::response::LastEventId);

impl LastEventId {
    /// The id in the core's own type.
    pub fn into_inner(self) -> sse_core::response::LastEventId {
        self.0
    }
}

impl Deref for LastEventId {
    type Target = sse_core::response::LastEventId;

    fn deref(&self) -> &sse_core::response::LastEventId {
        &self.0
    }
}

impl From<&HttpRequest> for LastEventId {
    fn from(request: &HttpRequest) -> Self {
        let header = request.headers().get("last-event-id").map(|value| value.as_bytes());
        Self(sse_core::response::LastEventId::new(header, request.uri().query()))
    }
}

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::from(request)))
    }
}
