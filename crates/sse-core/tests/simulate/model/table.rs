use sse_core::history::Since;

/// What a listener is told of the place where it begins.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Told {
    pub(crate) verdict: &'static str,
    pub(crate) missed: Option<u64>,
    /// The event that it begins behind.
    pub(crate) anchor: u64,
}

/// Where a listener begins that brings `last`, or wants to begin at `since`, on a channel that remembers
/// the events from `first` to `top`, all of the life `epoch`.
pub(crate) fn decide(
    (epoch, first, top): (&str, u64, u64),
    last: Option<&str>,
    since: Since,
) -> Told {
    let oldest = first - 1;
    let told = |verdict, missed, anchor| Told { verdict, missed, anchor };
    let Some(last) = last else {
        let anchor = match since {
            Since::Latest => top,
            Since::Earliest => oldest,
            Since::Last(events) => oldest.max(top.saturating_sub(events)),
            other => panic!("nobody asked for {other:?}"),
        };
        return told("fresh", None, anchor);
    };
    let Some((seq, theirs)) = parse(last) else {
        return told("unknown", None, oldest);
    };
    if theirs != epoch || top < seq {
        told("diverged", None, oldest)
    } else if oldest <= seq {
        told("ok", None, seq)
    } else {
        told("trimmed", Some(oldest - seq), oldest)
    }
}

/// The parts of an ID, if it is one that a hub with history gives.
pub(crate) fn parse(id: &str) -> Option<(u64, &str)> {
    let (digits, epoch) = id.split_once('.')?;
    let seq = digits.parse::<u64>().ok().filter(|seq| seq.to_string() == digits)?;
    (8..=11).contains(&epoch.len()).then_some((seq, epoch))
}
