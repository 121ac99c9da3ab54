use std::{
    fs::{self, File},
    io::{self, Read},
    sync::Arc,
};

use bytes::Bytes;
use sse_redb::CopyError;
use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use super::Data;

/// A copy of what was stored at one moment, whose room on the disk is free once this is dropped.
#[derive(Debug)]
pub(in crate::server) struct Copied {
    file: File,
    len: u64,
    _permit: OwnedSemaphorePermit,
}

impl Data {
    /// Makes a copy, while the store goes on.
    ///
    /// It lies in the data directory, where the server may write, and has no name there once it is whole: a copy that
    /// nobody fetches takes no room for long.
    pub(in crate::server) async fn copy(self: &Arc<Self>) -> Result<Copied, CopyFailed> {
        let permit = self.copier.clone().try_acquire_owned().map_err(|_| CopyFailed::Busy)?;
        let data = self.clone();
        let copied = spawn_blocking(move || data.copy_with(permit)).await;
        copied.unwrap_or_else(|panic| Err(io::Error::other(panic).into()))
    }

    fn copy_with(&self, permit: OwnedSemaphorePermit) -> Result<Copied, CopyFailed> {
        let path = self.dir.join(UNFINISHED);
        // A file here was left by a process that was killed while it copied.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => self.store.backup(&path)?,
        }
        let file = File::open(&path)?;
        fs::remove_file(&path)?;
        let len = file.metadata()?.len();
        Ok(Copied { file, len, _permit: permit })
    }
}

impl Copied {
    pub(in crate::server) fn len(&self) -> u64 {
        self.len
    }

    /// The next part of it; `None` at its end.
    pub(in crate::server) async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let read = spawn_blocking(move || {
            let mut part = vec![0; PART];
            let len = self.file.read(&mut part)?;
            part.truncate(len);
            Ok((0 < len).then(|| (part.into(), self)))
        });
        read.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum CopyFailed {
    #[error("another copy is being made or fetched; try again when it is done")]
    Busy,
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error("cannot copy the history: {0}")]
    Io(#[from] io::Error),
}

const UNFINISHED: &str = "backup.unfinished";

const PART: usize = 256 << 10;
