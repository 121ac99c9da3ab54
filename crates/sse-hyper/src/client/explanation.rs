use std::{future::Future, pin::Pin, time::Duration};

use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{TlsMismatch, TransportBody};

/// What a server that takes nothing for a request says about TLS.
pub(super) type Explanation = Pin<Box<dyn Future<Output = Option<TlsMismatch>> + Send>>;

/// Looks into the beginning of `body`, which answers a request without TLS, for what is missing.
pub(super) fn explanation(mut body: TransportBody) -> Explanation {
    Box::pin(async move {
        let mut text = Vec::new();
        let reading = async {
            while text.len() < LONGEST
                && let Some(Ok(frame)) = body.0.frame().await
            {
                text.extend(frame.into_data().unwrap_or_default());
            }
        };
        // Without the end of the page its beginning has to do.
        let _end = timeout(PATIENCE, reading).await;
        TlsMismatch::is_said_in(&String::from_utf8_lossy(&text)).then_some(TlsMismatch::Spoken)
    })
}

const LONGEST: usize = 4 << 10;

/// The page comes with its head, or it is not worth the wait.
const PATIENCE: Duration = Duration::from_secs(1);
