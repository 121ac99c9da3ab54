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
pub(super) async fn read(mut bodies: Vec<Body>, rate: u64, taken: Taken, tally: Tally) {
    let begun = Instant::now();
    let mut read = vec![0; bodies.len()];
    let mut buffer = vec![0; PIECE];
    let share = bodies.len().div_ceil(VISITS);
    for first in (0..bodies.len()).step_by(share.max(1)).cycle() {
        sleep(VISIT).await;
        let allowed = begun.elapsed().as_nanos() * u128::from(rate) / 1_000_000_000;
        let visited = first..bodies.len().min(first + share);
        for (body, read) in bodies[visited.clone()].iter_mut().zip(&mut read[visited]) {
            match read_up_to(body, u64::try_from(allowed).unwrap_or(u64::MAX) - *read, &mut buffer)
            {
                Ok(count) => {
                    *read += count;
                    taken.bytes.set(taken.bytes.get() + count);
                }
                Err(_) => {
                    tally.seen().broken += 1;
                    return;
                }
            }
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
const PIECE: usize = 64 << 10;
