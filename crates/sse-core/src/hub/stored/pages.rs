use crate::{
    channel::Output,
    hub::{Hub, Wakers, cell::Cell, sync::Arc},
    store::Done,
};

/// What listeners read from the store that stand before the log of their channel.
impl Hub {
    /// Asks the store for what `cell` needs: pages for its listeners, and whether there is more.
    pub(in crate::hub) fn ask_store(&self, cell: &Arc<Cell>) {
        let Some(store) = self.config().store() else {
            return;
        };
        let (pages, has_to_refresh) = cell.take_to_ask();
        if has_to_refresh {
            self.refresh(cell.token());
        }
        for after in pages {
            let (hub, weak) = (self.me.clone(), Arc::downgrade(cell));
            let done = Done::new(move |page: Result<_, _>, _now| {
                let (Some(hub), Some(cell)) = (hub.upgrade(), weak.upgrade()) else {
                    return;
                };
                let effects = cell.handle_page(after, page.ok());
                hub.follow(&cell, effects);
                hub.shared.watchers.wake();
                Wakers::one(cell, effects.tickets).wake();
            });
            store.page(cell.token(), after, MAX_PAGE, done);
        }
    }
}

/// How long a page is, about, in bytes: several writes, so that it is not asked for each of them.
const MAX_PAGE: usize = 8 * Output::MAX_WRITE;
