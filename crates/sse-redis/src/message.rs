//! What nodes tell each other.

use bytes::Bytes;
use sse_core::store::Entry;

use crate::reply::number;

/// What a node is told of a channel.
#[derive(Debug)]
pub(crate) enum Message {
    /// These events were published, one behind the other.
    Events { life: u64, entries: Vec<Entry> },
    /// The reconnection time is so many milliseconds.
    Retry { retry: u64 },
    /// The life is over, and this is its last event. The channel takes nothing for so many milliseconds.
    Finished { life: u64, last: u64, left: Option<u64> },
    /// A node has claimed the channel, with this fencing number.
    Claimed { node: Vec<u8>, fence: u64 },
}

impl Message {
    /// What a payload says; nothing where it cannot be read.
    pub(crate) fn read(payload: impl Into<Bytes>) -> Option<Self> {
        let payload = payload.into();
        let (kind, rest) = (*payload.first()?, payload.get(2..)?);
        let line_end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let mut words = rest[..line_end].split(|&byte| byte == b' ');
        match kind {
            b'e' => {
                let (life, first) = (number(words.next()?)?, number(words.next()?)?);
                let lens = words.next()?.split(|&byte| byte == b',');
                let (mut entries, mut at) = (Vec::new(), 2 + line_end + 1);
                for (seq, len) in (first..).zip(lens) {
                    let end = at.checked_add(usize::try_from(number(len)?).ok()?)?;
                    if payload.len() < end {
                        return None;
                    }
                    let entry = Entry::read(payload.slice(at..end))?;
                    if entry.position().seq() != seq {
                        return None;
                    }
                    entries.push(entry);
                    at = end;
                }
                (at == payload.len()).then_some(Self::Events { life, entries })
            }
            b'y' => {
                let _life = words.next()?;
                Some(Self::Retry { retry: number(words.next()?)? })
            }
            b'f' => {
                let (life, last) = (number(words.next()?)?, number(words.next()?)?);
                let left = words.next()?;
                let left = if left.is_empty() { None } else { Some(number(left)?) };
                Some(Self::Finished { life, last, left })
            }
            b'r' => {
                let node = words.next()?.to_vec();
                Some(Self::Claimed { node, fence: number(words.next()?)? })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &[u8] =
        b"e 17 41 28,27\ndata: a\nid: 41.k3f9x2q1abc\n\ndata: \nid: 42.k3f9x2q1abc\n\n";

    #[test]
    fn events_are_read_with_their_positions() {
        let Some(Message::Events { life: 17, entries }) = Message::read(EVENTS) else {
            panic!("they are events")
        };

        let told: Vec<_> = entries.iter().map(|entry| entry.position().to_string()).collect();
        assert_eq!(told, ["41.k3f9x2q1abc", "42.k3f9x2q1abc"]);
        assert_eq!(entries[0].frame().as_bytes(), "data: a\nid: 41.k3f9x2q1abc\n\n");
    }

    #[test]
    fn what_is_cut_or_changed_is_not_read() {
        for end in 0..EVENTS.len() {
            assert!(Message::read(&EVENTS[..end]).is_none(), "cut at {end}");
        }
        let text = str::from_utf8(EVENTS).unwrap();
        for changed in [
            text.replace("e 17", "x 17"),
            text.replace("41 28", "40 28"),
            text.replace("28,27", "27,28"),
            text.replace("28,27", "28,27,0"),
            text.replace("28,27", "18446744073709551615,28,27"),
            format!("{text}\n"),
        ] {
            assert!(Message::read(changed.clone()).is_none(), "{changed:?}");
        }
    }

    #[test]
    fn the_other_messages_are_read() {
        assert!(matches!(Message::read("y 17 2500"), Some(Message::Retry { retry: 2500 })));
        let left = Message::read("f 17 42 60000");
        assert!(matches!(left, Some(Message::Finished { life: 17, last: 42, left: Some(60_000) })));
        assert!(matches!(Message::read("f 17 0 "), Some(Message::Finished { left: None, .. })));
        let claimed = Message::read("r k3f9x2q1ab 3");
        assert!(matches!(claimed, Some(Message::Claimed { fence: 3, .. })));
    }
}
