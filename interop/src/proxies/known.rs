use crate::table::Known;

/// Deviations that lie with the proxy.
pub(crate) const KNOWN: &[Known] = &[];
