use std::{mem::replace, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{Data, Trouble};
use crate::server::admin::Seen;

impl Data {
    /// Logs what becomes of the store, and has the server end its streams once nothing is stored any more.
    pub(in crate::server) async fn guard(self: Arc<Self>, seen: Seen) {
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = Known::default();
        loop {
            looks.tick().await;
            self.look(&mut known);
            // While the server starts there is nothing to end yet.
            if known.has_failed && seen.end_after_failure() {
                return;
            }
        }
    }

    fn look(&self, known: &mut Known) {
        let trouble = self.trouble();
        let is_full = matches!(trouble, Some(Trouble::Full { .. }));
        match trouble {
            Some(Trouble::Failed(failure)) => {
                if !replace(&mut known.has_failed, true) {
                    tracing::error!("{failure}; the server ends");
                }
                return;
            }
            Some(full @ Trouble::Full { .. }) if !known.is_full => {
                tracing::error!("nothing is stored: {full}");
            }
            _ if known.is_full && !is_full => tracing::info!("histories are stored again"),
            _ => {}
        }
        known.is_full = is_full;
        let counts = self.counts();
        if replace(&mut known.damaged, counts.damaged) < counts.damaged {
            tracing::error!(
                records = counts.damaged,
                "events cannot be read from disk, and listeners are told of a gap"
            );
        }
        if replace(&mut known.lost, counts.lost) < counts.lost {
            tracing::error!(
                events = counts.lost,
                "events that were delivered are not on disk (--durability relaxed)"
            );
        }
    }
}

/// What was logged already.
#[derive(Debug, Default)]
struct Known {
    is_full: bool,
    has_failed: bool,
    damaged: u64,
    lost: u64,
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
