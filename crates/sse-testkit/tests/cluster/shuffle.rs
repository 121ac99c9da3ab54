use sse_testkit::{
    cluster::{Faults, Shuffle},
    cuts, single_bytes,
};

fn message(kind: &str, number: usize) -> String {
    let text = number.to_string();
    format!(">3\r\n${}\r\n{kind}\r\n$4\r\nnews\r\n${}\r\n{text}\r\n", kind.len(), text.len())
}

fn messages(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|number| message("message", number)).collect()
}

/// The numbers of the messages in `bytes`.
fn numbers(bytes: &[u8]) -> Vec<usize> {
    let text = str::from_utf8(bytes).unwrap();
    let messages = text.split_terminator(">3\r\n").filter(|message| !message.is_empty());
    messages.map(|message| message.lines().last().unwrap().parse().unwrap()).collect()
}

const ALL: Faults = Faults { drop: 100, repeat: 100, reorder: 100 };

#[test]
fn nothing_happens_without_faults() {
    let mut shuffle = Shuffle::new(1, Faults::default());
    let sent = messages(0..100);

    assert_eq!(shuffle.handle_bytes(sent.as_bytes()), sent.as_bytes());
    let counts = shuffle.counts();
    assert_eq!(
        (counts.messages, counts.dropped, counts.repeated, counts.reordered),
        (100, 0, 0, 0)
    );
}

#[test]
fn about_as_much_goes_wrong_as_was_asked_for() {
    let mut shuffle = Shuffle::new(1, ALL);

    let mut passed = shuffle.handle_bytes(messages(0..10_000).as_bytes());
    passed.extend(shuffle.release());

    let counts = shuffle.counts();
    for count in [counts.dropped, counts.repeated, counts.reordered] {
        assert!((800..1_200).contains(&count), "{counts:?}");
    }
    let came = numbers(&passed);
    assert_eq!(came.len() as u64, 10_000 - counts.dropped + counts.repeated);
    let mut distinct = came.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len() as u64, 10_000 - counts.dropped);
}

#[test]
fn a_message_comes_a_few_places_later_at_most() {
    let mut shuffle = Shuffle::new(1, Faults { reorder: 300, ..Faults::default() });

    let came = numbers(&shuffle.handle_bytes(messages(0..1_000).as_bytes()));

    assert!(!came.is_sorted());
    for (place, &number) in came.iter().enumerate() {
        assert!(place.abs_diff(number) <= 4, "{number} at {place}");
    }
}

#[test]
fn messages_to_shards_are_messages_too() {
    let mut shuffle = Shuffle::new(1, Faults { drop: 1_000, ..Faults::default() });

    assert_eq!(shuffle.handle_bytes(message("smessage", 1).as_bytes()), b"");
    let others = message("pmessage", 2) + &message("subscribe", 3) + &message("invalidate", 4);
    assert_eq!(shuffle.handle_bytes(others.as_bytes()), others.as_bytes());
    let array = message("message", 5).replace('>', "*");
    assert_eq!(shuffle.handle_bytes(array.as_bytes()), array.as_bytes());
}

#[test]
fn messages_that_were_held_back_come_before_everything_else() {
    let mut shuffle = Shuffle::new(1, Faults { reorder: 1_000, ..Faults::default() });
    let message = message("message", 1);

    assert_eq!(shuffle.handle_bytes(message.as_bytes()), b"");
    assert!(shuffle.is_holding());
    assert_eq!(shuffle.handle_bytes(b"+PONG\r\n"), [message.as_bytes(), b"+PONG\r\n"].concat());
}

#[test]
fn the_same_happens_at_every_cut() {
    let others = "%2\r\n+a\r\n(123\r\n+b\r\n~2\r\n#t\r\n,1.5\r\n=7\r\ntxt:abc\r\n_\r\n$-1\r\n!3\r\nERR\r\n$8\r\n>3\r\n+me\r\n\r\n";
    let sent = messages(0..6) + others + &messages(6..12);
    let faults = Faults { drop: 200, repeat: 300, reorder: 300 };
    for seed in 0..20 {
        let expected = Shuffle::new(seed, faults).handle_bytes(sent.as_bytes());
        assert!(String::from_utf8_lossy(&expected).contains(others));

        for [head, tail] in cuts(sent.as_bytes()) {
            let mut shuffle = Shuffle::new(seed, faults);
            let passed = [shuffle.handle_bytes(head), shuffle.handle_bytes(tail)].concat();
            assert_eq!(passed, expected, "seed {seed}, cut at {}", head.len());
        }
        let mut shuffle = Shuffle::new(seed, faults);
        let passed: Vec<_> =
            single_bytes(sent.as_bytes()).flat_map(|byte| shuffle.handle_bytes(byte)).collect();
        assert_eq!(passed, expected, "seed {seed}");
    }
}

#[test]
fn what_is_not_of_the_protocol_passes_as_it_is() {
    let mut shuffle = Shuffle::new(1, ALL);

    assert_eq!(shuffle.handle_bytes(b"+OK\r\nHTTP/1.1 400"), b"+OK\r\nHTTP/1.1 400");
    assert_eq!(shuffle.handle_bytes(b" Bad\r\n>3"), b" Bad\r\n>3");
}

#[test]
fn a_snapshot_for_a_replica_passes_to_its_last_byte() {
    let mut shuffle = Shuffle::new(1, ALL);
    let snapshot = b"+FULLRESYNC 8f3a 0\r\n$5\r\nREDIS";

    assert_eq!(shuffle.handle_bytes(snapshot), snapshot);
}

#[test]
fn what_is_left_comes_with_the_end_of_the_connection() {
    let mut shuffle = Shuffle::new(1, Faults { reorder: 1_000, ..Faults::default() });
    let sent = message("message", 1) + "$5\r\nhal";

    assert_eq!(shuffle.handle_bytes(sent.as_bytes()), b"");
    assert_eq!(shuffle.handle_end(), sent.as_bytes());
}
