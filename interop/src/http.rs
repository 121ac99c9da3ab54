use std::{
    collections::VecDeque,
    error::Error,
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::{http1, http2},
    http::request::Builder,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_core::{Decoder, Item};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpSocket,
    task::JoinSet,
    time::timeout,
};

use crate::{Outcome, tls};

/// How a client speaks to a proxy.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Version {
    Http1,
    /// Without TLS, and without asking for it first.
    Http2,
    /// Over TLS, as browsers do.
    Http2Tls,
}

impl Version {
    /// The beginning of a request, a GET unless it is changed.
    pub(crate) fn request(self, authority: &str, path: &str) -> Builder {
        match self {
            Self::Http1 => Request::get(path).header("host", authority),
            Self::Http2 => Request::get(format!("http://{authority}{path}")),
            Self::Http2Tls => Request::get(format!("https://{authority}{path}")),
        }
    }
}

/// What a client asks for.
#[derive(Clone)]
pub(crate) struct Listen {
    pub(crate) addr: SocketAddr,
    pub(crate) version: Version,
    /// The address that it comes from.
    pub(crate) from: Ipv4Addr,
    /// The address that it says it comes from, if it says any.
    pub(crate) forwarded_for: &'static str,
    pub(crate) token: String,
    pub(crate) last_event_id: String,
    /// Whether it takes answers that are compressed, as every browser does.
    pub(crate) gzip: bool,
    /// Whether it has the headers of an `EventSource` of a browser.
    pub(crate) browser: bool,
}

impl Listen {
    /// A program that says nothing beyond what it must.
    pub(crate) fn new(addr: SocketAddr, version: Version, token: impl Into<String>) -> Self {
        Self {
            addr,
            version,
            from: Ipv4Addr::LOCALHOST,
            forwarded_for: "",
            token: token.into(),
            last_event_id: String::new(),
            gzip: false,
            browser: false,
        }
    }

    /// Sends it on a connection of its own and waits for the head of the answer.
    pub(crate) async fn open(&self, patience: Duration) -> Outcome<Stream> {
        let open = async {
            let mut connection = Connection::open_from(self.from, self.addr, self.version).await?;
            let mut stream = self.open_on(&mut connection).await?;
            stream.connection = Some(connection);
            Ok(stream)
        };
        timeout(patience, open).await.map_err(|_elapsed| "no head of an answer")?
    }

    /// Sends it on a connection that may serve again afterwards.
    pub(crate) async fn open_on(&self, connection: &mut Connection) -> Outcome<Stream> {
        let response = connection.send(self.request()?).await?;
        let (head, body) = response.into_parts();
        let coding = head.headers.get("content-encoding");
        let gzip = coding.is_some_and(|coding| coding == "gzip");
        Ok(Stream {
            status: head.status.as_u16(),
            body,
            inflate: gzip.then(|| GzDecoder::new(Vec::new())),
            decoder: Decoder::new().with_last_event_id(self.last_event_id.clone()),
            read: VecDeque::new(),
            connection: None,
        })
    }

    fn request(&self) -> Outcome<Request<Full<Bytes>>> {
        let authority = format!("127.0.0.1:{}", self.addr.port());
        let mut request = self.version.request(&authority, &format!("/poll/{}", self.token));
        if self.gzip {
            request = request.header("accept-encoding", "gzip, br");
        }
        if !self.forwarded_for.is_empty() {
            request = request.header("x-forwarded-for", self.forwarded_for);
        }
        if !self.last_event_id.is_empty() {
            request = request.header("last-event-id", &self.last_event_id);
        }
        if self.browser {
            request = request
                .header("accept", "text/event-stream")
                .header("cache-control", "no-cache")
                .header("sec-fetch-mode", "cors")
                .header("sec-fetch-site", "same-origin")
                .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        }
        Ok(request.body(Full::default())?)
    }
}

/// An answer that is read event by event. Dropping it closes its connection.
pub(crate) struct Stream {
    pub(crate) status: u16,
    body: Incoming,
    inflate: Option<GzDecoder<Vec<u8>>>,
    decoder: Decoder,
    read: VecDeque<Seen>,
    /// Kept open for it, where nobody else does.
    connection: Option<Connection>,
}

/// What a stream brought.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    Event { name: String, data: String },
    Retry(Duration),
}

