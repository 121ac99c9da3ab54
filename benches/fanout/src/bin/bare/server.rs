use std::{
    collections::HashMap,
    io,
    mem::{self, MaybeUninit},
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use rustix::{
    event::{Timespec, epoll},
    fd::OwnedFd,
    io::{Errno, read},
    net::{self, AddressFamily, SendFlags, SocketFlags, SocketType, sockopt},
};

use crate::{
    clients::{Client, Clients, key},
    request::Request,
    wheel::Wheel,
};

/// A server that knows its clients by the numbers of their sockets.
pub struct Server {
    epoll: OwnedFd,
    listener: OwnedFd,
    clients: Clients,
    channels: HashMap<Vec<u8>, usize>,
    /// The listeners of each channel.
    crowds: Vec<Vec<usize>>,
    wheel: Option<Wheel>,
    event: Vec<u8>,
    buffer: Vec<u8>,
}

impl Server {
    pub fn bind(keepalive: Option<Duration>) -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let listener = net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        net::bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        net::listen(&listener, BACKLOG)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let data = epoll::EventData::new_u64(key(&listener) as u64);
        epoll::add(&epoll, &listener, data, epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            listener,
            clients: Clients::default(),
            channels: HashMap::new(),
            crowds: Vec::new(),
            wheel: keepalive.map(Wheel::new),
            event: Vec::new(),
            buffer: vec![0; BUFFER],
        })
    }

    pub fn url(&self) -> io::Result<String> {
        let address = SocketAddrV4::try_from(net::getsockname(&self.listener)?)?;
        Ok(format!("http://{address}"))
    }

    pub fn run(&mut self) -> io::Result<()> {
        let mut room = [const { MaybeUninit::<epoll::Event>::uninit() }; 256];
        loop {
            let wait = self.wheel.as_ref().map(Wheel::wait);
            let wait = wait.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
            let ready = match epoll::wait(&self.epoll, &mut room[..], wait.as_ref()) {
                Err(Errno::INTR) => continue,
                ready => ready?.0,
            };
            for event in ready {
                let key = event.data.u64() as usize;
                if key == crate::clients::key(&self.listener) {
                    self.accept()?;
                } else if self.serve(key).is_err() {
                    self.drop_client(key);
                }
            }
            while let Some(slot) = self.wheel.as_mut().and_then(Wheel::advance) {
                self.keep_alive(slot);
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        loop {
            let socket = match net::accept_with(&self.listener, flags) {
                Err(Errno::AGAIN) => return Ok(()),
                // The client has gone already.
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                socket => socket?,
            };
            sockopt::set_tcp_nodelay(&socket, true)?;
            let data = epoll::EventData::new_u64(key(&socket) as u64);
            epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN)?;
            self.clients.add(socket);
        }
    }

    /// Answers all requests that have come.
    fn serve(&mut self, key: usize) -> io::Result<()> {
        let client = self.clients.get(key).ok_or(Errno::BADF)?;
        let mut buffer = mem::take(&mut self.buffer);
        let count = read(&client.socket, &mut buffer);
        let outcome = match count {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.serve_all(key, &buffer[..count]),
            Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        };
        self.buffer = buffer;
        outcome
    }

    fn serve_all(&mut self, key: usize, read: &[u8]) -> io::Result<()> {
        let client = self.clients.get(key).ok_or(Errno::BADF)?;
        if client.listens.is_some() {
            // What a listener sends is of no interest.
            return Ok(());
        }
        let mut joined = mem::take(&mut client.unread);
        if !joined.is_empty() {
            joined.extend_from_slice(read);
        }
        let mut input = if joined.is_empty() { read } else { &joined[..] };
        while let Some(request) = Request::take(&mut input) {
            match request {
                Request::Listen { channel } => return self.listen(key, channel),
                Request::Publish { channel, data } => {
                    self.publish(channel, data);
                    self.answer(key, OK)?;
                }
                Request::Other => self.answer(key, NOT_FOUND)?,
            }
        }
        let client = self.clients.get(key).ok_or(Errno::BADF)?;
        client.unread = input.to_vec();
        Ok(())
    }

    fn answer(&mut self, key: usize, answer: &[u8]) -> io::Result<()> {
        let client = self.clients.get(key).ok_or(Errno::BADF)?;
        send(client, answer)
    }

    fn listen(&mut self, key: usize, channel: &[u8]) -> io::Result<()> {
        self.answer(key, HEAD)?;
        let list = match self.channels.get(channel) {
            Some(&list) => list,
            None => {
                self.channels.insert(channel.to_vec(), self.crowds.len());
                self.crowds.push(Vec::new());
                self.crowds.len() - 1
            }
        };
        self.clients.put(key, &mut self.crowds, list, |client| &mut client.listens);
        if let Some(wheel) = &mut self.wheel {
            let slot = wheel.seat();
            // Its first turn ends at its seat, which is up to a turn away.
            if let Some(client) = self.clients.get(key) {
                client.written = wheel.tick - wheel.slots.len() as u64;
            }
            self.clients.put(key, &mut wheel.slots, slot, |client| &mut client.waits);
        }
        Ok(())
    }

    /// Sends an event to each listener.
    fn publish(&mut self, channel: &[u8], data: &[u8]) {
        let Some(&crowd) = self.channels.get(channel) else { return };
        let mut event = mem::take(&mut self.event);
        event.clear();
        for part in [b"event: ping\ndata: ", data, b"\n\n"] {
            event.extend_from_slice(part);
        }
        let tick = self.wheel.as_ref().map_or(0, |wheel| wheel.tick);
        // The place of one that is dropped goes to the last one, which had its turn.
        for index in (0..self.crowds[crowd].len()).rev() {
            let key = self.crowds[crowd][index];
            let Some(client) = self.clients.get(key) else { continue };
            client.written = tick;
            if send(client, &event).is_err() {
                self.drop_client(key);
            }
        }
        self.event = event;
    }

    /// Sends a comment to those in `slot` that have had a turn of silence; the others are seated where
    /// their turn ends.
    fn keep_alive(&mut self, slot: usize) {
        let Some(wheel) = &self.wheel else { return };
        for index in (0..wheel.slots[slot].len()).rev() {
            let Some(wheel) = &mut self.wheel else { return };
            let key = wheel.slots[slot][index];
            let Some(client) = self.clients.get(key) else { continue };
            if wheel.is_due(client.written) {
                client.written = wheel.tick;
                if send(client, COMMENT).is_err() {
                    self.drop_client(key);
                }
            } else if let (end, Some(place)) = (wheel.slot(client.written), client.waits)
                && end != slot
            {
                self.clients.take_out(&mut wheel.slots, place, |client| &mut client.waits);
                self.clients.put(key, &mut wheel.slots, end, |client| &mut client.waits);
            }
        }
    }

    fn drop_client(&mut self, key: usize) {
        let Some(client) = self.clients.remove(key) else { return };
        if let Some(place) = client.listens {
            self.clients.take_out(&mut self.crowds, place, |client| &mut client.listens);
        }
        if let (Some(place), Some(wheel)) = (client.waits, &mut self.wheel) {
            self.clients.take_out(&mut wheel.slots, place, |client| &mut client.waits);
        }
    }
}

/// One `send`; a socket that does not take all of it is full.
fn send(client: &Client, bytes: &[u8]) -> io::Result<()> {
    match net::send(&client.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)? {
        sent if sent == bytes.len() => Ok(()),
        _ => Err(Errno::AGAIN.into()),
    }
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache\r\nconnection: close\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
const COMMENT: &[u8] = b":\n\n";
const BACKLOG: i32 = 4096;
const BUFFER: usize = 64 << 10;
