use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A file that only its owner can read and write.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    may_replace: bool,
}

impl SecretFile {
    /// The file `path`, which may be there already if it `may_replace` that.
    pub(super) fn new(path: PathBuf, may_replace: bool) -> Result<Self, SecretFileError> {
        match fs::symlink_metadata(&path) {
            // A device must not be replaced by a file, nor what a link leads to be left as it was.
            Ok(metadata) if !metadata.is_file() => Err(SecretFileError::Kind { path }),
            _ if path.file_name().is_none() => Err(SecretFileError::Kind { path }),
            _ => Ok(Self { path, may_replace }),
        }
    }

    /// Writes it. What is replaced is so in one step.
    pub(super) fn write(self, contents: &[u8]) -> Result<(), SecretFileError> {
        let path = self.path;
        let written = match self.may_replace {
            true => replace(&path, contents),
            false => create(&path, contents),
        };
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SecretFileError::Exists { path },
            _ => SecretFileError::Write { path, source },
        })
    }
}

fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(".new");
    let new = path.with_file_name(name);
    // A run that was killed may have left one.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => create(&new, contents)?,
    }
    fs::rename(&new, path).inspect_err(|_| drop(fs::remove_file(&new)))
}

fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Why a secret is not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretFileError {
    #[error("--out: {} exists already, and is overwritten only with --force", path.display())]
    Exists { path: PathBuf },
    #[error("--out: {} is no regular file", path.display())]
    Kind { path: PathBuf },
    #[error("--out: cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}
