use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::{
    Hub, IdempotencyKey, LastEventId, Limit, Mode, OnOverrun, Post, PublishError, Since, Start,
    SubscribeError, Subscriber, Token, Verdict,
};

use crate::{
    channel::{Channel, Published},
    draw,
    listener::{Listener, Look},
    random::Random,
    seen::Seen,
    settings::Settings,
    table,
};

/// One run: the hub under test, and the model of it.
pub(crate) struct World {
    settings: Settings,
    random: Random,
    hub: Arc<Hub>,
    tokens: Vec<Token>,
    channels: Vec<Channel>,
    listeners: Vec<Listener>,
    /// By token, how many listeners the hub has cut that were not looked at since.
    cut: Vec<usize>,
    now: Instant,
    published: u64,
    steps: usize,
    seen: Seen,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings::draw(&mut random);
        let tokens: Vec<_> =
            (0..settings.tokens).map(|n| Token::new(&n.to_string()).unwrap()).collect();
        Self {
            hub: Hub::new(settings.config(seed)),
            channels: tokens.iter().map(|_| Channel::default()).collect(),
            cut: vec![0; tokens.len()],
            tokens,
            settings,
            random,
            listeners: Vec::new(),
            now: epoch(),
            published: 0,
            steps: 0,
            seen: Seen::default(),
        }
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    pub(crate) fn step(&mut self) {
        self.steps += 1;
        let token = self.random.below(self.tokens.len());
        match self.random.below(100) {
            0..35 => self.publish(token),
            35..48 => self.listen(token),
            48..80 => self.look(),
            80..88 => self.vanish(),
            88..91 => self.retry(token),
            91..93 => self.close(token),
            93..95 => self.refuse(token),
            _ => self.pass(),
        }
        self.check();
    }

    /// Ends the run: everybody is drained or shut down, sees everything, and nothing is left.
    pub(crate) fn end(&mut self) {
        let is_drained = self.random.once_in(2);
        if is_drained {
            self.hub.drain(Duration::from_secs(10), self.now).wake();
            self.now += Duration::from_secs(10);
        } else {
            self.hub.shutdown().wake();
        }
        for mut listener in std::mem::take(&mut self.listeners) {
            let channel = &mut self.channels[listener.token];
            if listener.is_connected(listener.token, channel) && !is_drained {
                listener.assert_woken();
            }
            let is_alive = std::mem::replace(&mut channel.is_alive, false);
            while !listener.is_over {
                listener.look(channel, self.settings.on_overrun, self.now);
            }
            channel.is_alive = is_alive;
        }
        self.hub.shutdown().wake();
        let counts = self.hub.counts();
        let left = (counts.channels, counts.listeners, counts.unread_bytes, counts.history_bytes);
        assert_eq!(left, (0, 0, 0, 0), "nothing is left");
    }

    fn publish(&mut self, token: usize) {
        let events = if self.random.once_in(10) { 1 + self.random.below(5) } else { 1 };
        let len = if self.random.once_in(20) { 2_000 } else { self.random.below(200) };
        let data: Vec<String> = (0..events)
            .map(|n| format!("{}{}", self.published + n as u64, "x".repeat(len)))
            .collect();
        let key = self.random.once_in(6).then(|| format!("k{}", self.random.below(4)));
        let body = data.join("\n");
        let mut post = Post::new("ping", body.as_bytes());
        if let Some(key) = &key {
            post = post.with_key(IdempotencyKey::try_from(key.as_bytes()).unwrap());
        }
        if 1 < events {
            post = post.with_batch();
            self.seen.batches += 1;
        }
        self.find_cut(token);
        let reached = self.connected(token);
        match self.hub.post(&self.tokens[token], &post, self.now) {
            Ok(published) if published.is_duplicate() => {
                let (key, history) = (key.unwrap(), self.settings.history.as_ref().unwrap());
                let life = self.channels[token].life().unwrap();
                let event = life.known(&key, history, self.now).expect("the key is known");
                let first = event.map(|seq| life.events[seq as usize - 1].id.as_str());
                assert_eq!(published.id().map(sse_core::EventId::as_str), first);
                self.seen.duplicates += 1;
                self.note(published.overrun());
            }
            Ok(published) => {
                assert_eq!(published.listeners(), reached);
                let last = published.id().unwrap().as_str().to_owned();
                let overrun: Vec<_> = published.overrun().to_vec();
                published.wake();
                self.append(token, data, &last, key);
                self.assert_woken(token);
                self.note(&overrun);
            }
            Err(refused) => {
                self.assert_refused(token, &refused, reached, body.len() + events * 200);
            }
        }
    }

