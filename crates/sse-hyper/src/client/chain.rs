use std::{error::Error, io, iter};

use hyper_util::client::legacy;

#[cfg(feature = "tls")]
use super::certificate_problem::{ProxyCertificate, tls_in_words};
use super::{CertificateProblem, TlsMismatch, tls_mismatch::ProxyMismatch};

/// `error` with all that is behind it, without what repeats itself.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    // What a parser made of the first bytes tells nobody what to do.
    if let Some(mismatch) = TlsMismatch::behind(error) {
        return mismatch.to_string();
    }
    if let Some(mismatch) = ProxyMismatch::behind(error) {
        return mismatch.to_string();
    }
    if let Some(words) = of_tls(error) {
        return words;
    }
    // hyper's own first words, "client error", tell nobody anything.
    let is_empty_word = error.is::<legacy::Error>();
    let first = if is_empty_word { error.source().unwrap_or(error) } else { error };
    let mut text = first.to_string();
    let mut source = first.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

/// rustls speaks of certificates and of TLS in the names of its types.
fn of_tls(error: &(dyn Error + 'static)) -> Option<String> {
    #[cfg(feature = "tls")]
    if let Some(certificate) =
        causes(error).find_map(|error| error.downcast_ref::<ProxyCertificate>())
    {
        return Some(certificate.to_string());
    }
    let problem = CertificateProblem::behind(error).map(|problem| problem.to_string());
    #[cfg(feature = "tls")]
    let problem = problem.or_else(|| tls_in_words(error));
    problem
}

/// `error` and all that is behind it.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| {
        // An error of I/O passes over the one that it was made of.
        let inner = error.downcast_ref().and_then(io::Error::get_ref);
        inner.map(|inner| inner as _).or_else(|| error.source())
    })
}
