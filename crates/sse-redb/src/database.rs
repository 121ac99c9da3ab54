use std::{io, sync::Arc};

use redb::{Database, ReadableDatabase, StorageBackend, TableDefinition};

use crate::{
    chunk::Chunk,
    disk::{Disk, Watch},
};

/// Opens what a database lies on; also again, after a failure.
pub(crate) type Source = Arc<dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync>;

/// All records in the order in which they were stored, in [chunks](Chunk).
pub(crate) const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// What the file is: [`FORMAT`] and [`EPOCH`].
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// The name of the version of the format.
pub(crate) const FORMAT: &str = "format";
/// The name of the last number that epochs were made of.
pub(crate) const EPOCH: &str = "epoch";

/// Why the database did not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Database(#[from] redb::DatabaseError),
    #[error(transparent)]
    Transaction(Box<redb::TransactionError>),
    #[error(transparent)]
    Table(#[from] redb::TableError),
    #[error(transparent)]
    Storage(#[from] redb::StorageError),
    #[error(transparent)]
    Commit(#[from] redb::CommitError),
    #[error(transparent)]
    Cursor(#[from] redb::CursorError),
    #[error("the file could not be opened again")]
    Shut,
}

impl From<redb::TransactionError> for DbError {
    fn from(error: redb::TransactionError) -> Self {
        Self::Transaction(Box::new(error))
    }
}

/// Opens a database, with the checksums of all pages compared unless `is_lenient`; nothing is written before
/// [`Disk::perform`].
pub(crate) fn open(
    source: &Source,
    watch: &Arc<Watch>,
    cache_bytes: usize,
    is_lenient: bool,
) -> Result<(Database, Disk), DbError> {
    let disk = Disk::new(source().map_err(DbError::Io)?, watch.clone());
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes).set_check_integrity_on_open(!is_lenient);
    Ok((builder.create_with_backend(disk.clone())?, disk))
}

/// The key of the newest record.
pub(crate) fn last_key(database: &Database) -> Result<Option<u64>, DbError> {
    use redb::ReadableTable;

    let table = match database.begin_read()?.open_table(RECORDS) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        table => table?,
    };
    let last = table.last()?;
    let last = last.and_then(|(key, chunk)| {
        let records = Chunk::new(key.value(), chunk.value());
        records.map_while(Result::ok).last().map(|(key, _)| key)
    });
    Ok(last)
}
