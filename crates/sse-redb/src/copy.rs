use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{ReadTransaction, ReadableDatabase, ReadableTable, TableError};

use crate::{
    OpenError, StoreConfig,
    chunk::{Chunk, Chunks},
    database::{DbError, EPOCH, META, RECORDS},
    dir::{self, Dir},
    disk::Watch,
    open::{self, Found},
    record::Record,
};

/// Why no copy was made.
///
/// ```
/// use sse_redb::{CopyError, Store, StoreConfig};
///
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path().join("data")))?;
/// store.backup(dir.path().join("copy"))?;
/// let again = store.backup(dir.path().join("copy"));
/// assert!(matches!(again, Err(CopyError::Exists { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// There is a file already, which was left alone.
    #[error("{} is there already; name another file", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is being opened anew after the disk was full; try again.
    #[error("the history cannot be read while its disk is full; try again later")]
    DiskFull,
    /// The copy could not be written, or the file not be read.
    #[error("cannot copy the history to {}: {message}", .path.display())]
    Failed {
        /// The copy.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// What making a file smaller did.
///
/// ```
/// use sse_redb::{Store, StoreConfig, compact};
///
/// # let dir = tempfile::tempdir()?;
/// drop(Store::open(StoreConfig::new(dir.path()))?);
/// let compacted = compact(&StoreConfig::new(dir.path()))?;
/// assert_eq!((compacted.records, compacted.lost), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Compacted {
    /// The length of the file before, in bytes.
    pub before: u64,
    /// The length of the file now, in bytes.
    pub after: u64,
    /// How many records it holds.
    pub records: u64,
    /// How many could not be read, and are not in it, as far as that is known.
    pub lost: u64,
}

/// Makes the file of a store that nobody has open as small as it can be: a file never shrinks by itself. The
/// new one is written beside it and takes its place when it is whole.
///
/// # Errors
///
/// [`OpenError`], also for a file that is damaged; nothing was changed then.
pub fn compact(config: &StoreConfig) -> Result<Compacted, OpenError> {
    let dir = Dir::lock(config.dir())?;
    let file = dir.file();
    let watch = Arc::new(Watch::default());
    let found = open::read(config, &file, &open::source(&file)?, &watch)?.whole(&file)?;
    rewrite(&dir, found, |_| Ok(()))
}

/// Makes a file of what can be read of a damaged one, which is kept as `history.redb.damaged`. What is lost is a
/// hole in the histories.
///
/// # Errors
///
/// [`OpenError`], also for a file of which nothing can be read; nothing was changed then.
pub fn salvage(config: &StoreConfig) -> Result<Compacted, OpenError> {
    let dir = Dir::lock(config.dir())?;
    let file = dir.file();
    let found = open::read_damaged(config, &file)?;
    rewrite(&dir, found, |file| {
        let kept = file.with_extension("redb.damaged");
        dir::remove(&kept)?;
        fs::hard_link(file, &kept)
    })
}

fn rewrite(
    dir: &Dir,
    found: Found,
    before_swap: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<Compacted, OpenError> {
    let (file, new) = (dir.file(), dir.path.join(dir::NEW_FILE));
    let length = |path: &Path| fs::metadata(path).map(|file| file.len());
    let before = length(&file).map_err(open::io_error(&file))?;
    dir::remove(&new).map_err(open::io_error(&new))?;
    let moment = found.database.begin_read().map_err(DbError::from);
    let is_lenient = found.damage.is_some();
    let copied = moment.and_then(|moment| copy(&moment, &new, is_lenient));
    let copied = copied.map_err(|error| open::open_error(&new, error));
    let records = copied.inspect_err(|_| dir::remove(&new).unwrap_or_default())?;
    before_swap(&file).map_err(open::io_error(&file))?;
    let lost = found.broken.len() as u64;
    drop(found);
    let after = length(&new).map_err(open::io_error(&new))?;
    dir.put_in_place(&new)?;
    Ok(Compacted { before, after, records, lost })
}

pub(crate) fn backup(moment: &ReadTransaction, path: &Path) -> Result<(), CopyError> {
    // Also a link that leads nowhere is there.
    if path.symlink_metadata().is_ok() {
        return Err(CopyError::Exists { path: path.into() });
    }
    let copied = copy(moment, path, false).map(|_| ());
    let synced = copied.and_then(|()| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        dir::sync_dir(parent.unwrap_or_else(|| Path::new("."))).map_err(DbError::Io)
    });
    synced.map_err(|error| {
        dir::remove(path).unwrap_or_default();
        CopyError::Failed { path: path.into(), message: error.to_string() }
    })
}

/// Copies the records that can be read. What lies behind a page that cannot be read is an error, or left out.
fn copy(from: &ReadTransaction, path: &Path, is_lenient: bool) -> Result<u64, DbError> {
    let last_epoch = match from.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => 0,
        meta => meta?.get(EPOCH)?.map_or(0, |number| number.value()),
    };
    let mut to = open::create(path, last_epoch)?;
    let records = match from.open_table(RECORDS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        records => records?,
    };
    let chunks = records.iter()?.take_while(|chunk| !is_lenient || chunk.is_ok());
    let (mut chunks, mut copied) = (chunks.peekable(), 0);
    while chunks.peek().is_some() {
        let mut packed = Chunks::default();
        while packed.len() < COPY_BYTES
            && let Some(chunk) = chunks.next()
        {
            let (key, chunk) = chunk?;
            for (key, record) in Chunk::new(key.value(), chunk.value()).map_while(Result::ok) {
                if Record::decode(key, record).is_ok() {
                    packed.push_encoded(key, record);
                    copied += 1;
                }
            }
        }
        let transaction = to.begin_write()?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for (key, chunk) in packed.new_ones() {
                table.insert(key, chunk)?;
            }
        }
        transaction.commit()?;
    }
    to.compact().map_err(|error| DbError::Io(io::Error::other(error)))?;
    to.close()?;
    Ok(copied)
}

/// How much is copied with one commit.
const COPY_BYTES: usize = 4 << 20;
