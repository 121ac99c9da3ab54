use sse_core::history::GapReason;

use super::place::Place;

/// What a client was told in `event: sse.gap`.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) reason: GapReason,
    pub(super) requested: Option<String>,
    pub(super) missed: Option<u64>,
    /// The place before what follows.
    pub(super) anchor: Place,
}

impl Told {
    /// Reads the data of the event.
    pub(super) fn parse(data: &str, anchor: Place) -> Option<Self> {
        let told: Data<'_> = serde_json::from_str(data).ok()?;
        let reasons = [GapReason::Trimmed, GapReason::Diverged, GapReason::Unknown];
        let reason = reasons.into_iter().find(|reason| reason.as_str() == told.reason)?;
        Some(Self { reason, requested: told.requested, missed: told.missed, anchor })
    }
}

#[derive(serde::Deserialize)]
struct Data<'a> {
    reason: &'a str,
    requested: Option<String>,
    missed: Option<u64>,
}
