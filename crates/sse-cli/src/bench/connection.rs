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
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some((head, len)) = parse(&self.read)? {
                self.read.drain(..len);
                return Ok(head);
            }
            self.fill().await?;
        }
    }

    /// Reads the body of an answer and throws it away.
    pub(super) async fn discard(&mut self, head: Head) -> io::Result<()> {
        if head.is_chunked {
            let mut chunked = Chunked::default();
            loop {
                let mut input = &self.read[..];
                while chunked.decode(&mut input)?.is_some() {}
                let left = input.len();
                self.read.drain(..self.read.len() - left);
                if chunked.is_over() {
                    return Ok(());
                }
                self.fill().await?;
            }
        }
        let mut left = head.len.unwrap_or(0);
        loop {
            let taken = left.min(self.read.len() as u64);
            self.read.drain(..taken as usize);
            left -= taken;
            if left == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// What remains is the body of an endless answer.
    pub(super) fn into_body(self, head: Head) -> Body {
        let chunked = head.is_chunked.then(Chunked::default);
        Body { stream: self.stream, first: self.read, chunked }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The body of an endless answer.
#[derive(Debug)]
pub(super) struct Body {
    stream: TcpStream,
    first: Vec<u8>,
    chunked: Option<Chunked>,
}

impl Body {
    /// Waits for bytes, reads them by way of `buffer`, which is of use to others while this waits, and
    /// gives each piece of the body to `take`; false at the end.
    pub(super) async fn read(
        &mut self,
        buffer: &RefCell<[u8; BUFFER]>,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let first = mem::take(&mut self.first);
        if !first.is_empty() {
            return self.take(&first, &mut take);
        }
        loop {
            self.stream.readable().await?;
            let mut buffer = buffer.borrow_mut();
            match self.stream.try_read(&mut *buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => return self.take(&buffer[..count], &mut take),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                Err(error) => return Err(error),
            }
        }
    }

    fn take(
        &mut self,
        mut input: &[u8],
        take: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let Some(chunked) = &mut self.chunked else {
            take(input)?;
            return Ok(true);
        };
        while let Some(data) = chunked.decode(&mut input)? {
            take(data)?;
        }
        Ok(!chunked.is_over())
    }
}

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
