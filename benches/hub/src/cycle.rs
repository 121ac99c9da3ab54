use std::{
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use sse_core::{
    Hub, Token,
    channel::Output,
    hub::{Post, Subscriber},
};

use crate::case::{CASES, Case, REMEMBERED};

/// Runs the cycles of the case of that name; none, if no case has it.
pub fn run(name: &str) {
    let Some(case) = CASES.iter().find(|case| case.name == name) else { return };
    let mut stage = Stage::warm(case);
    for _ in 0..case.cycles() {
        stage.tick();
        publish_counted(&stage);
        read_counted(&mut stage);
    }
}

/// One publication after the other, each read before the next one comes.
struct Stage {
    hub: Arc<Hub>,
    token: Token,
    body: Vec<u8>,
    is_batch: bool,
    listeners: Vec<Subscriber>,
    now: Instant,
}

impl Stage {
    /// With a full history, and every buffer as large as it gets.
    fn warm(case: &Case) -> Self {
        let (hub, token) =
            (Hub::new(case.hub()), Token::new("channel-00000").expect("it is short"));
        let (body, is_batch) = (case.body(), case.events != 1);
        let mut stage =
            Self { hub, token, body, is_batch, listeners: Vec::new(), now: Instant::now() };
        // The first listener fills the history alone: for a crowd that would take long.
        stage.listen();
        stage.cycle(2 * REMEMBERED / case.events);
        while stage.listeners.len() < case.listeners {
            stage.listen();
        }
        stage.cycle(10);
        stage
    }

    fn listen(&mut self) {
        let listener = self.hub.subscribe(&self.token, self.now).expect("there is a place");
        self.listeners.push(listener);
        self.read();
    }

    fn cycle(&mut self, times: usize) {
        for _ in 0..times {
            self.tick();
            self.publish();
            self.read();
        }
    }

    /// All cycles together take whole seconds, so that it makes no difference in which part of one
    /// they begin.
    fn tick(&mut self) {
        self.now += Duration::from_millis(10);
    }

    fn publish(&self) {
        let Self { hub, token, body, now, .. } = self;
        let published = if self.is_batch {
            hub.post(token, &Post::new("ping", body).with_batch(), *now)
        } else {
            hub.publish(token, "ping", body, *now)
        };
        published.expect("someone listens").wake();
    }

    /// Lets all read until they wait, and returns how many bytes that were.
    fn read(&mut self) -> usize {
        self.listeners.iter_mut().map(|listener| read(listener, self.now)).sum()
    }
}

/// Callgrind is given its name, and counts what happens in it.
#[inline(never)]
fn publish_counted(stage: &Stage) {
    stage.publish();
}

/// Callgrind is given its name, and counts what happens in it.
#[inline(never)]
fn read_counted(stage: &mut Stage) {
    let read = stage.read();
    assert!(stage.listeners.len() * stage.body.len() <= read, "{read} bytes");
}

/// Reads until there is nothing more, and returns how many bytes that were.
pub fn read(listener: &mut Subscriber, now: Instant) -> usize {
    let mut len = 0;
    loop {
        match listener.poll_output(Waker::noop(), now) {
            Output::Write(bytes) => len += bytes.len(),
            Output::Wait { .. } => return len,
            ended => panic!("the stream ended: {ended:?}"),
        }
    }
}
