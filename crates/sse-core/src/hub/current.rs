use super::sync::{Arc, PoisonError, RwLock};

/// A value that can be replaced while others read it: those who have taken the old one keep it.
#[derive(Debug)]
pub(crate) struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    pub(crate) fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value by what `make` makes of it. Calls take turns, so that none undoes another.
    pub(crate) fn replace(&self, make: impl FnOnce(&T) -> T) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let made = Arc::new(make(&current));
        let old = std::mem::replace(&mut *current, made);
        drop(current);
        // Its end may run code of the user, which may ask for the value.
        drop(old);
    }
}
