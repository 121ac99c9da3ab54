use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

/// The bytes that `typed` stands for: those of standard input for `-`, of a file for `@FILE`.
pub(crate) fn read(typed: String) -> Result<Vec<u8>, ReadError> {
    if typed == "-" {
        let mut data = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut data);
        return read.map(|_len| data).map_err(ReadError::Stdin);
    }
    match typed.strip_prefix('@') {
        Some(file) => {
            fs::read(file).map_err(|source| ReadError::File { file: file.into(), source })
        }
        None => Ok(typed.into_bytes()),
    }
}

/// Why the data cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot read standard input")]
    Stdin(#[source] io::Error),
    #[error("cannot read {}", file.display())]
    File { file: PathBuf, source: io::Error },
}
