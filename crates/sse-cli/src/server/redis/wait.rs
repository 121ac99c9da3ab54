use std::time::Duration;

use tokio::{
    pin, select,
    signal::unix::SignalKind,
    time::{Instant, interval_at, timeout},
};

use super::{Redis, Trouble};
use crate::{exit::Failure, server::readiness, signals::Signals};

impl Redis {
    /// Waits until Redis can be used for the first time, however long that takes. False if a signal ends the server
    /// before, which SIGHUP does unless the server `reloads` at it.
    pub(in crate::server) async fn wait(
        &self,
        signals: &mut Signals,
        reloads: bool,
        admin: Option<&str>,
    ) -> Result<bool, Failure> {
        let ready = self.store.ready();
        pin!(ready);
        // As a rule it is there.
        if let Ok(known) = timeout(SOON, &mut ready).await {
            return known.map(|()| true).map_err(failed);
        }
        let why = self.trouble().map(|trouble| trouble.to_string());
        tracing::warn!(why, admin, "the server serves once Redis can be used");
        let mut tells = interval_at(Instant::now(), BETWEEN_TELLS);
        loop {
            select! {
                known = &mut ready => return known.map(|()| true).map_err(failed),
                signal = signals.next() => match reloads && signal == SignalKind::hangup() {
                    true => tracing::info!("the server does not serve yet, so nothing is read again"),
                    false => return Ok(false),
                },
                _ = tells.tick() => readiness::waiting(2 * BETWEEN_TELLS),
            }
        }
    }
}

fn failed(error: sse_redis::StartError) -> Failure {
    Failure::failed(Trouble::Failed(error))
}

const SOON: Duration = Duration::from_millis(300);

const BETWEEN_TELLS: Duration = Duration::from_secs(10);