    /// Notes in the model what the hub has taken, of which the last got the id `last`.
    fn append(&mut self, token: usize, data: Vec<String>, last: &str, key: Option<String>) {
        let count = data.len() as u64;
        let (first_seq, epoch) = match last.split_once('.') {
            Some((seq, epoch)) => (seq.parse::<u64>().unwrap() + 1 - count, epoch.to_owned()),
            None => (0, String::new()),
        };
        self.enter(token, &epoch);
        let now = self.now;
        let life = self.channels[token].life_mut();
        if !epoch.is_empty() {
            assert_eq!(first_seq, life.top() + 1, "ids are contiguous");
            if let Some(key) = &key {
                let history = self.settings.history.as_ref().unwrap();
                assert_eq!(life.known(key, history, now), None, "a key published twice");
            }
        }
        for (n, data) in data.into_iter().enumerate() {
            let id = if epoch.is_empty() {
                (self.published + n as u64).to_string()
            } else {
                format!("{}.{epoch}", first_seq + n as u64)
            };
            life.events.push(Published { id, data, at: now });
        }
        let top = life.top();
        life.keys.extend(key.map(|key| (key, Some(top), now)));
        self.published += count;
    }

    /// The hub shows a channel in the life `epoch`: the one that the model knows, or a new one.
    fn enter(&mut self, token: usize, epoch: &str) {
        let connected = self.connected(token);
        let channel = &mut self.channels[token];
        assert!(!channel.is_ended(self.now), "it is closed for a while");
        let is_known = channel.life().is_some_and(|life| life.epoch == epoch);
        if is_known {
            return;
        }
        if let (Some(life), Some(history)) = (channel.life(), &self.settings.history) {
            assert_eq!(connected, 0, "a life ended under its listeners");
            if life.is_remembered(history, self.now) {
                assert!(self.settings.max_history < 1 << 24, "a life ended without a reason");
                self.seen.evicted += 1;
            }
        }
        assert!(channel.lives.iter().all(|life| epoch.is_empty() || life.epoch != epoch));
        channel.begin(epoch.to_owned());
    }

    fn listen(&mut self, token: usize) {
        if 30 < self.listeners.len() {
            return;
        }
        let (last, since) =
            (draw::id(&mut self.random, &self.channels[token]), draw::since(&mut self.random));
        let id = LastEventId::new(last.as_deref().map(str::as_bytes), None);
        let start = Start::from(id).with_since(since);
        self.find_cut(token);
        let before = self.connected(token);
        match self.hub.subscribe_from(&self.tokens[token], &start, self.now) {
            Ok(subscriber) => self.admit(token, subscriber, last.as_deref(), since, before),
            Err(error) => {
                let counts = self.hub.counts();
                let settings = &self.settings;
                let is_right = match error {
                    SubscribeError::Taken => settings.mode == Mode::Exclusive && 0 < before,
                    SubscribeError::Ended => self.channels[token].is_ended(self.now),
                    SubscribeError::Limit { limit: Limit::Channels, max } => {
                        max == settings.max_channels && max <= counts.channels
                    }
                    SubscribeError::Limit { limit: Limit::Listeners, max } => {
                        max == settings.max_listeners && max <= counts.listeners
                    }
                    SubscribeError::Limit { limit: Limit::ChannelListeners, max } => {
                        max == settings.max_channel_listeners && max <= before
                    }
                    _ => false,
                };
                assert!(is_right, "{error:?} with {before} listeners and {counts:?}");
                self.seen.refused += 1;
            }
        }
    }

