use sse_core::{
    channel::{CloseReason, Framing},
    hub::{Delivery, StreamEnd},
};

use crate::{
    connection::{Connection, Link},
    model::{Flown, assert_text},
    random::Random,
    seen::Thing,
    socket::{self, Driver},
    world::World,
};

/// Streams that are driven by an engine.
impl World {
    /// The engines of a run: some let go of clients that take nothing.
    pub(crate) fn drivers(random: &mut Random) -> [Driver; 2] {
        let stall = std::time::Duration::from_secs(12);
        [Framing::Plain, Framing::Chunked]
            .map(|framing| Driver::new(framing, random.once_in(2).then_some(stall)))
    }

    /// The engine does all that there is to do for it.
    pub(crate) fn drive(&mut self, engine: usize) {
        self.open_up_in_a_drain(engine);
        loop {
            let driver = &mut self.drivers[engine];
            let waker = driver.sleep.waker();
            driver.sleep.excuse();
            let (number, does) = match driver.engine.poll_output(&waker, self.now) {
                Delivery::Write { socket, bytes } => (*socket, Does::Write(bytes.to_vec())),
                Delivery::End { socket, end } => (socket, Does::End(end)),
                Delivery::Wait { until } => {
                    assert!(
                        until.is_none_or(|until| self.now < until),
                        "it has to be asked at once"
                    );
                    driver.sleep.note(true);
                    (u64::MAX, Does::Wait)
                }
            };
            if std::mem::take(&mut self.has_fallen) {
                self.go(None);
            }
            match does {
                Does::Write(bytes) => self.write(number, &bytes),
                Does::End(end) => self.end_stream(number, end),
                Does::Wait => break,
            }
        }
        for who in 0..self.connections.len() {
            let connection = &mut self.connections[who];
            if connection.engine() != Some(engine) {
                continue;
            }
            let full_since = connection.socket().full_since;
            match (full_since, self.drivers[engine].stall_timeout) {
                (Some(since), Some(timeout)) => {
                    assert!(self.now < since + timeout + crate::model::TICK, "it has stalled");
                }
                (Some(_), None) => (),
                (None, _) if connection.socket().is_excused => (),
                (None, _) => self.model.check_idle(who, self.now),
            }
        }
    }

    /// Who drives a listener is woken for it, if it was idle.
    pub(crate) fn assert_woken(&mut self, who: usize) {
        match &mut self.connections[who].link {
            Link::Polled(polled) => {
                polled.sleep().assert_woken();
            }
            Link::Driven(socket) => {
                let is_woken = self.drivers[socket.engine].sleep.assert_woken();
                self.seen.note(Thing::EngineWoken, u64::from(is_woken));
            }
        }
    }

    /// Nobody has to be woken for a listener yet.
    pub(crate) fn excuse(&mut self, who: usize) {
        match &mut self.connections[who].link {
            Link::Polled(polled) => polled.sleep().excuse(),
            Link::Driven(socket) => {
                socket.is_excused = true;
                self.drivers[socket.engine].sleep.excuse();
            }
        }
    }

    /// A listener's socket takes more, or breaks, and its engine does what there is to do.
    pub(crate) fn attend(&mut self, who: usize) {
        let (random, connection) = (&mut self.random, &mut self.connections[who]);
        let is_slow = connection.is_slow;
        let socket = connection.socket();
        let (engine, key) = (socket.engine, socket.key);
        if socket.full_since.is_some() {
            socket.set_room(socket::room(random, is_slow));
            // If nothing is written to it then, there is nothing any more.
            if socket.rest.is_empty() {
                socket.retried = socket.full_since.take();
            }
            socket.may_be_tried = true;
            self.drivers[engine].engine.handle_writable(key);
        } else if is_slow && random.once_in(4) {
            socket.set_room(socket::room(random, is_slow));
        }
        self.drive(engine);
        self.connections.iter_mut().for_each(|it| it.forget_retried());
    }

    /// A listener's client leaves, and its engine hears of it, or tries to write to it.
    pub(crate) fn leave(&mut self, who: usize) {
        let is_broken = self.random.once_in(2);
        let socket = self.connections[who].socket();
        let (engine, key) = (socket.engine, socket.key);
        (socket.is_broken, socket.has_left) = (true, !is_broken);
        if is_broken {
            self.drivers[engine].engine.handle_writable(key);
        } else {
            self.drivers[engine].engine.handle_left(key);
        }
        self.drive(engine);
    }

    /// All streams that are driven are read to their end.
    pub(crate) fn finish_driven(&mut self) {
        let driven = self.connections.iter_mut().filter(|it| it.engine().is_some());
        let sockets: Vec<_> = driven
            .map(|it| {
                it.socket().set_room(usize::MAX);
                it.socket().may_be_tried = true;
                (it.socket().engine, it.socket().key)
            })
            .collect();
        for (engine, key) in sockets {
            self.drivers[engine].engine.handle_writable(key);
        }
        for engine in 0..self.drivers.len() {
            self.drive(engine);
            assert!(self.drivers[engine].engine.is_empty(), "a stream has not ended");
        }
        assert!(self.connections.iter().all(|it| it.engine().is_none()), "nobody drives it");
    }

