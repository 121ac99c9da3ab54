use std::{convert::Infallible, ops::Deref};

use axum::extract::FromRequestParts;
use http::request::Parts;

/// The id of the last event that a client saw, as it says: an extractor that never fails.
///
/// From the header or the query, see [`sse_core::response::LastEventId`].
///
/// ```
/// use axum::{Router, routing::get};
/// use sse_axum::LastEventId;
///
/// async fn stream(last: LastEventId) -> String {
///     match last.id() {
///         Some(id) => format!("from behind {id}"),
///         None => "from the start".to_owned(),
///     }
/// }
///
/// let app: Router = Router::new().route("/", get(stream));
/// ```
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

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(sse_core::response::LastEventId::from(&*parts)))
    }
}
