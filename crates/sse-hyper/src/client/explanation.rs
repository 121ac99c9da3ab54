use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use http::{StatusCode, header, response::Parts};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{
    TlsMismatch, TransportBody,
    tls_mismatch::{ProxyMismatch, SHORTEST_PAGE},
    transport::SharedError,
};

/// Why a server takes nothing for a request, if it is for the lack of TLS.
pub(super) type Explanation = Pin<Box<dyn Future<Output = Option<SharedError>> + Send>>;

/// A proxy gave this answer, or passed it on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forwarded;

/// Whether the page behind `head`, which answers a request without TLS, may say that TLS is missing: it
/// is a short text.
pub(super) fn may_explain(head: &Parts) -> bool {
    let field = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_text = field(header::CONTENT_TYPE)
        .is_none_or(|media| media.get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("text/")));
    let has_room = field(header::CONTENT_LENGTH)
        .and_then(|length| length.parse().ok())
        .is_none_or(|length| (SHORTEST_PAGE..=LONGEST_PAGE).contains(&length));
    let is_coded = head.headers.contains_key(header::CONTENT_ENCODING);
    head.status == StatusCode::BAD_REQUEST && is_text && has_room && !is_coded
}

/// Looks for it into the beginning of `body`, which a proxy may have forwarded.
pub(super) fn explanation(body: TransportBody, is_forwarded: bool) -> Explanation {
    Box::pin(async move {
        // A page that has not come by then is not worth the wait.
        let is_said = timeout(PATIENCE, says_tls(body)).await.unwrap_or(false);
        is_said.then(|| match is_forwarded {
            true => Arc::new(ProxyMismatch::SpokenByEither) as _,
            false => Arc::new(TlsMismatch::Spoken) as _,
        })
    })
}

async fn says_tls(mut body: TransportBody) -> bool {
    let mut page = Vec::new();
    while page.len() < LONGEST_PAGE
        && let Some(Ok(frame)) = body.0.frame().await
    {
        page.extend(frame.into_data().unwrap_or_default());
        if TlsMismatch::is_said_in(&String::from_utf8_lossy(&page)) {
            return true;
        }
    }
    false
}

const LONGEST_PAGE: usize = 4 << 10;

/// The page comes with its head.
const PATIENCE: Duration = Duration::from_secs(1);
