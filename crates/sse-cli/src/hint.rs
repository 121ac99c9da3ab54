use std::fmt;

use sse_hyper::{CertificateProblem, TlsMismatch};

/// What is `said`, with the option that mends it if server and command disagree on TLS, or the server's
/// certificate is not trusted.
pub(crate) fn with_option(
    said: impl fmt::Display,
    mismatch: Option<TlsMismatch>,
    problem: Option<CertificateProblem>,
) -> String {
    match (mismatch, problem) {
        (Some(TlsMismatch::Spoken), _) => format!("{said} (-S)"),
        (Some(TlsMismatch::NotSpoken), _) => format!("{said} (leave out -S)"),
        (_, Some(problem)) if problem.is_for_want_of_a_root() => format!("{said} (--cacert FILE)"),
        _ => said.to_string(),
    }
}
