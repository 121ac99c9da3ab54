use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::time::sleep_until;

use super::{
    config::{Amount, Config},
    connection::Connection,
    latency,
    stamp::Stamp,
    template::Values,
};

/// What all publishers of a run share.
#[derive(Debug)]
pub(super) struct Publications {
    begun: Instant,
    next: Cell<u64>,
    /// By channel and publisher, how many events were acknowledged.
    acknowledged: RefCell<Vec<Vec<u64>>>,
    answers: Cell<u64>,
    refusals: Cell<u64>,
    /// From request to answer.
    latency: RefCell<latency::Histogram>,
}

/// An event that was sent and not yet answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    channel: usize,
    /// Since the beginning of the run.
    at: Duration,
}

impl Publications {
    pub(super) fn new(config: &Config, begun: Instant) -> Self {
        Self {
            begun,
            next: Cell::new(0),
            acknowledged: RefCell::new(vec![Vec::new(); config.channels]),
            answers: Cell::new(0),
            refusals: Cell::new(0),
            latency: RefCell::default(),
        }
    }

    /// How many events were acknowledged.
    pub(super) fn published(&self) -> u64 {
        self.answers.get()
    }

    /// How many were refused.
    pub(super) fn refused(&self) -> u64 {
        self.refusals.get()
    }

    /// How late the answers were.
    pub(super) fn latency(&self) -> latency::Latency {
        self.latency.borrow().quantiles()
    }

    /// How many events of each publisher were acknowledged for `channel`.
    pub(super) fn acknowledged(&self, channel: usize) -> Vec<u64> {
        self.acknowledged.borrow()[channel].clone()
    }

    /// The number of the next event to be published, if there is one, and when it is due.
    pub(super) fn take(&self, config: &Config, started: Instant) -> Option<(u64, Instant)> {
        let number = self.next.get();
        let due = config
            .rate
            .map_or(started, |rate| started + Duration::from_secs_f64(number as f64 / rate as f64));
        let is_over = match config.amount {
            Amount::Events(events) => events <= number,
            Amount::For(duration) => duration <= due.max(Instant::now()) - started,
            Amount::Silence(_) => true,
        };
        if is_over {
            return None;
        }
        self.next.set(number + 1);
        Some((number, due))
    }

    /// Counts the answer to what `publisher` had sent; whether the event was taken.
    pub(super) fn answered(&self, publisher: usize, sent: Sent, status: u16) -> bool {
        self.latency.borrow_mut().record(self.begun.elapsed().saturating_sub(sent.at));
        if !(200..300).contains(&status) {
            self.refusals.set(self.refused() + 1);
            return false;
        }
        self.answers.set(self.published() + 1);
        let mut acknowledged = self.acknowledged.borrow_mut();
        let acknowledged = &mut acknowledged[sent.channel];
        if acknowledged.len() <= publisher {
            acknowledged.resize(publisher + 1, 0);
        }
        acknowledged[publisher] += 1;
        true
    }
}

/// What one publisher writes.
#[derive(Debug)]
pub(super) struct Requests {
    publisher: usize,
    /// How many it has sent to each channel.
    sent: Vec<u64>,
    body: String,
}

impl Requests {
    pub(super) fn new(config: &Config, publisher: usize) -> Self {
        Self { publisher, sent: vec![0; config.channels], body: String::new() }
    }

    /// Appends the request that publishes event `number`.
    pub(super) fn write(
        &mut self,
        config: &Config,
        publications: &Publications,
        number: u64,
        out: &mut String,
    ) -> Sent {
        let channel = (number % config.channels as u64) as usize;
        let sent = Sent { channel, at: publications.begun.elapsed() };
        let stamp = Stamp { publisher: self.publisher, seq: self.sent[channel], sent: sent.at };
        self.sent[channel] += 1;
        let stamp = stamp.to_string();
        let values = Values { channel, stamp: &stamp, size: config.size, ..Values::default() };
        self.body.clear();
        config.body.write(values, &mut self.body);
        config.publish.head.write(Values { size: 0, ..values }, out);
        out.push_str(&format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body));
        sent
    }

    /// Gives the number of what was refused to the event that follows it.
    fn take_back(&mut self, sent: Sent) {
        self.sent[sent.channel] -= 1;
    }
}

/// Publishes, one event after the other, until there are no more.
pub(super) async fn publish(
    config: Rc<Config>,
    publications: Rc<Publications>,
    publisher: usize,
    started: Instant,
) -> io::Result<()> {
    let mut connection = Connection::open(&config.publish).await?;
    let mut requests = Requests::new(&config, publisher);
    let mut request = String::new();
    while let Some((number, due)) = publications.take(&config, started) {
        if config.rate.is_some() {
            sleep_until(due.into()).await;
        }
        request.clear();
        let sent = requests.write(&config, &publications, number, &mut request);
        let status = connection.exchange(&request).await?;
        if !publications.answered(publisher, sent, status) {
            requests.take_back(sent);
        }
    }
    Ok(())
}
