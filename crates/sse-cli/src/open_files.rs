/// Each listener holds a file open, and the usual soft limit is 1024. Returns how many there may be.
pub(crate) fn raise_limit() -> u64 {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            tracing::debug!(limit, "open files");
            limit
        }
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            USUAL
        }
    }
}

const USUAL: u64 = 1024;
