use sse_core::Since;

use crate::channel::Life;

/// What a listener is to be told, by the table. `at` is where it begins: behind `before`, if all that is
/// promised follows.
pub(crate) fn told(
    life: &Life,
    before: u64,
    (last, since): (Option<&str>, Since),
    at: u64,
) -> (&'static str, Option<u64>) {
    let (top, epoch) = (life.top(), life.epoch.as_str());
    let Some(last) = last else {
        let is_right = match since {
            Since::Latest => at == top,
            Since::Earliest => at == before,
            Since::Last(events) => at == top.saturating_sub(events).max(before),
            _ => false,
        };
        assert!(is_right, "a fresh listener begins at {at} of {top}");
        return ("fresh", None);
    };
    let parsed = last.split_once('.').filter(|(seq, epoch)| {
        let is_seq = seq.parse::<u64>().is_ok_and(|number| number.to_string() == *seq);
        is_seq && (8..=11).contains(&epoch.len())
    });
    let all_kept = |reason, missed| {
        assert_eq!(at, before, "{reason}: what follows is not what is promised of {top}");
        (reason, missed)
    };
    let Some((seq, theirs)) = parsed else {
        return all_kept("unknown", None);
    };
    let seq: u64 = seq.parse().unwrap();
    if theirs != epoch || top < seq {
        return all_kept("diverged", None);
    }
    if before <= seq {
        assert_eq!(at, seq, "something comes twice, or never");
        return ("ok", None);
    }
    all_kept("trimmed", Some(at - seq))
}
