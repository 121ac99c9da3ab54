use sse_core::Since;

use crate::channel::Life;

/// What a listener is to be told, by the table. `at` is where it begins, of which only the model's
/// bounds are known: at least what is owed from `owed_from` on is kept.
pub(crate) fn told(
    life: &Life,
    owed_from: u64,
    (last, since): (Option<&str>, Since),
    at: u64,
    said: (&str, Option<u64>),
) -> (&'static str, Option<u64>) {
    let (top, epoch) = (life.top(), life.epoch.as_str());
    let Some(last) = last else {
        let is_right = match since {
            Since::Latest => at == top,
            Since::Earliest => at < owed_from,
            Since::Last(events) => at == top.saturating_sub(events) || at < owed_from,
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
        assert!(at < owed_from, "{reason}: only what follows {at} is kept of {top}");
        (reason, missed)
    };
    let Some((seq, theirs)) = parsed else {
        return all_kept("unknown", None);
    };
    let seq: u64 = seq.parse().unwrap();
    if theirs != epoch || top < seq {
        return all_kept("diverged", None);
    }
    // Just before what is kept, both are true: what follows shows whether something is missing.
    if at == seq && (seq == top || owed_from <= seq || said != ("trimmed", Some(0))) {
        return ("ok", None);
    }
    assert!(seq < owed_from, "{seq} is owed and not kept");
    all_kept("trimmed", Some(at - seq))
}
