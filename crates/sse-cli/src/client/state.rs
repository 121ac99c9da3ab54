use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process,
};

use sse_core::EventId;

/// The last event ID in a file, for the next run.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// It is written here, and takes the place of the old one in one step.
    new: PathBuf,
    saved: Option<EventId>,
}

impl StateFile {
    /// The state that the run before has left in `path`, if there was one.
    pub(super) fn open(path: PathBuf) -> Result<Self, StateError> {
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let saved = match fs::read_to_string(&path) {
            Ok(text) => {
                let id = text.strip_suffix('\n').unwrap_or(&text);
                Some(EventId::new(id).map_err(|_| StateError::Id { path: path.clone() })?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && has_folder(&path) => None,
            Err(source) => return Err(StateError::Read { path, source }),
        };
        let mut new = path.file_name().map(OsString::from).unwrap_or_default();
        new.push(format!(".{}.new", process::id()));
        Ok(Self { new: path.with_file_name(new), path, saved })
    }

    pub(super) fn last_event_id(&self) -> Option<&EventId> {
        self.saved.as_ref()
    }

    /// Keeps `id` for the next run.
    pub(super) fn save(&mut self, id: &str) -> Result<(), StateError> {
        if self.saved.as_ref().is_some_and(|saved| saved.as_str() == id) {
            return Ok(());
        }
        fs::write(&self.new, format!("{id}\n"))
            .and_then(|()| fs::rename(&self.new, &self.path))
            .map_err(|source| StateError::Write { path: self.path.clone(), source })?;
        self.saved = EventId::new(id).ok();
        Ok(())
    }
}

fn has_folder(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new(".")).is_dir()
}

/// Why the state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum StateError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("there is no event ID in {}", path.display())]
    Id { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_there_in_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        for (before, id) in [(None, "7"), (Some("7"), " é "), (Some(" é "), ""), (Some(""), "8")]
        {
            let mut state = StateFile::open(path.clone()).unwrap();
            assert_eq!(state.last_event_id().map(EventId::as_str), before);

            state.save(id).unwrap();
            state.save(id).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_is_no_id_or_has_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::write(&path, "a\nb\n").unwrap();

        assert!(matches!(StateFile::open(path), Err(StateError::Id { .. })));
        let nowhere = folder.path().join("none/state");
        assert!(matches!(StateFile::open(nowhere), Err(StateError::Read { .. })));
    }
}
