//! Rates, failures and places against a model that forgets nothing.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*};
use sse_access::limits::Limits;
use sse_core::access::Seat;

use super::support::{client, listen, parts, publish};

const RATE: u64 = 3;
const FAILURES: usize = 4;
const LISTENERS: usize = 3;
const ADDRESSES: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Publish(usize),
    Fail(usize),
    Listen(usize),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..4_000_u64).prop_map(Step::Wait),
        1 => (10_000..70_000_u64).prop_map(Step::Wait),
        12 => (0..ADDRESSES).prop_map(Step::Publish),
        6 => (0..ADDRESSES).prop_map(Step::Fail),
        6 => (0..ADDRESSES).prop_map(Step::Listen),
        4 => (0..usize::MAX).prop_map(Step::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_address_is_held_to_what_the_model_says(steps in vec(step(), 1..300)) {
        let limits = Limits::new()
            .with_publish_rate(RATE as u32)
            .with_max_auth_failures(FAILURES as u32)
            .with_max_listeners_per_address(LISTENERS as u32);
        let (start, mut millis) = (Instant::now(), 0);
        let mut models: HashMap<usize, Model> = HashMap::new();
        let mut seats: Vec<(usize, Seat)> = Vec::new();
        for step in steps {
            let now = start + Duration::from_millis(millis);
            match step {
                Step::Wait(more) => millis += more,
                Step::Publish(address) => {
                    let expected = models.entry(address).or_default().publish(millis);
                    prop_assert_eq!(publish(&limits, &ip(address), now).is_ok(), expected);
                }
                Step::Fail(address) => {
                    let client = client(&limits, &ip(address));
                    let expected = models.entry(address).or_default().fail(millis);
                    prop_assert_eq!(limits.check_failures(client, now), expected);
                    if expected.is_ok() {
                        limits.count_failure(client, now);
                    }
                }
                Step::Listen(address) => {
                    let held = seats.iter().filter(|(of, _)| *of == address).count();
                    let seat = listen(&limits, &parts(&ip(address), &[]), None);
                    prop_assert_eq!(seat.is_ok(), held < LISTENERS);
                    seats.extend(seat.ok().map(|seat| (address, seat)));
                }
                Step::Leave(at) => if !seats.is_empty() {
                    seats.swap_remove(at % seats.len());
                },
            }
            prop_assert_eq!(limits.counts().listeners, seats.len());
        }
    }
}

fn ip(address: usize) -> String {
    ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"][address].to_owned()
}

/// One address.
#[derive(Default)]
struct Model {
    /// Thousandths of what is missing of a full bucket.
    missing: u64,
    looked_at: u64,
    /// When the minute began, and when each failure of it was.
    failures: Vec<u64>,
}

impl Model {
    fn publish(&mut self, millis: u64) -> bool {
        let filled = (millis - self.looked_at) * RATE;
        (self.missing, self.looked_at) = (self.missing.saturating_sub(filled), millis);
        let has_room = self.missing + 1_000 <= RATE * 10 * 1_000;
        self.missing += if has_room { 1_000 } else { 0 };
        has_room
    }

    fn fail(&mut self, millis: u64) -> Result<(), Duration> {
        if self.failures.first().is_some_and(|first| first + 60_000 <= millis) {
            self.failures.clear();
        }
        if self.failures.len() < FAILURES {
            self.failures.push(millis);
            return Ok(());
        }
        Err(Duration::from_millis(self.failures[0] + 60_000 - millis))
    }
}
