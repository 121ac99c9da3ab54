use std::{
    cell::RefCell,
    io, mem,
    rc::Rc,
    time::{Duration, Instant},
};

use sse_core::{Decoder, Item, client::SystemEvent};

use super::{
    chunked::Chunked,
    connection::{BUFFER, Body},
    listener::Listener,
    script::Script,
    stamp::Stamp,
    tally::Tally,
};

/// What takes the events out of a stream and counts them.
#[derive(Debug)]
pub(super) struct Reader {
    listener: Listener,
    tally: Tally,
    begun: Instant,
    chunked: Option<Chunked>,
    decoder: Decoder,
    /// None where nobody else gets the same events.
    script: Option<Rc<RefCell<Script>>>,
    /// How many events have come.
    events: u64,
    /// Whether the decoder stands at the beginning of an event.
    is_between: bool,
    unscripted: Unscripted,
}

/// What has come since the stream was in step with others, and is not in the script yet.
#[derive(Debug, Default)]
struct Unscripted {
    /// What was read of it before.
    bytes: Vec<u8>,
    /// Where in what is read now it goes on; none if it is not for the script.
    begin: Option<usize>,
    stamps: Vec<Stamp>,
}

impl Reader {
    pub(super) fn new(
        listener: Listener,
        tally: Tally,
        begun: Instant,
        script: Option<Rc<RefCell<Script>>>,
    ) -> Self {
        let decoder = Decoder::new().with_comments(true);
        Self {
            listener,
            tally,
            begun,
            chunked: None,
            decoder,
            script,
            events: 0,
            is_between: false,
            unscripted: Unscripted::default(),
        }
    }

    /// Reads events until the stream ends.
    pub(super) async fn read(mut self, mut body: Body, buffer: Rc<RefCell<[u8; BUFFER]>>) {
        self.chunked = body.is_chunked.then(Chunked::default);
        while let Ok(true) = body.read(&buffer, |input| self.take(input)).await {}
        self.tally.seen().broken += 1;
    }

    /// Takes what is read at once, at one time. Returns whether more may follow.
    fn take(&mut self, input: &[u8]) -> io::Result<bool> {
        let now = self.begun.elapsed();
        // The rest of the data of a chunk, and what stands behind the chunk.
        let (mut data, mut rest): (&[u8], &[u8]) = (&[], input);
        loop {
            if self.is_in_step(data) {
                let at = input.len() - rest.len() - data.len();
                let known = self.follow_script(input, at, now);
                if 0 < known {
                    (data, rest) = (&[], &input[at + known..]);
                }
            }
            if data.is_empty() {
                match self.next_data(&mut rest)? {
                    Some(next) => data = next,
                    None => break,
                }
            }
            self.decode(&mut data, now)?;
        }
        self.keep_unscripted(input);
        Ok(!self.chunked.as_ref().is_some_and(Chunked::is_over))
    }

    /// Whether what follows may be what others have got, too.
    fn is_in_step(&self, data: &[u8]) -> bool {
        let is_behind_data = |chunked: &Chunked| data.is_empty() && chunked.is_behind_data();
        self.is_between && self.chunked.as_ref().is_none_or(is_behind_data)
    }

    /// Adds what came before `at` to the script, and takes what it knows of what follows. Returns how many bytes that
    /// is.
    fn follow_script(&mut self, input: &[u8], at: usize, now: Duration) -> usize {
        let Some(script) = &self.script else {
            return 0;
        };
        let mut script = script.borrow_mut();
        let Unscripted { bytes, begin, stamps } = &mut self.unscripted;
        if let Some(begin) = begin.filter(|_| !stamps.is_empty()) {
            bytes.extend_from_slice(&input[begin..at]);
            script.add(self.events - stamps.len() as u64, bytes, stamps);
        }
        let (mut order, mut seen) = (self.listener.order(), self.tally.seen());
        let mut events = 0;
        let known = script.follow(self.events, &input[at..], |stamp| {
            seen.take(&mut order, stamp, now);
            events += 1;
        });
        self.events += events;
        bytes.clear();
        stamps.clear();
        *begin = Some(at + known);
        known
    }

    /// Keeps what the script wants, and ends in what is read next.
    fn keep_unscripted(&mut self, input: &[u8]) {
        let Unscripted { bytes, begin, stamps } = &mut self.unscripted;
        let first = self.events - stamps.len() as u64;
        let is_wanted = self.script.as_ref().is_some_and(|it| it.borrow().next() <= first);
        match begin.filter(|_| is_wanted) {
            Some(at) => {
                bytes.extend_from_slice(&input[at..]);
                *begin = Some(0);
            }
            None => self.unscripted = Unscripted::default(),
        }
    }

