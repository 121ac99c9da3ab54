//! Connections that are cut after any byte: with the ID that the client then has, it is told what it
//! was not told before.

use sse_core::{
    Decoder, Item,
    channel::{Mode, OnOverrun},
    event::EventId,
    history::{Since, Start},
};

use crate::support::{World, bounded, history, quiet, token};

#[test]
fn a_gap_is_told_wherever_the_stream_that_tells_it_is_cut() {
    let config = quiet().with_mode(Mode::Shared).with_history(history().with_max_events(3));
    let world = World::new(config);
    let ids: Vec<EventId> = (0..10).map(|n| world.publish("t", &n.to_string())).collect();
    let (_, epoch) = ids[0].as_str().split_once('.').unwrap();

    for last in [
        ids[0].as_str().to_owned(),
        "1.abcdefgh".to_owned(),
        format!("11.{epoch}"),
        "not an id of ours".to_owned(),
    ] {
        let stream = world.read(&mut world.resume("t", &last));
        for cut in 0..=stream.len() {
            let mut client = Client::new(&last);
            client.read(&stream.as_bytes()[..cut]);
            client.come_back(&world);
            assert_eq!(client.gaps, 1, "{last} cut at {cut} of {stream}");
            assert_eq!(client.data, ["7", "8", "9"], "{last} cut at {cut}");
        }
    }
}

#[test]
fn a_stream_that_opens_is_opened_wherever_it_is_cut_and_nothing_is_lost_or_comes_twice() {
    let world = World::new(quiet().with_mode(Mode::Shared).with_history(history()));
    let ids: Vec<EventId> = (0..4).map(|n| world.publish("t", &n.to_string())).collect();
    let stream = world.read(&mut world.resume("t", &ids[0]));

    for cut in 0..=stream.len() {
        let mut client = Client::new(ids[0].as_str());
        client.read(&stream.as_bytes()[..cut]);
        client.come_back(&world);

        assert!(0 < client.opens && client.gaps == 0, "cut at {cut} of {stream}");
        assert_eq!(client.data, ["1", "2", "3"], "cut at {cut} of {stream}");
    }
}

#[test]
fn what_is_published_while_a_new_client_is_away_is_not_lost_once_its_stream_was_open() {
    let start = Start::default().with_since(Since::Earliest);
    for since_earliest in [false, true] {
        let mut cut = 0;
        loop {
            let world = World::new(quiet().with_mode(Mode::Shared).with_history(history()));
            world.publish("t", "before");
            let start = if since_earliest { start.clone() } else { Start::default() };
            let mut listener = world.hub.subscribe_from(&token("t"), &start, world.now).unwrap();
            let stream = world.read(&mut listener);
            drop(listener);
            if stream.len() < cut {
                break;
            }
            let mut client = Client::new("");
            client.read(&stream.as_bytes()[..cut]);
            let was_open = client.opens == 1;
            world.publish("t", "meanwhile");
            client.come_back(&world);

            assert!(0 < client.opens && client.gaps == 0, "cut at {cut} of {stream}");
            let expected: &[&str] = match (was_open, since_earliest) {
                (true, true) => &["before", "meanwhile"],
                (true, false) => &["meanwhile"],
                (false, _) => &[],
            };
            assert_eq!(client.data, expected, "cut at {cut} of {stream}");
            cut += 1;
        }
    }
}

#[test]
fn a_gap_in_the_middle_of_a_stream_is_told_wherever_the_stream_is_cut() {
    let config = bounded(1_000).with_mode(Mode::Shared).with_on_overrun(OnOverrun::Gap);
    let world = World::new(config.with_history(history().with_max_events(2)));
    let mut slow = world.listen("t");
    let first = world.publish("t", "first");
    world.read(&mut slow);
    let sent: Vec<_> = (0..20).map(|n| (world.publish("t", &n.to_string()), n)).collect();
    let stream = world.read(&mut slow);

    for cut in 0..=stream.len() {
        let mut client = Client::new(first.as_str());
        client.read(&stream.as_bytes()[..cut]);
        client.come_back(&world);

        let missed = sent.len() - client.data.len();
        assert!(0 < client.gaps, "cut at {cut} of {stream}");
        assert_eq!(client.missed, missed as u64, "cut at {cut} of {stream}");
        assert_eq!(client.data.last().unwrap(), "19");
    }
}

/// A client that decodes what it reads and comes back with the ID that it has then.
struct Client {
    last_event_id: String,
    opens: usize,
    gaps: usize,
    missed: u64,
    data: Vec<String>,
}

impl Client {
    fn new(last_event_id: &str) -> Self {
        let last_event_id = last_event_id.to_owned();
        Self { last_event_id, opens: 0, gaps: 0, missed: 0, data: Vec::new() }
    }

    fn read(&mut self, mut stream: &[u8]) {
        let mut decoder = Decoder::new().with_last_event_id(self.last_event_id.as_str());
        while let Some(item) = decoder.decode(&mut stream).unwrap() {
            let Item::Event(event) = item else { continue };
            match event.name() {
                "sse.open" => self.opens += 1,
                "sse.gap" => {
                    self.gaps += 1;
                    let (_, missed) = event.data().split_once("\"missed\":").unwrap();
                    self.missed += missed.trim_end_matches('}').parse().unwrap_or(0);
                }
                _ => self.data.push(event.data().to_owned()),
            }
        }
        decoder.last_event_id().clone_into(&mut self.last_event_id);
    }

    fn come_back(&mut self, world: &World) {
        let mut listener = match self.last_event_id.as_str() {
            "" => world.listen("t"),
            id => world.resume("t", id),
        };
        let stream = world.read(&mut listener);
        self.read(stream.as_bytes());
    }
}
