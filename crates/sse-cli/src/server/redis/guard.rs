use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{Redis, Trouble};
use crate::server::admin::Seen;

impl Redis {
    /// Has the server end its streams once Redis cannot be used any more. That it is away is no reason, and the store
    /// itself logs it.
    pub(in crate::server) async fn guard(self: Arc<Self>, seen: Seen) {
        let mut status = self.store.status();
        let failure = loop {
            if let Some(failed @ Trouble::Failed(_)) = Trouble::of(status.clone()) {
                break failed;
            }
            status = self.store.changed_from(&status).await;
        };
        // While the server starts there is nothing to end yet.
        while !seen.end_after_failure() {
            sleep(BETWEEN_TRIES).await;
        }
        tracing::error!("{failure}; the server ends");
    }
}

const BETWEEN_TRIES: Duration = Duration::from_millis(200);
