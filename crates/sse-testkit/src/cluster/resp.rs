use std::str;

/// What stands at the start of `bytes`, of the values that Redis and its clients exchange (RESP2 and RESP3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scan<T> {
    /// This, in so many bytes.
    Whole(T, usize),
    /// The start of something.
    Partial,
    /// Nothing of this protocol.
    Foreign,
}

/// A value, without those that it holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Item<'a> {
    /// The byte that says its type.
    pub(super) kind: u8,
    /// The text of a string, or what stands on its line.
    pub(super) text: &'a [u8],
    /// How many values come after it that belong to it.
    pub(super) children: usize,
    /// Whether it stands for no value.
    pub(super) is_null: bool,
}

/// The first value in `bytes`, without those that it holds.
pub(super) fn item(bytes: &[u8]) -> Scan<Item<'_>> {
    let Some(&kind) = bytes.first() else { return Scan::Partial };
    if !LINES.contains(&kind) && !STRINGS.contains(&kind) && !AGGREGATES.contains(&kind) {
        return Scan::Foreign;
    }
    let Some(end) = bytes.windows(2).position(|end| end == b"\r\n") else { return Scan::Partial };
    let (line, after) = (&bytes[1..end], end + 2);
    if LINES.contains(&kind) {
        let item = Item { kind, text: line, children: 0, is_null: kind == b'_' };
        return Scan::Whole(item, after);
    }
    if line == b"-1" {
        return Scan::Whole(Item { kind, text: b"", children: 0, is_null: true }, after);
    }
    let count = str::from_utf8(line).ok().and_then(|line| line.parse::<usize>().ok());
    let Some(count) = count.filter(|&count| count <= MAX_COUNT) else { return Scan::Foreign };
    if AGGREGATES.contains(&kind) {
        let children = match kind {
            b'%' => 2 * count,
            // Attributes stand before the value that they are of.
            b'|' => 2 * count + 1,
            _ => count,
        };
        return Scan::Whole(Item { kind, text: b"", children, is_null: false }, after);
    }
    match bytes.get(after..after + count + 2) {
        Some(text) if text.ends_with(b"\r\n") => {
            let item = Item { kind, text: &text[..count], children: 0, is_null: false };
            Scan::Whole(item, after + count + 2)
        }
        Some(_) => Scan::Foreign,
        None => Scan::Partial,
    }
}

/// The first value in `bytes`, with all that it holds, and the first item in it.
pub(super) fn value(bytes: &[u8]) -> Scan<Item<'_>> {
    let mut scanned = 0;
    let mut expected = 1;
    while 0 < expected {
        match item(&bytes[scanned..]) {
            Scan::Whole(item, len) => {
                expected += item.children;
                expected -= 1;
                scanned += len;
            }
            Scan::Partial => return Scan::Partial,
            Scan::Foreign => return Scan::Foreign,
        }
    }
    match item(bytes) {
        Scan::Whole(first, _) => Scan::Whole(first, scanned),
        broken => broken,
    }
}

/// What the first element of the array or push at the start of `bytes` says: the name of a command, the kind of a push.
pub(super) fn name(bytes: &[u8]) -> Option<&[u8]> {
    let Scan::Whole(whole, at) = item(bytes) else { return None };
    let Scan::Whole(first, _) = item(&bytes[at..]) else { return None };
    (0 < whole.children && matches!(whole.kind, b'*' | b'>')).then_some(first.text)
}

const LINES: &[u8] = b"+-:_#,(";
const STRINGS: &[u8] = b"$=!";
const AGGREGATES: &[u8] = b"*~>%|";

/// More than any Redis sends, and few enough to add.
const MAX_COUNT: usize = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each type, and some in others.
    const VALUES: [&[u8]; 18] = [
        b"+OK\r\n",
        b"-ERR no\r\n",
        b":-12\r\n",
        b"$5\r\na\r\nbc\r\n",
        b"$0\r\n\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        b"_\r\n",
        b",3.25\r\n",
        b"#t\r\n",
        b"!5\r\nERR x\r\n",
        b"=7\r\ntxt:abc\r\n",
        b"(3492890328409238509324850943850943825024385\r\n",
        b"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n",
        b"~2\r\n:1\r\n:2\r\n",
        b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n",
    ];

    #[test]
    fn a_value_ends_where_it_ends_and_no_byte_earlier() {
        for bytes in VALUES {
            let followed = [bytes, b"+next\r\n"].concat();
            let shown = bytes.escape_ascii();

            assert!(
                matches!(value(&followed), Scan::Whole(_, len) if len == bytes.len()),
                "{shown}"
            );
            for cut in 0..bytes.len() {
                assert_eq!(value(&bytes[..cut]), Scan::Partial, "{shown} cut at {cut}");
            }
        }
    }

    #[test]
    fn attributes_belong_to_the_value_after_them() {
        let bytes = b"|1\r\n+ttl\r\n:3\r\n*1\r\n:1\r\n";

        assert!(matches!(value(bytes), Scan::Whole(_, len) if len == bytes.len()));
        assert_eq!(value(&bytes[..15]), Scan::Partial);
    }

    #[test]
    fn what_is_not_of_the_protocol_is_said_to_be_foreign() {
        for bytes in
            ["GET / HTTP/1.1\r\n", "$x\r\n", "*?\r\n", "$1\r\nabc", "*-2\r\n", "%99999999999\r\n"]
        {
            assert_eq!(value(bytes.as_bytes()), Scan::Foreign, "{bytes}");
        }
    }

    #[test]
    fn the_name_is_the_first_element() {
        assert_eq!(name(VALUES[17]), Some(&b"message"[..]));
        assert_eq!(name(b"*1\r\n$4\r\nPING\r\n"), Some(&b"PING"[..]));
        assert_eq!(name(b"+PING\r\n"), None);
        assert_eq!(name(b"*0\r\n+next\r\n"), None);
    }
}
