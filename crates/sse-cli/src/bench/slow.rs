use std::{
    cell::Cell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::time::sleep;

use super::{
    config::{Endpoint, Slow},
    connection::{Body, Connection},
    listener,
    tally::Tally,
};

/// What the listeners that read slowly have got.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    bytes: Rc<Cell<u64>>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct SlowReport {
    listeners: usize,
    pub(super) bytes: u64,
}

impl Taken {
    pub(super) fn report(&self, slow: &Slow) -> SlowReport {
        SlowReport { listeners: slow.listeners, bytes: self.bytes.get() }
    }
}

/// Opens the listeners that read slowly.
pub(super) async fn open(slow: &Slow) -> io::Result<Vec<Body>> {
    let mut bodies = Vec::new();
    for listener in 0..slow.listeners {
        bodies.push(open_one(&slow.listen, listener).await?);
    }
    Ok(bodies)
}

async fn open_one(endpoint: &Endpoint, listener: usize) -> io::Result<Body> {
    let mut connection = Connection::open(endpoint).await?;
    let head = connection.send(&listener::request(endpoint, 0, listener)).await?;
    match head.status {
        200 => Ok(connection.into_body(head)),
        status => Err(io::Error::other(format!("listening slowly was answered {status}"))),
    }
}

/// Reads from each of `bodies` at most `rate` bytes a second. Each is visited every few milliseconds, and
/// not all at once: those who measure on this thread must hardly notice.
pub(super) async fn read(bodies: Vec<Body>, rate: u64, taken: Taken, tally: Tally) {
    let begun = Instant::now();
    let allowed_in = |time: Duration| {
        u64::try_from(time.as_nanos() * u128::from(rate) / 1_000_000_000).unwrap_or(u64::MAX)
    };
    let mut read = vec![0; bodies.len()];
    let mut buffer = vec![0; PIECE];
    let share = bodies.len().div_ceil(VISITS);
    for first in (0..bodies.len()).step_by(share.max(1)).cycle() {
        sleep(VISIT).await;
        let allowed = allowed_in(begun.elapsed());
        let visited = first..bodies.len().min(first + share);
        for (body, read) in bodies[visited.clone()].iter().zip(&mut read[visited]) {
            // What was not there to be read in time is not caught up on all at once.
            *read = (*read).max(allowed.saturating_sub(allowed_in(CAUGHT_UP)));
            let Ok(count) = read_up_to(body, allowed - *read, &mut buffer) else {
                tally.seen().broken += 1;
                return;
            };
            *read += count;
            taken.bytes.set(taken.bytes.get() + count);
        }
    }
}

fn read_up_to(body: &Body, bytes: u64, buffer: &mut [u8]) -> io::Result<u64> {
    let mut read = 0;
    while read < bytes {
        let len = buffer.len().min(usize::try_from(bytes - read).unwrap_or(usize::MAX));
        match body.try_read(&mut buffer[..len]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => read += count as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// In how many parts the listeners are visited, one after the other.
const VISITS: usize = 10;
const VISIT: Duration = Duration::from_millis(1);
const CAUGHT_UP: Duration = Duration::from_millis(50);
const PIECE: usize = 64 << 10;