    fn who_has(&self, number: u64) -> usize {
        let is_it = |it: &Connection| matches!(&it.link, Link::Driven(it) if it.number == number);
        self.connections.iter().position(is_it).expect("it is one of ours")
    }

    /// The engine has `bytes` written to the socket of this number.
    fn write(&mut self, number: u64, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "nothing is to be written");
        let who = self.who_has(number);
        let socket = self.connections[who].socket();
        let engine = socket.engine;
        assert!(!socket.has_left, "it has left, and is written to");
        if !socket.rest.is_empty() {
            assert!(socket.rest == bytes, "what is left of a write is not what is written");
            let count = self.take(who, bytes);
            let Some(count) = count else { return };
            let socket = self.connections[who].socket();
            socket.rest.drain(..count);
            if socket.rest.is_empty() {
                self.model.note_write(who, self.now);
            }
            return self.drivers[engine].engine.handle_written(count, self.now);
        }
        assert_eq!(socket.ends, None, "its end was written, and more is");
        let channels = self.model.open_channels();
        let flown = self.plan(who, bytes);
        if self.model.open_channels() < channels {
            self.go(None);
        }
        match flown {
            Some(flown) => self.write_frames(who, &flown, bytes),
            None => {
                let Some(count) = self.take(who, bytes) else { return };
                self.connections[who].socket().rest = bytes[count..].to_vec();
                self.drivers[engine].engine.handle_written(count, self.now);
            }
        }
    }

    /// Holds what is to be written against what the listener has to be given: frames, or what it alone is told.
    fn plan(&mut self, who: usize, bytes: &[u8]) -> Option<Flown> {
        let engine = self.connections[who].engine().expect("one drives it");
        let framing = self.drivers[engine].framing;
        let gap = self.model.take_gap(who);
        self.expire_grant(who);
        let is_told = self.model.drained.is_some() && !self.model.is_behind(who);
        let text = if is_told { deframe(framing, bytes).0 } else { b"" };
        self.learn_of_drain_by(who, text, gap.as_deref());
        let is_gone = self.model.is_gone(who);
        if !is_gone
            && gap.is_none()
            && let Some(flown) = self.model.check_frames(who, bytes, framing)
        {
            self.model.take_off(who);
            return Some(flown);
        }
        self.seen.note(Thing::GapDriven, u64::from(gap.is_some()));
        let (text, is_last) = deframe(framing, bytes);
        let gap = gap.unwrap_or_default();
        let more = text.strip_prefix(gap.as_bytes()).expect("the gap comes first");
        if is_gone {
            assert!(!self.model.is_cut(who), "it was cut, and is told something");
            assert_eq!(is_last, framing == Framing::Chunked, "the end of the body");
            if !more.is_empty() {
                self.model.check_farewell(who, more, self.now);
            }
            self.connections[who].socket().ends = Some(self.model.close_reason(who, self.now));
        } else if gap.is_empty() {
            self.model.check_comment(who, more, self.now);
            self.seen.note(Thing::CommentDriven, 1);
        } else {
            assert_text(more, "", "it is told of a gap, and nothing else");
        }
        self.model.note_write(who, self.now);
        None
    }

    fn write_frames(&mut self, who: usize, flown: &Flown, bytes: &[u8]) {
        let engine = self.connections[who].engine().expect("one drives it");
        let is_calm = !self.is_over && self.model.drained.is_none();
        let is_alone = is_calm && self.is_alone(who, engine);
        self.seen.note(Thing::EventDriven, 1);
        if is_alone && self.random.once_in(3) {
            self.step_meanwhile();
        }
        let Some(count) = self.take(who, bytes) else {
            self.has_fallen |= self.model.land(who, flown, 0, self.now).has_fallen;
            return;
        };
        self.drivers[engine].engine.handle_written(count, self.now);
        if is_alone && self.random.once_in(3) {
            self.step_meanwhile();
        }
        let is_here = self.model.is_here(who);
        let landed = self.model.land(who, flown, count, self.now);
        let is_cut_short = count < bytes.len();
        let note = |seen: &mut crate::seen::Seen, thing, is_so| seen.note(thing, u64::from(is_so));
        note(&mut self.seen, Thing::CutInAFrame, !landed.rest.is_empty());
        note(&mut self.seen, Thing::CutInALongFrame, is_cut_short && self.model.is_in_a_piece(who));
        note(&mut self.seen, Thing::OvertakenInFlight, landed.has_fallen);
        note(&mut self.seen, Thing::OvertakenAndRead, landed.is_overtaken && !landed.has_fallen);
        note(&mut self.seen, Thing::EndedInFlight, !is_here && is_alone);
        self.connections[who].socket().rest = landed.rest;
        // The hub hears of it when its engine goes on.
        self.has_fallen |= landed.has_fallen;
    }

    /// Several may have learnt in one turn that they end, and who that is, is only seen by what is written.
    fn learn_of_drain_by(&mut self, who: usize, text: &[u8], gap: Option<&str>) {
        let engine = self.connections[who].engine().expect("one drives it");
        let text = text.strip_prefix(gap.unwrap_or_default().as_bytes()).unwrap_or(text);
        let is_clear = self.is_alone(who, engine) || self.settings.drain.is_zero();
        if is_clear || text.starts_with(b"retry: ") {
            self.learn_of_drain(who);
        }
    }

    /// Where it is not clear who has learnt that it ends, nobody is held up.
    fn open_up_in_a_drain(&mut self, engine: usize) {
        if self.model.drained.is_none() {
            return;
        }
        for who in 0..self.connections.len() {
            if self.connections[who].engine() == Some(engine) && !self.is_alone(who, engine) {
                let socket = self.connections[who].socket();
                socket.set_room(usize::MAX);
                socket.may_be_tried = true;
                let key = socket.key;
                self.drivers[engine].engine.handle_writable(key);
            }
        }
    }

    /// Whether it is known that no other write of the engine is under way for the channel of a listener.
    fn is_alone(&self, who: usize, engine: usize) -> bool {
        let token = self.model.token_of(who);
        let others = self.connections.iter().enumerate();
        let others = others.filter(|(_, it)| it.engine() == Some(engine));
        others.filter(|(other, _)| self.model.token_of(*other) == token).count() == 1
    }

    /// Another one does something while a write is under way.
    fn step_meanwhile(&mut self) {
        let token = self.random.below(self.settings.tokens());
        let is_polled_only = std::mem::replace(&mut self.is_writing, true);
        match self.random.below(12) {
            0 => self.close(token),
            1 => self.revoke(),
            2 => self.set_retry(token),
            3 => self.listen(token),
            _ => self.publish(token),
        }
        self.is_writing = is_polled_only;
        self.seen.note(Thing::Meanwhile, 1);
        self.audit();
    }

    /// The socket of a listener takes some of `bytes`: how many, unless it is broken.
    fn take(&mut self, who: usize, bytes: &[u8]) -> Option<usize> {
        let now = self.now;
        let connection = &mut self.connections[who];
        let socket = connection.socket();
        let engine = socket.engine;
        if socket.is_broken {
            socket.has_left = true;
            self.seen.note(Thing::Broken, 1);
            self.drivers[engine].engine.handle_broken();
            return None;
        }
        let count = socket.take(bytes.len(), now);
        let is_full = count < bytes.len();
        self.seen.note(Thing::Full, u64::from(is_full));
        connection.client.receive_framed(&bytes[..count], self.drivers[engine].framing);
        connection.client.read(&mut self.random);
        Some(count)
    }

    fn end_stream(&mut self, number: u64, end: StreamEnd) {
        let who = self.who_has(number);
        let now = self.now;
        let socket = self.connections[who].socket();
        let (engine, ends) = (socket.engine, socket.ends);
        match end {
            StreamEnd::Left => {
                assert!(socket.has_left, "it has not left");
                self.seen.note(Thing::Left, 1);
            }
            StreamEnd::Stalled => {
                let stalled = now - socket.full_since.expect("it is full");
                let timeout = self.drivers[engine].stall_timeout.expect("there is a timeout");
                assert!(timeout <= stalled, "it has stalled for {stalled:?} only");
                self.seen.note(Thing::Stalled, 1);
            }
            StreamEnd::Whole(reason) | StreamEnd::Cut(reason) => {
                assert!(socket.rest.is_empty(), "its stream ends inside a write");
                let expected = ends.unwrap_or_else(|| self.model.close_reason(who, now));
                assert_eq!(reason, expected);
                assert_eq!(end, StreamEnd::from(reason));
                let is_cut = matches!(reason, CloseReason::Overrun { .. });
                self.seen.note(Thing::CutDriven, u64::from(is_cut));
                self.seen.note(Thing::EndedDriven, u64::from(!is_cut));
            }
            other => panic!("nobody asked for {other:?}"),
        }
        self.connections[who].client.read_all();
        self.part(who);
    }
}

/// What an engine has its driver do.
enum Does {
    Write(Vec<u8>),
    End(StreamEnd),
    Wait,
}

/// What stands in one chunk, if there is one, and whether the end of the body follows.
fn deframe(framing: Framing, bytes: &[u8]) -> (&[u8], bool) {
    if framing != Framing::Chunked {
        return (bytes, false);
    }
    let (chunks, is_last) = match bytes.strip_suffix(b"0\r\n\r\n") {
        Some(chunks) => (chunks, true),
        None => (bytes, false),
    };
    if chunks.is_empty() {
        return (b"", is_last);
    }
    let end = chunks.windows(2).position(|end| end == b"\r\n").expect("the size of a chunk");
    let text = &chunks[end + 2..chunks.len() - 2];
    assert_eq!(chunks[..end], *format!("{:X}", text.len()).as_bytes());
    (text, is_last)
}
