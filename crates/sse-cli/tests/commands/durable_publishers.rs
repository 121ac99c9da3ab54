//! Publishers that ask again under the same key until they are told what became of it.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::atomic::Ordering,
    thread,
    time::Instant,
};

use sse_core::history::Position;

use crate::{
    durable::{CHANNELS, Load, RETRY, channel},
    support::HANG,
};

/// A publisher with a connection that it keeps while it can.
pub(crate) struct Publisher<'a> {
    load: &'a Load,
    number: usize,
    published: usize,
    connection: Option<BufReader<TcpStream>>,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(load: &'a Load, number: usize) -> Self {
        Self { load, number, published: 0, connection: None }
    }

    /// Publishes to one channel after the other until all is over.
    pub(crate) fn run(mut self) {
        while !self.load.is_over.load(Ordering::Relaxed) {
            let to = (self.number * 7 + self.published) % CHANNELS;
            let data = format!("{}.{}", self.number, self.published);
            self.publish(to, &data);
        }
    }

    /// Publishes `data`, and asks again until it is known what became of it.
    pub(crate) fn publish(&mut self, to: usize, data: &str) {
        self.published += 1;
        let channel = channel(to);
        let checked = self.load.checker.publish(&channel, "ping", &[data]);
        let begun = Instant::now();
        while begun.elapsed() < HANG {
            match self.post(&channel, data) {
                Ok((200, Some(position))) => {
                    checked.acknowledge(position);
                    self.load.acknowledged.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Ok((503, None)) => (),
                Ok(answer) => panic!("a POST is answered with {answer:?}"),
                Err(_) => self.connection = None,
            }
            checked.leave_unknown();
            thread::sleep(RETRY);
        }
        panic!("{data:?} is never acknowledged");
    }

    /// The status of the answer to a POST, and the position that it names.
    fn post(&mut self, channel: &str, data: &str) -> io::Result<(u16, Option<Position>)> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(connect(self.load)?),
        };
        let request = format!(
            "POST /ping/{channel} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {}.{}\r\n\
             Content-Length: {}\r\n\r\n{data}",
            self.number,
            self.published,
            data.len(),
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let status = line(connection)?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let (mut len, mut position) = (0, None);
        loop {
            let line = line(connection)?;
            let Some((name, value)) = line.split_once(": ") else { break };
            match &*name.to_ascii_lowercase() {
                "content-length" => len = value.parse().unwrap(),
                "sse-id" => position = Position::parse(value.as_bytes()),
                _ => (),
            }
        }
        connection.read_exact(&mut vec![0; len])?;
        Ok((status, position))
    }
}

fn connect(load: &Load) -> io::Result<BufReader<TcpStream>> {
    let connection = TcpStream::connect(load.addr())?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(HANG))?;
    Ok(BufReader::new(connection))
}

fn line(connection: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
