use std::{cell::RefCell, io, mem};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{chunked::Chunked, config::Endpoint};

/// A connection that takes one request after another.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What an answer says before its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// None for a body that comes in chunks or up to the end.
    len: Option<u64>,
    is_chunked: bool,
}

impl Connection {
    pub(super) async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Sends `request` and reads the head of the answer.
    pub(super) async fn send(&mut self, request: &str) -> io::Result<Head> {
        self.write(request).await?;
        loop {
            if let Some((head, len)) = parse(&self.read)? {
                self.read.drain(..len);
                return Ok(head);
            }
            self.fill().await?;
        }
    }

    /// Sends `request`, reads the answer and returns its status.
    pub(super) async fn exchange(&mut self, request: &str) -> io::Result<u16> {
        self.write(request).await?;
        loop {
            let mut status = None;
            self.take_answers(|answer| status = Some(answer))?;
            if let Some(status) = status {
                return Ok(status);
            }
            self.fill().await?;
        }
    }

    pub(super) async fn write(&mut self, requests: &str) -> io::Result<()> {
        self.stream.write_all(requests.as_bytes()).await
    }

    /// Waits for bytes. If it is dropped meanwhile, nothing is lost.
    pub(super) async fn fill(&mut self) -> io::Result<()> {
        // A vector without room for more grows by 64 bytes: an answer would take several reads.
        self.read.reserve(ANSWER);
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Takes the answers that have come as a whole and gives the status of each to `take`.
    pub(super) fn take_answers(&mut self, mut take: impl FnMut(u16)) -> io::Result<()> {
        let mut input = &self.read[..];
        while let Some((head, len)) = parse(input)?
            && let Some(rest) = head.skip_body(&input[len..])?
        {
            input = rest;
            take(head.status);
        }
        let left = input.len();
        self.read.drain(..self.read.len() - left);
        Ok(())
    }

    /// What remains is the body of an endless answer.
    pub(super) fn into_body(self, head: Head) -> Body {
        Body { stream: self.stream, first: self.read, is_chunked: head.is_chunked }
    }
}

impl Head {
    /// What follows the body, if all of it is in `input`.
    fn skip_body(self, mut input: &[u8]) -> io::Result<Option<&[u8]>> {
        if !self.is_chunked {
            let len = usize::try_from(self.len.unwrap_or(0)).map_err(io::Error::other)?;
            return Ok(input.get(len..));
        }
        let mut chunked = Chunked::default();
        while chunked.decode(&mut input)?.is_some() {}
        Ok(chunked.is_over().then_some(input))
    }
}

/// The body of an endless answer.
#[derive(Debug)]
pub(super) struct Body {
    stream: TcpStream,
    first: Vec<u8>,
    /// Whether what is read are the chunks of the body.
    pub(super) is_chunked: bool,
}

impl Body {
    /// Waits for bytes, reads them by way of `buffer`, which is of use to others while this waits, and
    /// gives them to `take`; false at the end.
    pub(super) async fn read(
        &mut self,
        buffer: &RefCell<[u8; BUFFER]>,
        take: impl FnOnce(&[u8]) -> io::Result<bool>,
    ) -> io::Result<bool> {
        let first = mem::take(&mut self.first);
        if !first.is_empty() {
            return take(&first);
        }
        loop {
            self.stream.readable().await?;
            let mut buffer = buffer.borrow_mut();
            match self.stream.try_read(&mut *buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => return take(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what there is, chunks and all.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }
}

/// More than an answer has as a rule.
const ANSWER: usize = 1 << 10;

/// How much is read at once.
pub(super) const BUFFER: usize = 64 << 10;

fn parse(read: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(read).map_err(io::Error::other)?;
    let httparse::Status::Complete(len) = parsed else {
        return Ok(None);
    };
    let find = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| str::from_utf8(header.value).ok())
    };
    let head = Head {
        status: response.code.unwrap_or(0),
        len: find("content-length").and_then(|len| len.trim().parse().ok()),
        is_chunked: find("transfer-encoding").is_some_and(|value| value.contains("chunked")),
    };
    Ok(Some((head, len)))
}
