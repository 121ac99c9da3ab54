use std::fmt;

use crate::{
    contestant::Contestant::{self, Bare, Nchan, Reference},
    scenario::Scenario,
};

/// One line of the table.
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    pub scenario: Scenario,
    /// Where the figure stands in what the load prints, and what makes it one of `unit`.
    pub figure: &'static str,
    pub scale: f64,
    pub reach: &'static [Reach],
}

/// A line that must be reached.
pub struct Reach {
    /// Beside whom; none for a bound of the figure itself.
    pub beside: Option<Contestant>,
    bound: Bound,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// None: the ratio is told.
    Told,
}

impl Measure {
    /// With as many digits as it takes.
    pub fn shown(&self, figure: f64) -> String {
        match figure {
            figure if 1000.0 <= figure => format!("{figure:.0}"),
            figure if 10.0 <= figure => format!("{figure:.1}"),
            figure if 1.0 <= figure => format!("{figure:.2}"),
            figure => format!("{figure:.3}"),
        }
    }
}

impl Reach {
    pub fn is_reached(&self, figure: f64) -> bool {
        match self.bound {
            Bound::AtLeast(least) => least <= figure,
            Bound::AtMost(most) => figure <= most,
            Bound::Told => true,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bound {
            Bound::AtLeast(least) => write!(f, "≥ {least}")?,
            Bound::AtMost(most) => write!(f, "≤ {most}")?,
            Bound::Told => return f.write_str("told only"),
        }
        match self.beside {
            Some(beside) => write!(f, " × {}", beside.short()),
            None => Ok(()),
        }
    }
}

const fn at_most(bound: f64, beside: Contestant) -> Reach {
    Reach { beside: Some(beside), bound: Bound::AtMost(bound) }
}

const fn at_least(bound: f64, beside: Contestant) -> Reach {
    Reach { beside: Some(beside), bound: Bound::AtLeast(bound) }
}

const fn measure(
    name: &'static str,
    unit: &'static str,
    scenario: Scenario,
    figure: &'static str,
    reach: &'static [Reach],
) -> Measure {
    Measure { name, unit, scenario, figure, scale: 1.0, reach }
}

const A_DELIVERY: &str = "/server/cpu_us_per_delivery";

pub const MEASURES: [Measure; 11] = [
    measure(
        "1,000 listeners, 32 publishes in flight on one connection: server's CPU for a delivery",
        "µs",
        Scenario::Crowd,
        A_DELIVERY,
        &[at_most(0.023, Bare), at_most(0.33, Reference)],
    ),
    measure(
        "the same with 256 in flight",
        "µs",
        Scenario::DeepCrowd,
        A_DELIVERY,
        &[at_most(0.010, Bare), at_most(0.25, Reference)],
    ),
    measure(
        "the same with one in flight",
        "µs",
        Scenario::OneByOne,
        A_DELIVERY,
        &[at_most(0.12, Bare)],
    ),
    measure(
        "1,000 listeners, 100 events/s: server's CPU for a delivery",
        "µs",
        Scenario::Paced,
        A_DELIVERY,
        &[at_most(1.0, Bare), at_most(0.95, Reference)],
    ),
    measure(
        "the same: 99 of 100 are read within",
        "ms",
        Scenario::Paced,
        "/latency_ms/p99",
        &[Reach { beside: Some(Bare), bound: Bound::Told }, at_most(1.0, Nchan)],
    ),
    measure(
        "1,000 channels with one listener each, 32 in flight: server's CPU for a publish and its delivery",
        "µs",
        Scenario::Channels,
        "/server/cpu_us_per_publish",
        &[at_most(0.85, Bare), at_most(0.9, Reference)],
    ),
    measure(
        "10,000 listeners, 2 events/s: server's CPU for a delivery",
        "µs",
        Scenario::Many,
        A_DELIVERY,
        &[at_most(1.05, Bare)],
    ),
    Measure {
        name: "memory of an idle listener, of 10,000",
        unit: "B",
        scenario: Scenario::Many,
        figure: "/server/kib_per_idle_listener",
        scale: 1024.0,
        reach: &[Reach { beside: None, bound: Bound::AtMost(512.0) }],
    },
    measure(
        "listeners that connect and get their head",
        "a second",
        Scenario::Many,
        "/connects_per_second",
        &[at_least(0.9, Nchan)],
    ),
    measure(
        "the same",
        "a second of the server's CPU",
        Scenario::Many,
        "/server/connects_per_cpu_second",
        &[at_least(0.9, Nchan)],
    ),
    measure(
        "10,000 listeners with a keepalive each 15 s: server's CPU for a keepalive",
        "µs",
        Scenario::Silent,
        "/server/cpu_us_per_comment",
        &[at_most(1.1, Bare)],
    ),
];
