use sse_core::{
    access::Grant,
    channel::{CloseReason, Mode, Output},
    history::{Resume, Since, Start, Verdict},
    hub::{HubLimit, SubscribeError, Subscriber},
    response::LastEventId,
};

use crate::{
    client::Client,
    connection::{Connection, Link, Polled},
    draw,
    model::{Told, decide},
    seen::Thing,
    socket::{self, HEAD, Socket},
    world::World,
};

impl World {
    /// Somebody wants to listen, who was here before or not.
    pub(crate) fn listen(&mut self, token: usize) {
        if 12 < self.connections.len() {
            return;
        }
        let (last, since) = (self.last_event_id(token), draw::since(&mut self.random));
        let id = LastEventId::new(last.as_deref().map(str::as_bytes), None);
        let start = Start::from(id).with_since(since);
        let grant = self.grant();
        let is_ended = grant.as_ref().is_some_and(|grant| self.model.has_ended(grant, self.now));
        if self.model.drained.is_none() && !is_ended {
            self.come();
            self.ask_for(token);
        }
        let expected = match self.expected_to_refuse(token) {
            expected if is_ended && expected != ["Shutdown"] => vec!["GrantEnded"],
            expected => expected,
        };
        let name = self.settings.token(token);
        match self.hub.subscribe_granted(name, &start, grant.as_ref(), self.now) {
            Ok(subscriber) => {
                assert!(expected.is_empty(), "it may listen though {expected:?}");
                self.admit((token, grant), subscriber, last.as_deref(), since);
            }
            Err(refused) => {
                let name = self.name_of(refused);
                assert!(expected.contains(&name), "{refused:?} where {expected:?} was expected");
                self.go_refused();
            }
        }
    }

    /// The ID of one who comes back, or any that a client could send.
    fn last_event_id(&mut self, token: usize) -> Option<String> {
        let came_back = self.away.iter().rposition(|(from, _)| *from == token);
        match came_back {
            Some(who) if !self.random.once_in(3) => {
                self.seen.note(Thing::CameBack, 1);
                self.away.swap_remove(who).1
            }
            _ => draw::id(&mut self.random, self.model.lives(token)),
        }
    }

