use std::time::Duration;

use serde::Serialize;

/// How long something took, each time that it was done.
#[derive(Clone, Debug)]
pub(super) struct Histogram(hdrhistogram::Histogram<u32>);

impl Histogram {
    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(HIGHEST));
    }

    pub(super) fn quantiles(&self) -> Latency {
        let millis = |quantile| self.0.value_at_quantile(quantile) as f64 / 1e6;
        Latency {
            p50: millis(0.5),
            p90: millis(0.9),
            p99: millis(0.99),
            p999: millis(0.999),
            max: self.0.max() as f64 / 1e6,
        }
    }
}

impl Default for Histogram {
    fn default() -> Self {
        let bounds = hdrhistogram::Histogram::new_with_bounds(1_000, HIGHEST, 3);
        Self(bounds.expect("the bounds are apart"))
    }
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

impl Latency {
    /// Each figure with its name.
    pub(super) fn rows(&self) -> [(&'static str, f64); 5] {
        let Self { p50, p90, p99, p999, max } = *self;
        [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)]
    }
}

/// Ten minutes, in nanoseconds.
const HIGHEST: u64 = 600_000_000_000;