    /// The data that come next, if there are any.
    fn next_data<'a>(&mut self, rest: &mut &'a [u8]) -> io::Result<Option<&'a [u8]>> {
        match &mut self.chunked {
            Some(chunked) => chunked.decode(rest),
            None => Ok(Some(mem::take(rest)).filter(|data| !data.is_empty())),
        }
    }

    /// Takes the next item from `data`, if it is whole.
    fn decode(&mut self, data: &mut &[u8], now: Duration) -> io::Result<()> {
        let before = *data;
        self.is_between = false;
        let event = match self.decoder.decode(data).map_err(io::Error::other)? {
            Some(Item::Event(event)) => event,
            other => {
                if other.is_some() {
                    self.unscripted.begin = None;
                }
                if let Some(Item::Comment(_)) = other {
                    self.tally.seen().comments += 1;
                }
                return Ok(());
            }
        };
        // After a CR an LF may follow that still belongs to the event.
        self.is_between = before[..before.len() - data.len()].ends_with(b"\n");
        match Stamp::find(event.data()) {
            Some(stamp) => {
                self.tally.seen().take(&mut self.listener.order(), stamp, now);
                self.events += 1;
                self.unscripted.stamps.push(stamp);
            }
            None => {
                self.unscripted.begin = None;
                if SystemEvent::of(event) != Some(SystemEvent::Open) {
                    self.tally.seen().foreign += 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seq: u64) -> Stamp {
        Stamp { publisher: 0, seq, sent: Duration::ZERO }
    }

    fn reader(script: &Rc<RefCell<Script>>, is_chunked: bool) -> (Reader, Tally) {
        let (listener, tally) = (Listener::default(), Tally::default());
        let script = Some(script.clone());
        let mut reader = Reader::new(listener, tally.clone(), Instant::now(), script);
        reader.chunked = is_chunked.then(Chunked::default);
        (reader, tally)
    }

    /// A greeting, an event, two together, a comment, an event that is cut by the framing, and another one.
    fn stream(is_chunked: bool) -> Vec<u8> {
        let event = |seq: u64| format!("event: ping\ndata: {}\n\n", stamp(seq));
        let cut = event(3);
        let parts = [
            "event: sse.open\ndata: {}\n\n".to_owned(),
            event(0),
            event(1) + &event(2),
            ":\n\n".to_owned(),
            cut[..20].to_owned(),
            cut[20..].to_owned(),
            event(4),
        ];
        let framed = parts.iter().map(|part| match is_chunked {
            true => format!("{:x}\r\n{part}\r\n", part.len()),
            false => part.clone(),
        });
        framed.collect::<String>().into_bytes()
    }

    #[test]
    fn what_readers_share_is_counted_as_if_each_read_alone_at_every_cut() {
        for is_chunked in [true, false] {
            let stream = stream(is_chunked);
            for cut in 0..stream.len() {
                let script = Rc::default();
                for second in [0, cut, stream.len() / 2, stream.len()] {
                    let (mut reader, tally) = reader(&script, is_chunked);
                    let mut begin = 0;
                    for end in [cut.min(second), cut.max(second), stream.len()] {
                        assert!(reader.take(&stream[begin..end]).unwrap());
                        begin = end;
                    }
                    let seen = tally.seen();
                    let counts = (seen.delivered, seen.lost, seen.out_of_order);
                    assert_eq!(counts, (5, 0, 0), "cuts at {cut} and {second}, {is_chunked}");
                    assert_eq!((seen.foreign, seen.comments), (0, 1));
                }
                assert!(1 < script.borrow().next(), "nothing was shared at {cut}, {is_chunked}");
            }
        }
    }

    #[test]
    fn an_event_that_is_left_out_is_seen_though_others_got_it() {
        let script = Rc::default();
        let (mut all, _) = reader(&script, false);
        let event = |seq: u64| format!("data: {}\n\n", stamp(seq)).into_bytes();
        all.take(&[event(0), event(1), event(2)].concat()).unwrap();

        let (mut less, tally) = reader(&script, false);
        less.take(&[event(0), event(2)].concat()).unwrap();

        let seen = tally.seen();
        assert_eq!((seen.delivered, seen.lost), (2, 1));
    }
}
