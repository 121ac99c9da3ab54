use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableError,
    TableHandle, backends::FileBackend,
};

use crate::{
    StoreConfig,
    chunk::Chunk,
    clock,
    database::{self, DbError, EPOCH, FORMAT, META, RECORDS, Source},
    disk::{Disk, Watch},
    index::Index,
    record::Record,
    shared::shed,
};

/// Why a store could not be opened. No history in the directory was changed, unless the disk itself failed.
///
/// ```
/// use sse_redb::{OpenError, Store, StoreConfig};
///
/// # let dir = tempfile::tempdir()?;
/// let _first = Store::open(StoreConfig::new(dir.path()))?;
/// let second = Store::open(StoreConfig::new(dir.path()));
/// assert!(matches!(second, Err(OpenError::InUse { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path leads to something else.
    #[error("{} is not a directory; name another one", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// There is nothing to check or to compact.
    #[error("there is no history in {}", .path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The user of the process may not use it.
    #[error("no right to use {}; give it to the user that the server runs as, or name another directory", .path.display())]
    Denied {
        /// What was to be used.
        path: PathBuf,
    },
    /// The disk.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Another process has the store open.
    #[error("the history in {} is in use by another process; end it first, or name another directory", .path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The file was written by another version.
    #[error(
        "{} has version {found} of the format, and version {expected} is understood; start the release of eventsource-server that wrote it on this directory, or name another one", .path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The version that is understood.
        expected: u64,
    },
    /// The file is not a history.
    #[error("{} is not a history: {message}; move it away, or name another directory", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, or is not.
        message: String,
    },
    /// Parts of the file are not what was written.
    #[error("{} is damaged: {message}; nothing was changed. Check it to see what is lost, then salvage it or restore a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// What was found in a file.
pub(crate) struct Found {
    pub(crate) database: Database,
    pub(crate) disk: Disk,
    pub(crate) index: Index,
    pub(crate) last_epoch: u64,
    pub(crate) last_key: Option<u64>,
    /// The keys of the records that cannot be read.
    pub(crate) broken: Vec<u64>,
    /// What is wrong with the file as a whole.
    pub(crate) damage: Option<String>,
}

/// Makes a file with nothing in it.
pub(crate) fn create(path: &Path, last_epoch: u64) -> Result<Database, DbError> {
    let file = open_file(OpenOptions::new().create_new(true), path).map_err(DbError::Io)?;
    let database = Database::builder().create_with_backend(FileBackend::new(file)?)?;
    describe(&database, last_epoch)?;
    Ok(database)
}

/// Writes what the file is.
pub(crate) fn describe(database: &Database, last_epoch: u64) -> Result<(), DbError> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(FORMAT, VERSION)?;
        meta.insert(EPOCH, last_epoch)?;
        transaction.open_table(RECORDS)?;
    }
    Ok(transaction.commit()?)
}

/// Where the file at `path` is opened from, which must be one.
pub(crate) fn source(path: &Path) -> Result<Source, OpenError> {
    let mut start = Vec::new();
    let file = open_file(&mut OpenOptions::new(), path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path: path.into() },
        _ => io_error(path)(source),
    })?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(io_error(path))?;
    if start.is_empty() {
        return Err(OpenError::Damaged { path: path.into(), message: "it is empty".into() });
    }
    if start != MAGIC {
        let message = "it does not begin as one".into();
        return Err(OpenError::Foreign { path: path.into(), message });
    }
    let path = path.to_owned();
    Ok(Arc::new(move || {
        let file = open_file(&mut OpenOptions::new(), &path)?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }))
}

/// Opens a database, reads all of it, and changes nothing.
pub(crate) fn read(
    config: &StoreConfig,
    path: &Path,
    source: &Source,
    watch: &Arc<Watch>,
) -> Result<Found, OpenError> {
    read_with(config, path, source, watch, None)
}

/// Opens a database that may be damaged, and reads what can be read.
pub(crate) fn read_damaged(config: &StoreConfig, path: &Path) -> Result<Found, OpenError> {
    let source = source(path)?;
    let watch = || Arc::new(Watch::default());
    match read_with(config, path, &source, &watch(), None) {
        Err(OpenError::Damaged { message, .. }) => {
            read_with(config, path, &source, &watch(), Some(message))
        }
        read => read,
    }
}