    fn admit(
        &mut self,
        token: usize,
        subscriber: Subscriber,
        last: Option<&str>,
        since: Since,
        before: usize,
    ) {
        assert!(self.settings.mode != Mode::Exclusive || before == 0, "two on one channel");
        let resume = subscriber.resume().cloned();
        let epoch = resume.as_ref().map(|resume| resume.anchor().epoch().as_str().to_owned());
        self.enter(token, epoch.as_deref().unwrap_or_default());
        if self.settings.mode == Mode::Takeover {
            let channel = &self.channels[token];
            let top = channel.life().unwrap().top();
            for old in &mut self.listeners {
                if old.is_connected(token, channel) {
                    old.replaced_at = Some(top);
                }
            }
        }
        let life = self.channels[token].life().unwrap();
        let mut at = life.top();
        let max_age = self.settings.history.as_ref().and_then(|history| history.max_age);
        let retry = life.retry.filter(|(_, set)| max_age.is_none_or(|age| self.now - *set < age));
        let retry = retry.map_or(3000, |(retry, _)| retry);
        let mut preface = format!("event: sse.open\nretry: {retry}\ndata: {{}}");
        if let Some(resume) = &resume {
            let history = self.settings.history.as_ref().unwrap();
            let anchor = resume.anchor();
            at = anchor.seq();
            let before = life.top() - life.promised(history, self.now);
            let (verdict, missed) = match resume.verdict() {
                Verdict::Gap(gap) => (gap.reason().as_str(), gap.missed()),
                other => (other.as_str(), None),
            };
            let said = (verdict, missed);
            let told = table::told(life, before, (last, since), at);
            assert_eq!(said, told, "{last:?} {since:?} anchored at {at}");
            match verdict {
                "ok" => self.seen.resumed += 1,
                "trimmed" => self.seen.trimmed += 1,
                "diverged" => self.seen.diverged += 1,
                "unknown" => self.seen.unknown += 1,
                _ => (),
            }
            preface = format!(
                "event: sse.open\nretry: {retry}\ndata: {{\"resume\":\"{verdict}\"}}\nid: {anchor}"
            );
            if let Verdict::Gap(_) = resume.verdict() {
                let missed = missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string());
                let last = last.unwrap();
                let requested =
                    if last.len() <= 64 { format!("\"{last}\"") } else { "null".to_owned() };
                preface = format!(
                    "event: sse.gap\nretry: {retry}\ndata: {{\"reason\":\"{verdict}\",\
                     \"requested\":{requested},\"missed\":{missed}}}\nid: {anchor}"
                );
            }
        }
        let lives = self.channels[token].lives.len() - 1;
        let mut listener = Listener::new(subscriber, token, lives, at);
        listener.preface = Some(preface);
        self.listeners.push(listener);
    }

    fn look(&mut self) {
        if !self.listeners.is_empty() {
            let who = self.random.below(self.listeners.len());
            for _ in 0..1 + self.random.below(3) {
                self.look_at(who);
            }
        }
    }

    fn look_at(&mut self, who: usize) -> Look {
        let listener = &mut self.listeners[who];
        let token = listener.token;
        let was_cut = listener.is_cut || listener.replaced_at.is_some();
        let is_current = listener.life + 1 == self.channels[token].lives.len();
        let look = listener.look(&self.channels[token], self.settings.on_overrun, self.now);
        if 0 < look.overruns && !was_cut && is_current && self.channels[token].is_alive {
            assert!(0 < self.cut[token], "it was cut and nobody was told");
            self.cut[token] -= 1;
        }
        self.seen.events += look.events;
        self.seen.gaps_in_stream += look.gaps;
        self.seen.cut += look.overruns;
        self.seen.replaced += look.replaced;
        look
    }

    /// Finds out who of the token's listeners was cut: the hub says only how many.
    fn find_cut(&mut self, token: usize) {
        for who in 0..self.listeners.len() {
            let is_asked = |world: &Self| {
                let channel = &world.channels[token];
                0 < world.cut[token] && world.listeners[who].is_connected(token, channel)
            };
            // A preface or a comment comes first, and tells nothing.
            while is_asked(self) && !self.look_at(who).is_telling() {}
        }
        assert_eq!(self.cut[token], 0, "somebody was cut, and it is nobody");
    }

    fn vanish(&mut self) {
        if self.listeners.is_empty() {
            return;
        }
        let who = self.random.below(self.listeners.len());
        self.find_cut(self.listeners[who].token);
        let listener = self.listeners.swap_remove(who);
        let token = listener.token;
        drop(listener);
        self.leave(token);
    }

    /// Without history a channel is gone with its last listener, with it when nothing is remembered.
    fn leave(&mut self, token: usize) {
        if self.connected(token) == 0 && self.settings.history.is_none() {
            let channel = &mut self.channels[token];
            if channel.is_alive {
                channel.end(None, self.now);
            }
        }
    }

    fn retry(&mut self, token: usize) {
        let millis = self.random.below(10_000) as u64;
        self.find_cut(token);
        let reached = self.connected(token);
        let body = millis.to_string();
        match self.hub.publish(&self.tokens[token], "retry", body.as_bytes(), self.now) {
            Ok(published) => {
                assert_eq!((published.listeners(), published.id()), (reached, None));
                let overrun: Vec<_> = published.overrun().to_vec();
                published.wake();
                if self.settings.history.is_some() {
                    // Its life is not told, so somebody looks.
                    self.peek(token);
                }
                let now = self.now;
                if self.channels[token].is_alive {
                    self.channels[token].life_mut().retry = Some((millis, now));
                }
                self.assert_woken(token);
                self.note(&overrun);
            }
            Err(refused) => self.assert_refused(token, &refused, reached, 0),
        }
    }

    /// Learns in which life a channel is.
    fn peek(&mut self, token: usize) {
        let start = Start::default();
        let looked = self.hub.check_subscribe(&self.tokens[token], &start, self.now);
        let Ok(Some(resume)) = looked else {
            return;
        };
        let epoch = resume.anchor().epoch().as_str().to_owned();
        self.enter(token, &epoch);
    }

    fn close(&mut self, token: usize) {
        self.find_cut(token);
        let reached = self.connected(token);
        match self.hub.publish(&self.tokens[token], "close", b"", self.now) {
            Ok(published) => {
                assert_eq!(published.listeners(), reached);
                let overrun: Vec<_> = published.overrun().to_vec();
                published.wake();
                self.assert_woken(token);
                let (is_alive, now) = (self.channels[token].is_alive, self.now);
                if is_alive {
                    // What was over age was gone, and its token is free.
                    let history = self.settings.history.as_ref();
                    let life = self.channels[token].life().unwrap();
                    let is_there = 0 < reached
                        || history.is_some_and(|history| life.is_remembered(history, now));
                    let ttl = self.settings.closed_ttl;
                    let is_ended = self
                        .hub
                        .check_subscribe(&self.tokens[token], &Start::default(), now)
                        .is_err();
                    assert!(is_ended == ttl.is_some() || !is_there || self.is_tight());
                    self.channels[token].end(ttl.filter(|_| is_ended), now);
                    self.seen.ended += 1;
                }
                self.note(&overrun);
            }
            Err(refused) => self.assert_refused(token, &refused, reached, 0),
        }
    }

    fn is_tight(&self) -> bool {
        self.settings.max_history < 1 << 24
    }

    /// What cannot be published is refused for what it is, and changes nothing.
    fn refuse(&mut self, token: usize) {
        self.find_cut(token);
        let before = (self.hub.counts().published, self.hub.counts().history_bytes);
        let is_reachable = match self.settings.history {
            Some(_) => !self.channels[token].is_ended(self.now),
            None => 0 < self.connected(token),
        };
        for (action, body) in [("ping", &b"\xff"[..]), ("retry", b"soon"), ("none", b"")] {
            let refused = self.hub.publish(&self.tokens[token], action, body, self.now);
            let refused = refused.unwrap_err();
            let is_right = match refused {
                PublishError::NotConnected => !is_reachable,
                PublishError::Format(_) => is_reachable && action != "none",
                PublishError::UnknownAction { .. } => is_reachable && action == "none",
                _ => false,
            };
            assert!(is_right, "{refused:?} for {action}");
        }
        assert!(
            self.hub.counts().published == before.0 && self.hub.counts().history_bytes <= before.1
        );
    }

    fn pass(&mut self) {
        let time = match self.random.below(30) {
            0 => Duration::from_secs(4_000),
            1..4 => Duration::from_secs(6),
            4..8 => Duration::from_millis(100),
            _ => Duration::from_millis(self.random.below(10) as u64),
        };
        self.now += time;
        if self.random.once_in(2) {
            self.hub.expire(self.now);
        }
    }

    fn check(&mut self) {
        let (counts, settings) = (self.hub.counts(), &self.settings);
        assert!(counts.history_bytes <= settings.max_history, "{counts:?}");
        assert!(counts.listeners <= settings.max_listeners, "{counts:?}");
        assert!(counts.channels <= settings.max_channels, "{counts:?}");
        // Of each channel the newest frames, however long, are kept for who listens.
        let exception = self.tokens.len() * 5 * 2_300 + self.listeners.len() * 2_300;
        assert!(counts.unread_bytes <= settings.max_unread + exception, "{counts:?}");
        let cut: usize = self.cut.iter().sum();
        let connected: usize =
            (0..self.tokens.len()).map(|token| self.connected_or_cut(token)).sum();
        assert_eq!(counts.listeners + cut, connected, "{counts:?}");
        if self.steps.is_multiple_of(50) {
            let token = self.random.below(self.tokens.len());
            self.find_cut(token);
            let hub = self.hub.listeners(&self.tokens[token]);
            assert_eq!(hub, self.connected(token), "listeners of {token}");
        }
    }

    fn note(&mut self, overrun: &[sse_core::Overrun]) {
        for (token, name) in self.tokens.iter().enumerate() {
            // Those that were on their way out already are counted there too.
            let told = overrun.iter().filter(|overrun| overrun.token == *name);
            let told: usize = told.map(|overrun| overrun.listeners).sum();
            let cut = self.connected_or_cut(token) - self.hub.listeners(name);
            assert!(cut <= self.cut[token] + told, "more are cut than it says");
            assert!(cut == 0 || self.settings.on_overrun == OnOverrun::Close);
            self.cut[token] = cut;
        }
        for token in 0..self.tokens.len() {
            self.find_cut(token);
            self.leave(token);
        }
    }

    fn assert_woken(&mut self, token: usize) {
        let channel = &self.channels[token];
        for listener in &mut self.listeners {
            if listener.is_connected(token, channel) {
                listener.assert_woken();
            }
        }
    }

    fn assert_refused(&mut self, token: usize, refused: &PublishError, reached: usize, len: usize) {
        let counts = self.hub.counts();
        let settings = &self.settings;
        let is_right = match refused {
            PublishError::NotConnected if settings.history.is_some() => {
                self.channels[token].is_ended(self.now)
            }
            PublishError::NotConnected => reached == 0,
            PublishError::Limit { limit: Limit::Channels, max } => {
                *max == settings.max_channels && *max <= counts.channels
            }
            PublishError::Limit { limit: Limit::HistoryBytes, max } => {
                *max == settings.max_history && *max < counts.history_bytes + len + 1_000
            }
            _ => false,
        };
        assert!(is_right, "{refused:?} with {reached} listeners and {counts:?}");
        self.seen.refused += 1;
    }

    fn connected(&self, token: usize) -> usize {
        self.connected_or_cut(token) - self.cut[token]
    }

    fn connected_or_cut(&self, token: usize) -> usize {
        let channel = &self.channels[token];
        self.listeners.iter().filter(|listener| listener.is_connected(token, channel)).count()
    }
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
