use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, Write},
    thread,
    time::{Duration, SystemTime},
};

use sse_core::{Event, history::Position};
use sse_redb::{Append, Outcome, Refused, Store, StoreConfig};

use crate::{
    disk::{Disk, Random},
    support::{append, asked, events, outcome, token, unlimited},
};

/// Keeps everything, and forgets nothing but what the limits say.
#[derive(Debug, Default)]
struct Channel {
    top: Option<Position>,
    kept: Vec<(Position, String)>,
    keys: BTreeMap<String, (u64, Option<Position>)>,
    retry: Option<Duration>,
    is_finished: bool,
}

struct Run {
    random: Random,
    disk: Disk,
    config: StoreConfig,
    max_events: usize,
    channels: HashMap<String, Channel>,
    /// All positions that were ever given out: none comes twice in a channel.
    given: HashSet<(String, Position)>,
    count: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let max_events = [1, 3, 50][random.below(3) as usize];
        let config = unlimited("memory").with_max_events(max_events);
        Self {
            random,
            disk: Disk::default(),
            config,
            max_events,
            channels: HashMap::new(),
            given: HashSet::new(),
            count: 0,
        }
    }

    fn step(&mut self, store: &Store) {
        let name = self.random.below(4).to_string();
        match self.random.below(10) {
            0 => self.finish(store, &name),
            1 => self.begin(store, &name),
            2 => self.publish(store, &name, 0),
            3 => self.publish(store, &name, 400),
            _ => {
                let events = 1 + self.random.below(3);
                self.publish(store, &name, events);
            }
        }
    }

    fn publish(&mut self, store: &Store, name: &str, events: u64) {
        let texts: Vec<_> = (0..events).map(|event| format!("{}.{event}", self.count)).collect();
        self.count += 1;
        let mut publication = Append::new(token(name));
        for text in &texts {
            publication = publication.with_frame(Event::data(text.clone()).into());
        }
        let key = (self.random.below(3) == 0).then(|| self.random.below(6).to_string());
        let digest = self.random.below(2);
        if let Some(key) = &key {
            publication = publication.with_key(key.as_str(), digest);
        }
        let retry =
            (self.random.below(4) == 0).then(|| Duration::from_millis(self.random.below(9)));
        if let Some(retry) = retry {
            publication = publication.with_retry(retry);
        }
        let told = append(store, publication);

        let channel = self.channels.entry(name.to_owned()).or_default();
        let known = key.as_ref().and_then(|key| channel.keys.get(key));
        match (told, known) {
            (Outcome::Refused(Refused::KeyReused { .. }), Some((first, _))) => {
                assert_ne!(*first, digest);
            }
            (Outcome::Safe(stored), Some(&(first, answer))) => {
                assert_eq!((first, stored.is_duplicate), (digest, true));
                assert_eq!((stored.position, stored.events), (answer, vec![]));
            }
            (Outcome::Refused(Refused::Finished { .. }), None) => assert!(channel.is_finished),
            (Outcome::Safe(stored), None) => {
                assert!(!channel.is_finished && !stored.is_duplicate);
                let positions = stored.events.iter().map(|event| event.position);
                let seqs = positions.clone().map(|position| position.seq());
                let top = channel.top.map_or(0, |top| top.seq());
                assert!(seqs.eq(top + 1..=top + events));
                for position in positions.clone() {
                    assert!(self.given.insert((name.to_owned(), position)), "{position} again");
                }
                if let Some(key) = key {
                    channel.keys.insert(key, (digest, positions.clone().last()));
                }
                channel.kept.extend(positions.zip(texts));
                let beyond = channel.kept.len().saturating_sub(self.max_events);
                channel.kept.drain(..beyond);
                channel.top = stored.position;
                channel.retry = retry.or(channel.retry);
            }
            (told, known) => panic!("{told:?}, known is {known:?}"),
        }
    }

    fn begin(&mut self, store: &Store, name: &str) {
        let told = outcome(&asked(|done| store.begin(token(name), done)).expect("taken"));
        let channel = self.channels.entry(name.to_owned()).or_default();
        match told {
            Outcome::Safe(stored) if channel.top.is_some() => {
                assert_eq!((stored.position, channel.is_finished), (channel.top, false));
            }
            Outcome::Safe(stored) => {
                let position = stored.position.expect("it has begun");
                assert_eq!(position.seq(), 0);
                assert!(self.given.insert((name.to_owned(), position)), "{position} again");
                channel.top = Some(position);
            }
            Outcome::Refused(Refused::Finished { .. }) => assert!(channel.is_finished),
            told => panic!("{told:?}"),
        }
    }

    fn finish(&mut self, store: &Store, name: &str) {
        let is_short = self.random.below(2) == 0;
        let until = SystemTime::now() + Duration::from_secs(3_600);
        let until = (!is_short).then_some(until);
        let told = outcome(&asked(|done| store.finish(token(name), until, done)).expect("taken"));
        let channel = self.channels.entry(name.to_owned()).or_default();
        match told {
            Outcome::Safe(stored) => {
                assert!(!channel.is_finished);
                let top = channel.top.or(stored.position);
                assert_eq!(stored.position, top);
                *channel = Channel::default();
                if !is_short {
                    (channel.top, channel.is_finished) = (top, true);
                }
            }
            Outcome::Refused(Refused::Finished { .. }) => assert!(channel.is_finished),
            told => panic!("{told:?}"),
        }
    }

    fn check(&self, store: &Store) {
        for (name, channel) in &self.channels {
            let known = store.channel(&token(name));
            assert_eq!(known.as_ref().map(|known| known.top), channel.top, "{name}");
            let Some(known) = known else { continue };
            let first = channel.kept.first().map(|(first, _)| first.seq());
            let first = first.unwrap_or_else(|| known.top.seq() + 1);
            assert_eq!((known.first, known.finished.is_some()), (first, channel.is_finished));
            assert_eq!(known.keys, channel.keys.len(), "keys of {name}");
            if !channel.is_finished {
                assert_eq!(known.retry, channel.retry, "{name}");
            }
            let kept = events(store, name);
            let kept: Vec<_> =
                kept.iter().map(|it| (it.position, crate::support::data(it))).collect();
            assert_eq!(kept, channel.kept, "{name}");
            for (position, _) in &kept {
                let range = known.epochs.iter().rev().find(|(first, _)| *first <= position.seq());
                let epoch = range.map(|&(_, epoch)| epoch);
                assert!(known.epochs.len() == 16 || epoch == Some(position.epoch()));
            }
        }
    }
}

#[test]
fn a_store_does_what_a_naive_model_does_through_restarts_kills_and_power_cuts() {
    for seed in 0..20 {
        let mut run = Run::new(seed);
        let mut store = Some(run.disk.open(run.config.clone()).expect("a new disk"));
        for step in 0..120 {
            let context = format!("seed {seed}, step {step}");
            let open = store.take().expect("it was opened");
            let open = match run.random.below(25) {
                0 => {
                    drop(open);
                    None
                }
                1 => {
                    run.disk = run.disk.restarted();
                    None
                }
                2 => {
                    let cut = run.disk.cut(&mut run.random);
                    run.disk = cut;
                    None
                }
                _ => Some(open),
            };
            let open = open.unwrap_or_else(|| {
                let opened = run.disk.open(run.config.clone());
                opened.unwrap_or_else(|error| panic!("{context}: {error}"))
            });
            let _context = Context(context);
            run.step(&open);
            if run.random.below(8) == 0 {
                run.check(&open);
            }
            store = Some(open);
        }
        run.check(store.as_ref().expect("it was opened"));
    }
}

/// Says on which step a test has failed.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if thread::panicking() {
            writeln!(io::stderr(), "{}", self.0).unwrap_or_default();
        }
    }
}
