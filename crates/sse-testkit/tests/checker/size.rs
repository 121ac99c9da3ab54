use std::{fmt::Write, thread};

use sse_testkit::checker::{Checker, Rule, Summary};

use crate::support::{client, id, position, raw};

const EVENTS: usize = 2_000;
const CLIENTS: usize = 100;

#[test]
fn what_many_threads_record_is_all_there() {
    let checker = Checker::new();
    let mut stream = String::new();
    for event in 1..=EVENTS {
        write!(stream, "event: ping\ndata: {event}\nid: {}\n\n", id(&format!("{event}a"))).unwrap();
    }

    thread::scope(|scope| {
        for publisher in 0..4 {
            let checker = checker.clone();
            scope.spawn(move || {
                for event in (1..=EVENTS).filter(|event| event % 4 == publisher) {
                    let publication = checker.publish("a", "ping", &[event.to_string()]);
                    publication.acknowledge(position(&format!("{event}a")));
                }
            });
        }
        for reader in 0..4 {
            let (checker, stream) = (checker.clone(), &stream);
            scope.spawn(move || {
                for _ in (0..CLIENTS).filter(|client| client % 4 == reader) {
                    raw(&mut client(&checker, "0a"), stream);
                }
            });
        }
    });
    assert_eq!(checker.check(), []);

    let missed = CLIENTS / 2;
    for _ in 0..missed {
        let _blind = client(&checker, "0a");
    }
    let violations = checker.check();
    assert_eq!(violations.len(), missed);
    assert!(violations.iter().all(|violation| violation.rule() == Rule::Loss));
    let expected = Summary {
        acknowledged: EVENTS,
        clients: CLIENTS + missed,
        events: EVENTS * CLIENTS,
        ..Summary::default()
    };
    assert_eq!(checker.summary(), expected);
}

#[test]
#[should_panic(
    expected = "1 violations, 0 publications acknowledged, 0 refused, 0 unknown; 1 clients"
)]
fn a_test_that_is_judged_fails_with_the_violations() {
    let checker = Checker::new();
    let mut client = checker.client("a");
    client.connect(None);

    checker.assert_clean();
}
