//! Where the server listens, and where the other commands look for it, unless they are told otherwise.

pub(crate) const HOST: &str = "127.0.0.1";
pub(crate) const PORT: u16 = 8888;

/// The address of `path` there.
pub(crate) fn url(path: &str) -> String {
    format!("http://{HOST}:{PORT}{path}")
}