    fn expected_to_refuse(&self, token: usize) -> Vec<&'static str> {
        let (model, settings) = (&self.model, &self.settings);
        if model.drained.is_some() {
            return vec!["Shutdown"];
        }
        let (here, mode) = (model.here(token), settings.mode(token));
        let is_replacing = mode == Mode::Takeover && 0 < here;
        let refusals = [
            ("Ended", model.is_closed(token)),
            ("Taken", mode == Mode::Exclusive && model.is_held(token, self.now)),
            ("Listeners", settings.max_listeners <= model.places.len()),
            ("ChannelListeners", settings.max_channel_listeners <= here && !is_replacing),
            ("Channels", model.channel(token).is_none() && model.is_full()),
        ];
        refusals.into_iter().filter(|(_, is_right)| *is_right).map(|(name, _)| name).collect()
    }

    fn name_of(&mut self, refused: SubscribeError) -> &'static str {
        let settings = &self.settings;
        let (name, thing) = match refused {
            SubscribeError::Shutdown => ("Shutdown", Thing::OtherRefusal),
            SubscribeError::Ended => ("Ended", Thing::OtherRefusal),
            SubscribeError::Taken => ("Taken", Thing::Taken),
            SubscribeError::GrantEnded => ("GrantEnded", Thing::GrantEnded),
            SubscribeError::Limit { limit, max } => {
                let (name, expected) = match limit {
                    HubLimit::Listeners => ("Listeners", settings.max_listeners),
                    HubLimit::ChannelListeners => {
                        ("ChannelListeners", settings.max_channel_listeners)
                    }
                    HubLimit::Channels => ("Channels", settings.max_channels),
                    other => panic!("there is no limit of {other} here"),
                };
                assert_eq!(max, expected, "{refused}");
                (name, Thing::AtLimit)
            }
            other => panic!("nobody asked for {other:?}"),
        };
        self.seen.note(thing, 1);
        name
    }

    fn admit(
        &mut self,
        (token, grant): (usize, Option<Grant>),
        subscriber: Subscriber,
        last: Option<&str>,
        since: Since,
    ) {
        assert_eq!(subscriber.token(), self.settings.token(token));
        let told = subscriber.resume().map(|resume| self.check_resume(token, resume, last, since));
        let was_open = self.model.channel(token).is_some();
        let anchor = subscriber.resume().map(Resume::anchor);
        self.open(
            token,
            anchor.as_ref().map(|anchor| anchor.epoch().as_str().to_owned()).as_deref(),
        );
        if let Some(told) = &told {
            self.note_told(told, was_open);
        }
        let replaced = if self.settings.mode(token) == Mode::Takeover {
            self.readers(token)
        } else {
            Vec::new()
        };
        let is_behind = replaced.iter().filter(|&&who| self.model.is_behind(who)).count();
        self.seen.note(Thing::ReplacedBehind, is_behind as u64);
        let (channel, life) = self.model.channel(token).expect("it is open");
        let retry = channel.retry.map_or(3_000, |(retry, _)| retry);
        let after = told.as_ref().map_or_else(|| life.top(), |told| told.anchor);
        let id = told.as_ref().map(|_| life.position(after));
        let first = first_block(retry, told.as_ref(), last, id.as_deref());
        let is_held = self.settings.mode(token) == Mode::Exclusive && 0 < self.model.here(token);
        self.seen.note(Thing::ExpiredHolder, u64::from(is_held));
        self.model.enter((token, after), grant, first, self.now);
        self.go(None);
        let client = Client::new(last, told.is_some());
        let is_slow = self.random.once_in(3);
        let link = self.link(subscriber, is_slow);
        let is_driven = matches!(link, Link::Driven(_));
        self.connections.push(Connection { link, client, is_slow, is_over: false });
        if is_driven {
            replaced.iter().for_each(|&who| self.assert_woken(who));
        }
        if self.random.once_in(2) {
            self.look_at(self.connections.len() - 1);
            if !is_driven {
                replaced.iter().for_each(|&who| self.assert_woken(who));
            }
        } else if !is_driven {
            // They are woken once the newcomer is looked at.
            replaced.iter().for_each(|&who| self.excuse(who));
        }
    }

    /// A newcomer is polled by itself, or driven by one of the engines.
    fn link(&mut self, subscriber: Subscriber, is_slow: bool) -> Link {
        let engine = self.random.below(4);
        if self.is_writing || self.drivers.len() <= engine {
            return Link::Polled(Polled::new(subscriber));
        }
        let (number, driver) = (self.sockets, &mut self.drivers[engine]);
        self.sockets += 1;
        let who = self.connections.len();
        let first = driver.framing.frame(self.model.take_first_block(who).into());
        let room = socket::room(&mut self.random, is_slow);
        let rest = [HEAD.as_bytes(), &first].concat();
        let mut socket = Socket::new((engine, number), room, rest, self.now);
        socket.key = driver.engine.add(subscriber, HEAD.into(), number, self.now);
        // It has to be asked: it does not wait for the channel yet.
        driver.sleep.excuse();
        Link::Driven(socket)
    }

    /// Holds what a listener is told of its ID against the table.
    fn check_resume(
        &self,
        token: usize,
        resume: &Resume,
        last: Option<&str>,
        since: Since,
    ) -> Told {
        let anchor = resume.anchor();
        let epoch = anchor.epoch();
        let kept = match (self.model.channel(token), self.model.resting(token)) {
            (Some((channel, life)), _) => (life.epoch.as_str(), channel.first, life.top()),
            (None, Some(life)) => {
                let life = &self.model.lives(token)[life];
                (life.epoch.as_str(), life.top() + 1, life.top())
            }
            (None, None) => (epoch.as_str(), 1, 0),
        };
        assert_eq!(epoch.as_str(), kept.0, "the life that it listens to");
        let expected = decide(kept, last, since);
        let (verdict, missed) = match resume.verdict() {
            Verdict::Gap(gap) => (gap.reason().as_str(), gap.missed()),
            other => (other.as_str(), None),
        };
        let told = Told { verdict, missed, anchor: anchor.seq() };
        assert_eq!(told, expected, "{last:?} {since:?} where {kept:?} is kept");
        expected
    }

    fn note_told(&mut self, told: &Told, was_open: bool) {
        let thing = match told.verdict {
            "fresh" => Thing::Fresh,
            "ok" if was_open => Thing::Resumed,
            "ok" => Thing::ResumedFromTombstone,
            "trimmed" => Thing::Trimmed,
            "diverged" => Thing::Diverged,
            _ => Thing::Unknown,
        };
        self.seen.note(thing, 1);
    }

    /// Somebody reads.
    pub(crate) fn look(&mut self) {
        if self.connections.is_empty() {
            return;
        }
        let who = self.random.below(self.connections.len());
        if self.connections[who].is_over && !self.random.once_in(3) {
            return self.part(who);
        }
        if self.connections[who].is_slow && !self.random.once_in(8) {
            return;
        }
        if self.connections[who].engine().is_some() {
            return self.attend(who);
        }
        for _ in 0..1 + self.random.below(3) {
            self.look_at(who);
        }
        if self.model.is_in_a_piece(who) && self.random.once_in(4) {
            self.pass_to_end_of_grant(who);
        }
    }

    pub(crate) fn look_at(&mut self, who: usize) {
        let output = match &mut self.connections[who].link {
            Link::Polled(polled) => polled.poll(self.now),
            Link::Driven(_) => return self.attend(who),
        };
        let channels = self.model.open_channels();
        self.expire_grant(who);
        self.learn_of_drain(who);
        let is_deserted = self.model.open_channels() < channels;
        let was_cut = self.connections[who].is_over;
        let look = self.model.read(who, &output, self.now);
        if is_deserted {
            self.go(None);
        }
        let connection = &mut self.connections[who];
        connection.is_over |= look.is_over;
        if let Output::Write(bytes) = output {
            self.seen.note(if look.is_comment { Thing::Comment } else { Thing::Event }, 1);
            connection.client.receive(bytes);
            connection.client.read(&mut self.random);
        }
        self.seen.note(Thing::Piece, u64::from(look.is_piece));
        self.seen.note(Thing::FullWrite, u64::from(look.is_full));
        self.seen.note(Thing::GapInStream, look.gaps);
        self.seen.note(Thing::Replaced, u64::from(look.is_farewell));
        let thing = match look.reason {
            Some(CloseReason::Overrun { .. }) => Thing::Overrun,
            Some(CloseReason::Expired) => Thing::Expired,
            Some(CloseReason::Revoked) => Thing::Revoked,
            _ => return,
        };
        self.seen.note(thing, u64::from(!was_cut));
        let is_in_a_piece = !was_cut && self.model.is_in_a_piece(who);
        self.seen.note(Thing::CutInAPiece, u64::from(is_in_a_piece));
    }

    /// A stream ends at an instant of its own in a drain, and only the hub knows when.
    pub(crate) fn learn_of_drain(&mut self, who: usize) {
        let Some(start) = self.model.drained.filter(|_| self.model.is_here(who)) else {
            return;
        };
        let token = self.model.token_of(who);
        let here = self.hub.listeners(self.settings.token(token));
        if here < self.model.here(token) {
            self.model.drain(who);
        } else if self.model.has_begun(who) {
            assert!(self.now < start + self.settings.drain, "the drain is over, and it is here");
        }
    }

    /// A connection breaks, wherever its client has read up to.
    pub(crate) fn vanish(&mut self) {
        if !self.connections.is_empty() {
            let who = self.random.below(self.connections.len());
            self.connections[who].client.read(&mut self.random);
            match self.connections[who].engine() {
                Some(_) => self.leave(who),
                None => self.part(who),
            }
        }
    }

    /// A connection is given up, and its client may come back.
    pub(crate) fn part(&mut self, who: usize) {
        let token = self.model.token_of(who);
        let Connection { link, client, .. } = self.connections.swap_remove(who);
        self.seen.note(Thing::CutInABlock, u64::from(client.has_unread()));
        self.away.push((token, client.into_last_event_id()));
        drop(link);
        self.model.leave(who);
        self.go(None);
    }
}

/// What a stream begins with.
fn first_block(retry: u64, told: Option<&Told>, last: Option<&str>, id: Option<&str>) -> String {
    let Some((told, id)) = told.zip(id) else {
        return format!("event: sse.open\nretry: {retry}\ndata: {{}}\n\n");
    };
    let Told { verdict, missed, .. } = told;
    if ["fresh", "ok"].contains(verdict) {
        return format!(
            "event: sse.open\nretry: {retry}\ndata: {{\"resume\":\"{verdict}\"}}\nid: {id}\n\n"
        );
    }
    let missed = missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string());
    let shown = last.filter(|last| last.len() <= 64).map(|last| format!("\"{last}\""));
    let requested = shown.as_deref().unwrap_or("null");
    format!(
        "event: sse.gap\nretry: {retry}\ndata: {{\"reason\":\"{verdict}\",\"requested\":{requested},\
         \"missed\":{missed}}}\nid: {id}\n\n"
    )
}
