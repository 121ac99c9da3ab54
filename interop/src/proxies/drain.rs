use std::{net::SocketAddr, path::Path, time::Duration};

use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{configs::Configs, proxy::Proxy};
use crate::{
    Outcome,
    http::{Connection, Listen, Seen, Version, explain},
    relay::Relay,
    server::Server,
    table::Cell,
};

/// The second process takes the port as soon as the first one has let it go.
pub(crate) async fn in_place(
    proxy: Proxy,
    version: Version,
    server: &Path,
    configs: &Configs,
) -> Outcome<Cell> {
    let mut first = Server::start(server, &["--drain", "3000", "--retry", "400"]).await?;
    let front = proxy.start(configs, first.addr()).await?;
    let mut crowd = Crowd::new(front.addr(version), version);
    crowd.join(LISTENERS);
    crowd.publish(&first, "first").await?;
    first.terminate()?;
    let second = first.start_successor().await?;
    let back = crowd.publish(&second, "second").await;
    first.ended().await?;
    Ok(crowd.verdict(back).await)
}

/// The second process runs beside the first, which still answers, until what stands before both is
/// pointed to it.
pub(crate) async fn beside(
    proxy: Proxy,
    version: Version,
    server: &Path,
    configs: &Configs,
) -> Outcome<Cell> {
    let options = ["--drain", "3000", "--drain-accept", "--retry", "400"];
    let mut first = Server::start(server, &options).await?;
    let relay = Relay::start(first.addr(), String::new()).await?;
    let front = proxy.start(configs, relay.addr()).await?;
    let mut crowd = Crowd::new(front.addr(version), version);
    crowd.join(LISTENERS);
    crowd.publish(&first, "first").await?;
    first.terminate()?;
    sleep(Duration::from_millis(200)).await;
    crowd.join(NEWCOMERS);
    let second = first.start_beside().await?;
    sleep(Duration::from_millis(800)).await;
    relay.point_to(second.addr());
    let back = crowd.publish(&second, "second").await;
    first.ended().await?;
    Ok(crowd.verdict(back).await)
}

/// The first process is gone without a word, and the second one starts a second later, as a service
/// manager has it.
pub(crate) async fn after_crash(
    proxy: Proxy,
    version: Version,
    server: &Path,
    configs: &Configs,
) -> Outcome<Cell> {
    let mut first = Server::start(server, &["--retry", "400"]).await?;
    let front = proxy.start(configs, first.addr()).await?;
    let mut crowd = Crowd::new(front.addr(version), version);
    crowd.join(LISTENERS);
    crowd.publish(&first, "first").await?;
    first.kill().await?;
    sleep(Duration::from_secs(1)).await;
    let second = first.start_successor().await?;
    let back = crowd.publish(&second, "second").await;
    Ok(crowd.verdict(back).await)
}

/// Clients that do what the standard has an `EventSource` do, each on a channel of its own.
struct Crowd {
    addr: SocketAddr,
    version: Version,
    tokens: Vec<String>,
    running: JoinSet<String>,
}

impl Crowd {
    fn new(addr: SocketAddr, version: Version) -> Self {
        Self { addr, version, tokens: Vec::new(), running: JoinSet::new() }
    }

    fn join(&mut self, count: usize) {
        for _client in 0..count {
            let token = format!("crowd-{}", self.tokens.len());
            let listen = Listen::new(self.addr, self.version, &*token);
            let listen = Listen { gzip: true, browser: true, ..listen };
            self.tokens.push(token);
            self.running.spawn(follow(listen));
        }
    }

    /// Publishes to each as soon as it listens; how many did.
    async fn publish(&self, server: &Server, data: &str) -> Outcome<usize> {
        let mut heard = 0;
        let all = async {
            for token in &self.tokens {
                // Who comes last may be the first in this list.
                let patience = if heard == 0 { PATIENCE } else { PATIENCE / 2 };
                heard += usize::from(server.publish_when_heard(token, data, patience).await?);
            }
            Ok(())
        };
        match timeout(2 * PATIENCE, all).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Ok(heard),
        }
    }

    /// All are back, and each has the event of the second process.
    async fn verdict(mut self, back: Outcome<usize>) -> Cell {
        let count = self.tokens.len();
        let heard = match back {
            Ok(heard) => heard,
            Err(error) => return Cell::wrong(explain(&*error)),
        };
        let mut ends = Vec::new();
        while let Ok(Some(Ok(end))) =
            timeout(Duration::from_secs(2), self.running.join_next()).await
        {
            ends.push(end);
        }
        let served = ends.iter().filter(|end| end.is_empty()).count();
        ends.retain(|end| !end.is_empty());
        ends.sort();
        ends.dedup();
        if served == count {
            return Cell::right(format!("{served} of {count} back"));
        }
        let why = if ends.is_empty() { "others wait".to_owned() } else { ends.join("; ") };
        Cell::wrong(format!("{} of {count} back: {why}", served.min(heard)))
    }
}

/// Comes back after every end, as the server asks, until the event of the second process comes; else
/// says what was final.
async fn follow(listen: Listen) -> String {
    let mut retry = Duration::from_secs(3);
    let mut kept: Option<Connection> = None;
    loop {
        let connection = match kept.take() {
            Some(connection) if connection.is_open() => Ok(connection),
            _ => Connection::open(listen.addr, listen.version).await,
        };
        // The network may fail; an answer other than a stream is the end.
        if let Ok(mut connection) = connection
            && let Ok(mut stream) = listen.open_on(&mut connection).await
        {
            if stream.status != 200 {
                return format!("{} is final", stream.status);
            }
            loop {
                match stream.next().await {
                    Ok(Some(Seen::Event { name, data })) if name == "ping" && data == "second" => {
                        return String::new();
                    }
                    Ok(Some(Seen::Event { .. })) => {}
                    Ok(Some(Seen::Retry(time))) => retry = time,
                    Ok(None) => {
                        kept = Some(connection);
                        break;
                    }
                    Err(_) => break,
                }
            }
        }
        sleep(retry).await;
    }
}

const LISTENERS: usize = 20;
const NEWCOMERS: usize = 5;

/// Several times the window and what clients wait beyond it.
const PATIENCE: Duration = Duration::from_secs(20);
