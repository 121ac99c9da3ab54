use std::{fmt, panic, path::Path};

use sse_redb::OpenError;

/// Why the directory of `--data-dir` cannot be used, with the options that help.
#[derive(Debug)]
pub(super) struct Problem(pub(super) OpenError);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("--data-dir: ")?;
        match &self.0 {
            OpenError::Damaged { path, message } => {
                let file = path.display();
                let dir = path.parent().unwrap_or_else(|| Path::new(".")).display();
                write!(
                    f,
                    "{file} is damaged: {message}; nothing was changed. `eventsource-server --data-dir {dir} \
                     --check` says what can be read, and --salvage in its place makes a new file of that; or put a \
                     backup in the place of the file"
                )
            }
            error => error.fmt(f),
        }
    }
}

impl std::error::Error for Problem {}

/// Calls `read` without the words of panics: where a file is damaged, its reader may panic, and says so in its error.
pub(super) fn without_panics<T>(read: impl FnOnce() -> T) -> T {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = read();
    panic::set_hook(hook);
    outcome
}
