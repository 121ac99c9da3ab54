use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

/// The bytes that `typed` stands for: those of standard input for `-` and `@-`, of a file for `@FILE`.
pub(crate) fn read(typed: String) -> Result<Vec<u8>, ReadError> {
    if typed == "-" {
        return stdin();
    }
    match typed.strip_prefix('@') {
        Some(file) => read_file(Path::new(file)),
        None => Ok(typed.into_bytes()),
    }
}

/// The bytes of `file`, or those of standard input if it is called `-`.
pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, ReadError> {
    if is_stdin(file) {
        return stdin();
    }
    fs::read(file).map_err(|source| ReadError::File { file: file.to_owned(), source })
}

/// How a message calls what [`read_file`] reads.
pub(crate) fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "standard input".to_owned(),
        false => file.display().to_string(),
    }
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Reads standard input to its end, once: behind its end there is nothing for another option.
fn stdin() -> Result<Vec<u8>, ReadError> {
    static IS_READ: AtomicBool = AtomicBool::new(false);
    if IS_READ.swap(true, SeqCst) {
        return Err(ReadError::Twice);
    }
    let mut data = Vec::new();
    io::stdin().lock().read_to_end(&mut data).map_err(ReadError::Stdin)?;
    Ok(data)
}

/// Why the data cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot read standard input")]
    Stdin(#[source] io::Error),
    #[error("standard input has been read for something else already")]
    Twice,
    #[error("cannot read {}", file.display())]
    File { file: PathBuf, source: io::Error },
}
