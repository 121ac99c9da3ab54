use std::{borrow::Cow, fmt};

/// Why a request was refused, for a log: in the extensions of each answer by which a
/// [`Gateway`](super::Gateway) refuses.
///
/// It says more than the client is told, and holds neither credentials nor data that was to be published. What of the
/// request it repeats, such as the host, is quoted and cut.
///
/// ```
/// # use std::time::Instant;
/// use http::Request;
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     gateway::{Handled, RefusalReason},
/// };
///
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let request = Request::post("/ping/42").header("host", "localhost").body(())?;
/// let (parts, ()) = request.into_parts();
/// let Handled::Respond(response) = gateway.handle(&parts, Instant::now()) else {
///     panic!("nobody listens");
/// };
/// let reason = response.extensions().get::<RefusalReason>().map(RefusalReason::as_str);
/// assert_eq!(reason, Some("nobody listens on the channel"));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusalReason(Cow<'static, str>);

impl RefusalReason {
    pub(super) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    /// It in words, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
