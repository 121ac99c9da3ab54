use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use argon2::{Block, Error};

/// The memory that hashes are computed in. It is kept for the next ones: there is as much of it as was in use
/// at once.
///
/// Given back each time it would grow. For a hash the C library of Linux takes a piece of megabytes from the
/// part of the heap that belongs to the thread, and seldom finds the one that was freed before: a server whose
/// passwords were guessed, two at a time, grew by 860 MB (2026-11-27).
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    /// Lends `count` blocks to `work`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if the system has no more of them.
    pub(super) fn lend<T>(
        &self,
        count: usize,
        work: impl FnOnce(&mut [Block]) -> T,
    ) -> Result<T, Error> {
        let mut blocks = self.kept().pop().unwrap_or_default();
        if blocks.len() < count {
            // What is too short is given back before more is taken.
            blocks = Vec::new();
            blocks.try_reserve_exact(count).map_err(|_| Error::OutOfMemory)?;
            blocks.resize(count, Block::new());
        }
        let done = work(&mut blocks[..count]);
        self.kept().push(blocks);
        Ok(done)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows nothing of what was computed.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_is_lent_again_and_grows_where_more_is_needed() {
        let memory = Memory::default();
        let lend = |count| memory.lend(count, |blocks| (blocks.len(), blocks.as_ptr().addr()));

        let [first, less] = [lend(8), lend(5)].map(Result::unwrap);
        assert_eq!((first.0, less), (8, (5, first.1)));
        assert_eq!(lend(16).unwrap().0, 16);
        assert_eq!(memory.kept().len(), 1);
    }

    #[test]
    fn those_at_once_have_memory_of_their_own_which_all_is_kept() {
        let memory = Memory::default();

        let both = memory.lend(2, |one| memory.lend(2, |other| one.as_ptr() != other.as_ptr()));

        assert_eq!(both, Ok(Ok(true)));
        assert_eq!(memory.kept().len(), 2);
    }

    #[test]
    fn what_there_is_no_memory_for_is_an_error() {
        let memory = Memory::default();

        assert_eq!(memory.lend(usize::MAX / Block::SIZE, |_| ()), Err(Error::OutOfMemory));
        assert!(memory.lend(1, |_| ()).is_ok());
    }
}
