use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{
    task::{JoinHandle, spawn_local},
    time::sleep,
};

use super::{config::Config, connection::Connection, crowd::Crowd, listener, process::Holdings};

/// The connections of listeners that come and go.
#[derive(Debug)]
pub(super) struct Churn {
    config: Rc<Config>,
    crowd: Crowd,
    /// The task of each listener that is there.
    seats: RefCell<Vec<Option<JoinHandle<()>>>>,
    random: Cell<u64>,
    opened: Cell<u64>,
}

/// What the server holds when the connections have come and gone.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ChurnReport {
    /// How many connections were opened beside those of the beginning.
    pub(super) opened: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Holdings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Holdings>,
}

impl Churn {
    pub(super) fn new(config: Rc<Config>, crowd: Crowd, tasks: Vec<JoinHandle<()>>) -> Self {
        let seats = tasks.into_iter().map(Some).collect();
        Self {
            config,
            crowd,
            seats: RefCell::new(seats),
            random: Cell::new(SEED),
            opened: Cell::new(0),
        }
    }

    /// Opens and closes connections for ever, `rate` a second.
    pub(super) async fn run(self: Rc<Self>, rate: usize) {
        let begun = Instant::now();
        let mut changed = 0;
        loop {
            sleep(PACE).await;
            let due = (begun.elapsed().as_secs_f64() * rate as f64) as u64;
            while changed < due {
                self.change();
                changed += 1;
            }
        }
    }

    /// Closes all connections; returns how many were opened.
    pub(super) fn leave(&self) -> u64 {
        for task in self.seats.borrow_mut().iter_mut().filter_map(Option::take) {
            task.abort();
        }
        self.opened.get()
    }

    /// Closes a connection, or opens it if it is closed.
    fn change(self: &Rc<Self>) {
        let mut seats = self.seats.borrow_mut();
        let number = self.random(seats.len());
        match seats[number].take() {
            Some(task) => task.abort(),
            None => {
                let how = self.random(HOW);
                self.opened.set(self.opened.get() + 1);
                seats[number] = Some(spawn_local(self.clone().open(number, how)));
            }
        }
    }

    async fn open(self: Rc<Self>, number: usize, how: usize) {
        match how {
            0 => drop(self.send_part(number, 2).await),
            1 => drop(self.send_part(number, 1).await),
            _ => self.crowd.join(number).await,
        }
    }

    /// Sends the request, or a part of it, and goes away.
    async fn send_part(&self, number: usize, parts: usize) -> io::Result<()> {
        let endpoint = &self.config.listen;
        let request = listener::request(endpoint, number % self.config.channels, number);
        Connection::open(endpoint).await?.write(&request[..request.len() / parts]).await
    }

    /// A number below `bound` by xorshift: the same in each run.
    fn random(&self, bound: usize) -> usize {
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.random.set(random);
        (random % bound as u64) as usize
    }
}

const SEED: u64 = 0x2545_f491_4f6c_dd1d;

const PACE: Duration = Duration::from_millis(1);

/// One in so many connections goes away without an answer, and one in the middle of its request.
const HOW: usize = 8;
