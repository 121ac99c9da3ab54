use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
};

use sse_core::event::EventId;

/// The last event ID in a file, for the next run.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// It is written here, and takes the place of the old one in one step. The name is always the
    /// same, so that a run that is killed leaves one at most, which the next replaces.
    new: PathBuf,
    saved: Option<EventId>,
}

impl StateFile {
    /// The state that the run before has left in `path`, if there was one.
    pub(super) fn open(path: PathBuf) -> Result<Self, StateError> {
        // What is no file could block, and must not be replaced by one.
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(StateError::Kind { path });
        }
        let path = without_links(path);
        let saved = match fs::read_to_string(&path) {
            Ok(text) => {
                let id = text.strip_suffix('\n').unwrap_or(&text);
                Some(EventId::new(id).map_err(|_| StateError::Id { path: path.clone() })?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(StateError::Read { path, source }),
        };
        let Some(name) = path.file_name().map(OsString::from) else {
            return Err(StateError::Kind { path });
        };
        let mut new = name.clone();
        new.push(".new");
        // Without a slash at the end, at which only a folder may take a place.
        let state = Self { new: path.with_file_name(new), path: path.with_file_name(name), saved };
        // Now and not after the first event, which would be handled for nothing.
        state.create().and_then(|_| fs::remove_file(&state.new)).map_err(|e| state.unwritten(e))?;
        Ok(state)
    }

    pub(super) fn last_event_id(&self) -> Option<&EventId> {
        self.saved.as_ref()
    }

    /// Keeps `id` for the next run.
    pub(super) fn save(&mut self, id: &str) -> Result<(), StateError> {
        // A run without a state begins with no ID.
        if self.saved.as_ref().map_or("", EventId::as_str) == id {
            return Ok(());
        }
        self.write(id).map_err(|source| self.unwritten(source))?;
        self.saved = EventId::new(id).ok();
        Ok(())
    }

    fn write(&self, id: &str) -> io::Result<()> {
        let mut file = self.create()?;
        if let Ok(old) = fs::metadata(&self.path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(format!("{id}\n").as_bytes())?;
        // A crash of the machine must not leave the name of the state to an empty file.
        file.sync_all()?;
        fs::rename(&self.new, &self.path)
    }

    fn create(&self) -> io::Result<File> {
        match fs::remove_file(&self.new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::create_new(&self.new),
        }
    }

    fn unwritten(&self, source: io::Error) -> StateError {
        StateError::Write { path: self.path.clone(), source }
    }
}

/// What a link leads to is replaced, not the link, and may be still to come.
fn without_links(mut path: PathBuf) -> PathBuf {
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.with_file_name("").join(target);
    }
    path
}

/// Why the state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum StateError {
    #[error("{} is no regular file", path.display())]
    Kind { path: PathBuf },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("there is no event ID in {}", path.display())]
    Id { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// As many as Linux follows.
const MAX_LINKS: u32 = 40;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

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
    fn what_is_no_id_or_no_file_or_has_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::write(&path, "a\nb\n").unwrap();

        assert!(matches!(StateFile::open(path), Err(StateError::Id { .. })));
        let nowhere = folder.path().join("none/state");
        assert!(matches!(StateFile::open(nowhere), Err(StateError::Write { .. })));
        for other in ["/dev/null", "/", "", ".."] {
            let opened = StateFile::open(other.into());
            assert!(matches!(opened, Err(StateError::Kind { .. })), "{other:?}");
        }
    }

    #[test]
    fn slash_at_the_end_of_what_is_not_there_yet_is_left_out() {
        let folder = tempfile::tempdir().unwrap();

        StateFile::open(folder.path().join("state/")).unwrap().save("7").unwrap();

        assert_eq!(fs::read_to_string(folder.path().join("state")).unwrap(), "7\n");
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_there_is_anything_to_write() {
        for path in ["/proc/state", "/proc/version"] {
            assert!(
                matches!(StateFile::open(path.into()), Err(StateError::Write { .. })),
                "{path}"
            );
        }
    }

    #[test]
    fn what_a_link_leads_to_is_written_also_if_it_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        symlink("real/state", at("second")).unwrap();
        symlink(at("second"), at("first")).unwrap();

        for id in ["7", "8"] {
            StateFile::open(at("first")).unwrap().save(id).unwrap();

            assert_eq!(fs::read_to_string(at("real/state")).unwrap(), format!("{id}\n"));
            assert!(at("first").is_symlink() && at("second").is_symlink());
        }
    }

    #[test]
    fn mode_stays_and_what_a_killed_run_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, left) = (folder.path().join("state"), folder.path().join("state.new"));
        for (number, mode) in [0o600, 0o640, 0o444].into_iter().enumerate() {
            fs::write(&left, "half").unwrap();
            StateFile::open(path.clone()).unwrap().save("first").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            fs::write(&left, "half").unwrap();
            let mut state = StateFile::open(path.clone()).unwrap();
            fs::write(&left, "half").unwrap();

            state.save(&number.to_string()).unwrap();

            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{number}\n"));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            assert!(!left.exists());
        }
    }
}
