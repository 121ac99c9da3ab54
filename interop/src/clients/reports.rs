use std::net::SocketAddr;

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::ChildStdout,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
    time::{Duration, Instant, timeout_at},
};

use crate::Outcome;

/// What a client says that it sees.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    /// `open`, `event`, `error`, or `closed` if it does not come back.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) data: String,
}

impl Report {
    pub(crate) fn is_event(&self, name: &str) -> bool {
        self.kind == "event" && self.name == name
    }
}

/// The reports of one client, in order.
pub(crate) struct Reports {
    addr: SocketAddr,
    sender: UnboundedSender<Report>,
    receiver: UnboundedReceiver<Report>,
    seen: Vec<Report>,
    tasks: JoinSet<()>,
}

impl Reports {
    /// Takes reports of a page, each the body of a POST.
    pub(crate) async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(take_posts(listener, sender.clone()));
        Ok(Self { addr, sender, receiver, seen: Vec::new(), tasks })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Takes reports of a program too, each a line.
    pub(crate) fn take_lines(&mut self, mut lines: Lines<BufReader<ChildStdout>>) {
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(report) = serde_json::from_str(&line) {
                    let _over = sender.send(report);
                }
            }
        });
    }

    /// Waits for a report that fits, or finds one that came before; false if there is none.
    pub(crate) async fn until(
        &mut self,
        fits: impl Fn(&Report) -> bool,
        patience: Duration,
    ) -> bool {
        let patience = Instant::now() + patience;
        if self.seen.iter().any(&fits) {
            return true;
        }
        while let Ok(Some(report)) = timeout_at(patience, self.receiver.recv()).await {
            let found = fits(&report);
            self.seen.push(report);
            if found {
                return true;
            }
        }
        false
    }

    /// All reports so far.
    pub(crate) fn seen(&mut self) -> &[Report] {
        while let Ok(report) = self.receiver.try_recv() {
            self.seen.push(report);
        }
        &self.seen
    }
}

async fn take_posts(listener: TcpListener, sender: UnboundedSender<Report>) {
    // One after the other: a page sends the next when the last one is answered.
    while let Ok((client, _)) = listener.accept().await {
        if let Ok(Ok(body)) = tokio::time::timeout(Duration::from_secs(10), post(client)).await
            && let Ok(report) = serde_json::from_slice(&body)
        {
            let _over = sender.send(report);
        }
    }
}

async fn post(client: TcpStream) -> Outcome<Vec<u8>> {
    let mut client = BufReader::new(client);
    let mut length = 0;
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body).await?;
    client.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await?;
    client.shutdown().await?;
    Ok(body)
}
