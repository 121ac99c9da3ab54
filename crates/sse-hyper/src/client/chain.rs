use std::error::Error;

use hyper_util::client::legacy;

use super::{TlsMismatch, tls_mismatch::ProxyMismatch};

/// `error` with all that is behind it, without what repeats itself.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    // What a parser made of the first bytes tells nobody what to do.
    if let Some(mismatch) = TlsMismatch::behind(error) {
        return mismatch.to_string();
    }
    if let Some(mismatch) = ProxyMismatch::behind(error) {
        return mismatch.to_string();
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
