use std::time::{Duration, UNIX_EPOCH};

/// `moment` as a date, in UTC; `None` beyond the year 9999.
pub(super) fn date(moment: Duration) -> Option<String> {
    let is_shown = moment.as_secs() < YEAR_10_000;
    is_shown.then(|| httpdate::fmt_http_date(UNIX_EPOCH + moment))
}

const YEAR_10_000: u64 = 253_402_300_800;
