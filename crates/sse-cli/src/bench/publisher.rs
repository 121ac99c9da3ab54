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
}

impl Publications {
    pub(super) fn new(config: &Config, begun: Instant) -> Self {
        Self {
            begun,
            next: Cell::new(0),
            acknowledged: RefCell::new(vec![Vec::new(); config.channels]),
            answers: Cell::new(0),
            refusals: Cell::new(0),
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

    /// How many events of each publisher were acknowledged for `channel`.
    pub(super) fn acknowledged(&self, channel: usize) -> Vec<u64> {
        self.acknowledged.borrow()[channel].clone()
    }

    /// The number of the next event to be published, if there is one, and when it is due.
    fn take(&self, config: &Config, started: Instant) -> Option<(u64, Instant)> {
        let number = self.next.get();
        let due = config
            .rate
            .map_or(started, |rate| started + Duration::from_secs_f64(number as f64 / rate as f64));
        let is_over = match config.amount {
            Amount::Events(events) => events <= number,
            Amount::For(duration) => duration <= due.max(Instant::now()) - started,
        };
        if is_over {
            return None;
        }
        self.next.set(number + 1);
        Some((number, due))
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
    let (mut request, mut body) = (String::new(), String::new());
    // How many this publisher has sent to each channel.
    let mut sent = vec![0; config.channels];
    while let Some((number, due)) = publications.take(&config, started) {
        if config.rate.is_some() {
            sleep_until(due.into()).await;
        }
        let channel = (number % config.channels as u64) as usize;
        let stamp = Stamp { publisher, seq: sent[channel], sent: publications.begun.elapsed() };
        let stamp = stamp.to_string();
        let values = Values { channel, stamp: &stamp, size: config.size, ..Values::default() };
        body.clear();
        config.body.write(values, &mut body);
        request.clear();
        config.publish.head.write(Values { size: 0, ..values }, &mut request);
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let head = connection.send(&request).await?;
        connection.discard(head).await?;
        if !(200..300).contains(&head.status) {
            publications.refusals.set(publications.refused() + 1);
            continue;
        }
        sent[channel] += 1;
        publications.answers.set(publications.published() + 1);
        let mut acknowledged = publications.acknowledged.borrow_mut();
        let acknowledged = &mut acknowledged[channel];
        if acknowledged.len() <= publisher {
            acknowledged.resize(publisher + 1, 0);
        }
        acknowledged[publisher] += 1;
    }
    Ok(())
}
