use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    hash::{BuildHasher, RandomState},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The files that options name, as they were when they were read.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<(&'static str, PathBuf), Contents>);

#[derive(Debug)]
struct Contents {
    /// Not the contents themselves: most of them are secrets.
    digest: u64,
    /// Taken before they were read, so that what is written meanwhile has another one.
    stamp: Stamp,
}

impl Files {
    /// The contents of `file`, which `option` names.
    pub(super) fn read(&mut self, option: &'static str, file: &Path) -> Result<Vec<u8>, ReadError> {
        let unread = |source| ReadError { file: file.into(), source };
        let mut opened = File::open(file).map_err(unread)?;
        let stamp = Stamp::from(&opened.metadata().map_err(unread)?);
        let mut bytes = Vec::new();
        opened.read_to_end(&mut bytes).map_err(unread)?;
        let digest = DIGEST.hash_one(&bytes);
        self.0.insert((option, file.to_owned()), Contents { digest, stamp });
        Ok(bytes)
    }

    /// Those of which `earlier` has other contents, with their options.
    pub(super) fn changed(&self, earlier: &Self) -> impl Iterator<Item = (&'static str, &Path)> {
        let has_changed = |named: &&(&'static str, PathBuf)| {
            earlier.0.get(*named).is_some_and(|before| before.digest != self.0[*named].digest)
        };
        self.0.keys().filter(has_changed).map(|(option, file)| (*option, &**file))
    }

    /// How `file` looked when it was read.
    pub(super) fn stamp(&self, option: &'static str, file: &Path) -> Option<Stamp> {
        self.0.get(&(option, file.to_owned())).map(|contents| contents.stamp)
    }
}

/// What a file system says about a file, which is something else once the file has changed or another has taken
/// its place, also behind a symbolic link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    /// Also changes where a program sets the time of the modification back.
    changed: (i64, i64),
}

impl Stamp {
    /// `None` while there is no such file.
    pub(super) fn of(file: &Path) -> Option<Self> {
        file.metadata().ok().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Whether `file` is a pipe, whose contents can be read once.
pub(super) fn is_pipe(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", file.display())]
pub(super) struct ReadError {
    file: Box<Path>,
    source: io::Error,
}

/// Digests are compared within this process alone.
static DIGEST: LazyLock<RandomState> = LazyLock::new(RandomState::new);