fn read_with(
    config: &StoreConfig,
    path: &Path,
    source: &Source,
    watch: &Arc<Watch>,
    damage: Option<String>,
) -> Result<Found, OpenError> {
    // A page that is not what redb has written can make it panic.
    catch_unwind(AssertUnwindSafe(|| {
        let (database, disk) = database::open(source, watch, config.cache_bytes, damage.is_some())
            .map_err(|error| open_error(path, error))?;
        let last_epoch = check_format(&database, path)?;
        let mut found = Found {
            database,
            disk,
            index: Index::new(config.limits.clone()),
            last_epoch,
            last_key: None,
            broken: Vec::new(),
            damage,
        };
        match found.scan(config.max_index_bytes) {
            Err(error) if found.damage.is_none() => Err(open_error(path, error)),
            _ => Ok(found),
        }
    }))
    .unwrap_or_else(|_| {
        let message = "its pages do not fit together".into();
        Err(OpenError::Damaged { path: path.into(), message })
    })
}

impl Found {
    fn scan(&mut self, max_index_bytes: usize) -> Result<(), DbError> {
        let table = match self.database.begin_read()?.open_table(RECORDS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            table => table?,
        };
        let (now, mut shed_from) = (clock::now(), 0);
        for chunk in table.iter()? {
            let (first, chunk) = chunk?;
            let (mut key, first) = (first.value(), first.value());
            for record in Chunk::new(first, chunk.value()) {
                match record.and_then(|(at, bytes)| {
                    key = at;
                    Ok((bytes.len(), Record::decode(at, bytes)?))
                }) {
                    Ok((len, record)) => self.index.read(key, len, record, now),
                    Err(_) => self.broken.push(key),
                }
            }
            self.last_key = Some(key);
            if max_index_bytes < self.index.cost() && shed_from < key {
                let index = &mut self.index;
                shed(&self.database, &mut shed_from, |token, key| {
                    index.evict(token, key);
                    max_index_bytes / 16 * 15 < index.cost()
                })?;
            }
        }
        Ok(())
    }

    /// That all of it can be read.
    pub(crate) fn whole(self, path: &Path) -> Result<Self, OpenError> {
        let message = match (&self.damage, self.broken.len()) {
            (None, 0) => return Ok(self),
            (Some(message), _) => message.clone(),
            (None, broken) => format!("{broken} of its records cannot be read"),
        };
        Err(OpenError::Damaged { path: path.into(), message })
    }
}

/// The last epoch, if the file is one of ours or new.
fn check_format(database: &Database, path: &Path) -> Result<u64, OpenError> {
    let foreign = || OpenError::Foreign {
        path: path.into(),
        message: "it is a database of another program".into(),
    };
    let read = || -> Result<Option<(u64, u64)>, DbError> {
        let transaction = database.begin_read()?;
        let meta = match transaction.open_table(META) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            meta => meta?,
        };
        let number = |name| Ok::<_, DbError>(meta.get(name)?.map_or(0, |number| number.value()));
        Ok(Some((number(FORMAT)?, number(EPOCH)?)))
    };
    match read() {
        Ok(Some((VERSION, last_epoch))) => Ok(last_epoch),
        Ok(Some((found, _))) => {
            Err(OpenError::Version { path: path.into(), found, expected: VERSION })
        }
        Ok(None) => {
            let is_new = || -> Result<bool, DbError> {
                let transaction = database.begin_read()?;
                let mut tables = transaction.list_tables()?;
                Ok(tables.all(|table| table.name() == META.name()))
            };
            if is_new().map_err(|error| open_error(path, error))? { Ok(0) } else { Err(foreign()) }
        }
        Err(DbError::Table(TableError::Storage(error))) => Err(open_error(path, error.into())),
        Err(DbError::Table(_)) => Err(foreign()),
        Err(error) => Err(open_error(path, error)),
    }
}

/// What the database's error means for who opens it.
pub(crate) fn open_error(path: &Path, error: DbError) -> OpenError {
    let path = path.to_owned();
    let error = match error {
        DbError::Io(source) | DbError::Storage(StorageError::Io(source)) => {
            DatabaseError::Storage(StorageError::Io(source))
        }
        DbError::Database(error) => error,
        error => return OpenError::Damaged { path, message: error.to_string() },
    };
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse { path }
        }
        DatabaseError::UpgradeRequired(found) => OpenError::Foreign {
            path,
            message: format!("version {found} of redb's format is too old"),
        },
        DatabaseError::Storage(StorageError::Io(source)) => match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                OpenError::Damaged { path, message: source.to_string() }
            }
            _ => io_error(&path)(source),
        },
        error => OpenError::Damaged { path, message: error.to_string() },
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::PermissionDenied => OpenError::Denied { path },
        _ => OpenError::Io { path, source },
    }
}

/// Opens a file that only its owner may read.
pub(crate) fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.read(true).write(true).open(path)
}

/// The version of the format: of the keys and values of the tables, not of redb's pages.
pub(crate) const VERSION: u64 = 2;
/// What every file of redb begins with.
const MAGIC: [u8; 9] = [b'r', b'e', b'd', b'b', 0x1A, 0x0A, 0xA9, 0x0D, 0x0A];
