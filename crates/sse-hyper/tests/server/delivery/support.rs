//! A server of the protocol, and clients that see how a stream is framed.

use std::{fs, io, net::SocketAddr};

use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode, hub::Counts,
};
use sse_hyper::{Channels, EventService, Server, ServerHandle};
use sse_testkit::{Connection, Listener, head, until};
use tokio::task::JoinHandle;

/// The streams of a server are written by so many engines; without any, by the tasks of their connections.
pub(crate) const ENGINES: [usize; 3] = [0, 1, 3];

/// A server of the protocol.
pub(crate) struct Delivering {
    pub(crate) addr: SocketAddr,
    pub(crate) channels: Channels,
    pub(crate) handle: ServerHandle,
    pub(crate) serving: JoinHandle<io::Result<()>>,
}

impl Delivering {
    /// One with `engines`, whose channels are shared.
    pub(crate) async fn start(engines: usize) -> Self {
        Self::start_with(shared(), |server| server.with_engines(engines)).await
    }

    pub(crate) async fn start_with(
        config: HubConfig,
        configure: impl FnOnce(Server) -> Server,
    ) -> Self {
        let server = configure(Server::bind("127.0.0.1:0").await.unwrap());
        Self { addr: server.local_addr().unwrap(), ..Self::start_on(server, config) }
    }

    /// The protocol on `server`, wherever that listens.
    pub(crate) fn start_on(server: Server, config: HubConfig) -> Self {
        let events = EventService::new(Gateway::new(Hub::new(config), GatewayConfig::default()));
        let (channels, handle) = (events.channels(), server.handle());
        let serving = tokio::spawn(server.serve(events));
        Self { addr: ([0, 0, 0, 0], 0).into(), channels, handle, serving }
    }

    pub(crate) async fn listen(&self, token: &str) -> Listener {
        listen_on(Connection::open(self.addr).await, token).await
    }

    pub(crate) fn publish(&self, token: &str, data: &str) {
        let token = Token::new(token).unwrap();
        self.channels.publish(&token, "ping", data.as_bytes()).unwrap();
    }

    pub(crate) fn close(&self, token: &str) {
        self.channels.close(&Token::new(token).unwrap()).unwrap();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.channels.hub().counts()
    }

    /// Until nobody listens, nothing is held for anybody, and the server has no connection.
    pub(crate) async fn until_deserted(&self) {
        until("somebody listens", async || {
            let counts = self.counts();
            (counts.listeners, counts.leaving, counts.unread_bytes) == (0, 0, 0)
        })
        .await;
        until("a connection is open", async || open_connections(self.addr) == 0).await;
    }
}

pub(crate) fn shared() -> HubConfig {
    HubConfig::new(StringFormat).with_mode(Mode::Shared)
}

/// Listens on `token` over `connection`.
pub(crate) async fn listen_on(mut connection: Connection, token: &str) -> Listener {
    connection.send(head("GET", &format!("/poll/{token}"), &[])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200);
    Listener::new(connection, head).opened().await
}

pub(crate) fn event(data: &str) -> String {
    format!("event: ping\ndata: {data}\n\n")
}

/// The connections of the server at `addr` that have a descriptor.
fn open_connections(addr: SocketAddr) -> usize {
    let (table, local) =
        (fs::read_to_string("/proc/net/tcp").unwrap(), format!(":{:04X}", addr.port()));
    let is_open = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[1].ends_with(&local) && fields[3] != LISTENS && fields[9] != "0"
    };
    table.lines().skip(1).filter(is_open).count()
}

/// A state of `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// What the chunks of a body hold, as far as they have come.
pub(crate) fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(end) = body.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = usize::from_str_radix(str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        body = &body[end + 2..];
        let Some((chunk, rest)) = body.split_at_checked(size) else {
            data.extend(body);
            return data;
        };
        data.extend(chunk);
        let Some(rest) = rest.strip_prefix(b"\r\n") else {
            assert!(b"\r\n".starts_with(rest), "behind a chunk: {rest:?}");
            return data;
        };
        body = rest;
    }
    let is_size = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'\r';
    assert!(body.iter().all(is_size), "{:?}", String::from_utf8_lossy(body));
    data
}
