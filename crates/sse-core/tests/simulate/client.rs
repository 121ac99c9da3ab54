use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use sse_core::{Decoder, Item, channel::Framing, wire::EventRef};

use crate::{model, random::Random, socket::HEAD};

/// The other end of a connection: it knows what it has read, and nothing else.
#[derive(Debug)]
pub(crate) struct Client {
    decoder: Decoder,
    /// What has arrived and was not read yet.
    socket: VecDeque<Bytes>,
    /// The position up to which it has seen every event, or was told that it has missed some.
    at: Option<(u64, String)>,
    has_positions: bool,
    /// What has arrived of the head, or of a chunk that is not whole.
    framed: Vec<u8>,
    has_head: bool,
}

impl Client {
    /// A client that comes with the ID `last`, if it has one.
    pub(crate) fn new(last: Option<&str>, has_positions: bool) -> Self {
        Self {
            decoder: Decoder::new().with_last_event_id(last.unwrap_or_default()),
            socket: VecDeque::new(),
            at: last.and_then(model::parse).map(|(seq, epoch)| (seq, epoch.to_owned())),
            has_positions,
            framed: Vec::new(),
            has_head: false,
        }
    }

    pub(crate) fn receive(&mut self, bytes: Bytes) {
        self.socket.push_back(bytes);
    }

    /// Bytes arrive behind a head, and in `framing`.
    pub(crate) fn receive_framed(&mut self, bytes: &[u8], framing: Framing) {
        self.framed.extend_from_slice(bytes);
        if !self.has_head && HEAD.len() <= self.framed.len() {
            assert!(self.framed.starts_with(HEAD.as_bytes()), "the head comes first");
            self.framed.drain(..HEAD.len());
            self.has_head = true;
        }
        while self.has_head && !self.framed.is_empty() {
            let Some((len, end)) = first_piece(&self.framed, framing) else {
                return;
            };
            let piece: Vec<_> = self.framed.drain(..end).collect();
            let begin = if framing == Framing::Chunked { end - len - 2 } else { 0 };
            if 0 < len {
                self.receive(piece[begin..begin + len].to_vec().into());
            }
        }
    }

    /// Reads all that has arrived, or a part of it.
    pub(crate) fn read(&mut self, random: &mut Random) {
        match random.below(8) {
            0 => (),
            1 => {
                let Some(mut next) = self.socket.pop_front() else { return };
                let part = next.split_to(random.below(next.len()));
                self.decode(&part);
                self.socket.push_front(next);
            }
            _ => self.read_all(),
        }
    }

    pub(crate) fn read_all(&mut self) {
        while let Some(bytes) = self.socket.pop_front() {
            self.decode(&bytes);
        }
    }

    /// The connection breaks, and what was not read is lost. Returns the ID to come back with.
    pub(crate) fn into_last_event_id(self) -> Option<String> {
        let last = self.decoder.last_event_id();
        (!last.is_empty()).then(|| last.to_owned())
    }

    /// Whether the connection breaks inside a block.
    pub(crate) fn has_unread(&self) -> bool {
        !self.framed.is_empty() || self.socket.iter().any(Buf::has_remaining)
    }

    fn decode(&mut self, mut bytes: &[u8]) {
        while let Some(item) = self.decoder.decode(&mut bytes).expect("it is short enough") {
            if let Item::Event(event) = item
                && self.has_positions
            {
                take(&mut self.at, event);
            }
        }
    }
}

/// How long the first piece of the body is, and where it ends with what is around it, if all of it is there.
fn first_piece(bytes: &[u8], framing: Framing) -> Option<(usize, usize)> {
    if framing != Framing::Chunked {
        return Some((bytes.len(), bytes.len()));
    }
    let size = bytes.windows(2).position(|end| end == b"\r\n")?;
    let len = usize::from_str_radix(str::from_utf8(&bytes[..size]).unwrap(), 16).unwrap();
    let end = size + 2 + len + 2;
    (end <= bytes.len()).then(|| {
        assert_eq!(bytes[end - 2..end], *b"\r\n", "the end of a chunk");
        (len, end)
    })
}

/// Nothing may come twice, and nothing may be left out that it is not told of.
fn take(at: &mut Option<(u64, String)>, event: EventRef<'_>) {
    let id = event.last_event_id();
    let position = || {
        let (seq, epoch) = model::parse(id).unwrap_or_else(|| panic!("{id:?} is no position"));
        (seq, epoch.to_owned())
    };
    match (event.name(), event.data()) {
        ("sse.end" | "sse.replaced" | "sse.expired", _) => {}
        ("sse.open", r#"{"resume":"fresh"}"#) => *at = Some(position()),
        ("sse.open", r#"{"resume":"ok"}"#) => assert_eq!(*at, Some(position()), "it is not there"),
        ("sse.gap", data) => {
            let (seq, epoch) = position();
            if let Some(missed) =
                data.split("\"missed\":").nth(1).filter(|_| data.contains("trimmed"))
            {
                let missed: u64 = missed.trim_end_matches('}').parse().expect(data);
                assert_eq!(*at, Some((seq - missed, epoch.clone())), "{data}");
            }
            *at = Some((seq, epoch));
        }
        (name, _) => {
            let (seq, epoch) = position();
            assert_eq!(*at, Some((seq - 1, epoch.clone())), "{name} comes too early, or twice");
            *at = Some((seq, epoch));
        }
    }
}
