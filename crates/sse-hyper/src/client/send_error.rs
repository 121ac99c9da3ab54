use std::{error::Error, sync::Arc, time::Duration};

use http::StatusCode;

use super::{CertificateProblem, TlsMismatch, chain::chain};

/// Why nothing was published.
///
/// ```
/// use http::StatusCode;
/// use sse_hyper::SendError;
///
/// let refused = SendError::Refused {
///     status: StatusCode::NOT_FOUND,
///     message: "Target is not connected".to_owned(),
/// };
/// assert_eq!(refused.to_string(), "(404 Not Found): Target is not connected");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The server refused.
    #[error("{}", refusal(*status, message))]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// The reason in its answer, as plain text: what came of the first 4 KiB within a second.
        message: String,
    },
    /// The value has no JSON form.
    #[error("the data has no JSON form: {0}")]
    Json(Arc<serde_json::Error>),
    /// Action and token make no address.
    #[error("no such address: {0}")]
    Address(Arc<http::Error>),
    /// The server took longer than it may.
    #[error("no answer within {limit:?}")]
    Timeout {
        /// How long it may take.
        limit: Duration,
    },
    /// The request did not reach the server, or its answer did not come back.
    #[error("{}", chain(&**.0))]
    Transport(Arc<dyn Error + Send + Sync>),
}

impl SendError {
    /// How server and address disagree on TLS, if that is why.
    pub fn tls_mismatch(&self) -> Option<TlsMismatch> {
        match self {
            Self::Transport(error) => TlsMismatch::behind(&**error),
            _ => None,
        }
    }

    /// What is wrong with the server's certificate, if that is why.
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        match self {
            Self::Transport(error) => CertificateProblem::behind(&**error),
            _ => None,
        }
    }

    /// The refusal in the answer `page`, which is a page of HTML in the form of the server's.
    pub(super) fn refused(status: StatusCode, page: &str) -> Self {
        let text = page.split_once("<body>").map_or(page, |(_, text)| text);
        let text = text.split_once("</body>").map_or(text, |(text, _)| text);
        let code = format!("{}: ", status.as_u16());
        let text = text.strip_prefix(&code).unwrap_or(text);
        Self::Refused { status, message: plain(text) }
    }
}

fn refusal(status: StatusCode, message: &str) -> String {
    let status = match status.canonical_reason() {
        Some(_) => format!("({status})"),
        None => format!("({})", status.as_u16()),
    };
    if message.is_empty() { status } else { format!("{status}: {message}") }
}

/// The text of `html`, which has no markup but line breaks.
fn plain(html: &str) -> String {
    html.replace("<br />", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}
