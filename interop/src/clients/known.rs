use crate::table::Known;

/// Deviations that lie with the client: where the standard, or its own promise, has it otherwise.
pub(crate) const KNOWN: &[Known] = &[];
