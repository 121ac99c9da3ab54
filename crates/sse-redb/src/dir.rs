use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{
    OpenError, clock,
    open::{create, io_error, open_error, open_file},
};

/// A directory that no other process uses.
#[derive(Debug)]
pub(crate) struct Dir {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl Dir {
    /// Makes the directory if need be, and locks it.
    pub(crate) fn make(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            make_private(path).map_err(io_error(path))?;
        }
        Self::lock(path)
    }

    /// Locks a directory that is there.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing { path: path.into() },
            _ => io_error(path)(source),
        })?;
        if !metadata.is_dir() {
            return Err(OpenError::NotADirectory { path: path.into() });
        }
        let lock = path.join("lock");
        let file = open_file(OpenOptions::new().create(true), &lock).map_err(io_error(&lock))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.into(), _lock: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.into() }),
            Err(TryLockError::Error(source)) => Err(io_error(&lock)(source)),
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// The file, which is made whole beside its place, so that a crash leaves none in parts.
    pub(crate) fn make_file(&self) -> Result<(), OpenError> {
        let file = self.file();
        if file.exists() {
            return Ok(());
        }
        let new = self.path.join(NEW_FILE);
        remove(&new).map_err(io_error(&new))?;
        let made = create(&new, clock::minter(0).last());
        made.map_err(|error| open_error(&new, error))?;
        self.put_in_place(&new)
    }

    /// Gives `new`, which is synced, the place of the file.
    pub(crate) fn put_in_place(&self, new: &Path) -> Result<(), OpenError> {
        let file = self.file();
        fs::rename(new, &file).and_then(|()| sync_dir(&self.path)).map_err(io_error(&file))
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

const FILE: &str = "history.redb";
pub(crate) const NEW_FILE: &str = "history.redb.new";