impl Stream {
    pub(crate) fn is_compressed(&self) -> bool {
        self.inflate.is_some()
    }

    pub(crate) fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The next event or reconnection time; none at a clean end.
    pub(crate) async fn next(&mut self) -> Outcome<Option<Seen>> {
        loop {
            if let Some(seen) = self.read.pop_front() {
                return Ok(Some(seen));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            if let Ok(bytes) = frame?.into_data() {
                self.take(&bytes)?;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Outcome {
        let inflated = match &mut self.inflate {
            None => None,
            Some(inflate) => {
                inflate.write_all(bytes)?;
                inflate.flush()?;
                Some(std::mem::take(inflate.get_mut()))
            }
        };
        let mut input = inflated.as_deref().unwrap_or(bytes);
        while let Some(item) = self.decoder.decode(&mut input)? {
            match item {
                Item::Event(event) => self.read.push_back(Seen::Event {
                    name: event.name().to_owned(),
                    data: event.data().to_owned(),
                }),
                Item::Retry(time) => self.read.push_back(Seen::Retry(time)),
                Item::Comment(_) | Item::Dropped(_) => {}
            }
        }
        Ok(())
    }

    /// The next event of the name `ping`, for as long as `patience`.
    pub(crate) async fn ping(&mut self, patience: Duration) -> Outcome<String> {
        self.event("ping", patience).await
    }

    /// The data of the next event of that name; what comes before it is passed over.
    pub(crate) async fn event(&mut self, wanted: &str, patience: Duration) -> Outcome<String> {
        let next = async {
            loop {
                match self.next().await? {
                    Some(Seen::Event { name, data }) if name == wanted => return Ok(data),
                    Some(_) => {}
                    None => return Err(format!("the stream ends before `{wanted}`").into()),
                }
            }
        };
        let event = timeout(patience, next).await;
        event.unwrap_or_else(|_elapsed| Err(format!("`{wanted}` does not come").into()))
    }
}

/// Posts `data` and returns the status of the answer.
pub(crate) async fn post(addr: SocketAddr, path: &str, data: &str) -> Outcome<u16> {
    let request = Request::post(path).header("host", addr.to_string());
    let request = request.body(Full::from(data.to_owned()))?;
    let answer = async {
        let mut connection = Connection::open(addr, Version::Http1).await?;
        Ok(connection.send(request).await?.status().as_u16())
    };
    let answer = timeout(Duration::from_secs(20), answer).await;
    answer.map_err(|_elapsed| "a POST is not answered")?
}

/// A connection. Dropping it closes it.
pub(crate) struct Connection {
    sender: Sender,
    _driver: JoinSet<()>,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    pub(crate) async fn open(addr: SocketAddr, version: Version) -> Outcome<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST, addr, version).await
    }

    /// Opens one whose own end has the address `from`, of which a loopback interface has many.
    pub(crate) async fn open_from(
        from: Ipv4Addr,
        addr: SocketAddr,
        version: Version,
    ) -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        if from != Ipv4Addr::LOCALHOST {
            socket.bind((IpAddr::from(from), 0).into())?;
        }
        let tcp = socket.connect(addr).await?;
        match version {
            Version::Http1 => Self::http1(tcp).await,
            Version::Http2 => Self::http2(tcp).await,
            Version::Http2Tls => Self::http2(tls::connect(tcp).await?).await,
        }
    }

    async fn http1(io: impl Io) -> Outcome<Self> {
        let (sender, driver) = http1::handshake(TokioIo::new(io)).await?;
        let mut driving = JoinSet::new();
        driving.spawn(async move { drop(driver.await) });
        Ok(Self { sender: Sender::Http1(sender), _driver: driving })
    }

    async fn http2(io: impl Io) -> Outcome<Self> {
        let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await?;
        let mut driving = JoinSet::new();
        driving.spawn(async move { drop(driver.await) });
        Ok(Self { sender: Sender::Http2(sender), _driver: driving })
    }

    /// Whether the peer has neither closed it nor said that it will.
    pub(crate) fn is_open(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => !sender.is_closed(),
            Sender::Http2(sender) => !sender.is_closed(),
        }
    }

    /// Sends `request` and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Outcome<Response<Incoming>> {
        Ok(match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }
}

/// What a connection is made of.
trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// An error and what it stands on, in one line.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
