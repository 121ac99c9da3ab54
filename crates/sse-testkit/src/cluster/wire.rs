use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use super::{
    Counts, Faults, Shuffle,
    gate::Gate,
    resp::{self, Scan},
};

/// What a link does to messages, and has done.
#[derive(Debug, Default)]
pub(super) struct Shuffling {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) counts: Counts,
}

/// Passes on what one client and its server say, until one of them is gone.
pub(super) async fn relay(
    client: TcpStream,
    mut gate: Gate,
    shuffle: Shuffle,
    shuffling: Arc<Mutex<Shuffling>>,
) -> io::Result<()> {
    let server = TcpStream::connect(gate.opened().await).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pass_commands(from_client, Way { to: to_server, gate: gate.clone() });
    let down = pass_replies(from_server, Way { to: to_client, gate }, shuffle, &shuffling);
    tokio::pin!(up, down);
    tokio::select! {
        sent = &mut up => sent?,
        received = &mut down => return received,
    }
    down.await
}

/// Where bytes are to go, when they may.
struct Way {
    to: OwnedWriteHalf,
    gate: Gate,
}

impl Way {
    async fn pass(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.gate.opened().await;
            tokio::select! {
                biased;
                () = self.gate.changed() => {}
                written = self.to.write(bytes) => bytes = &bytes[written?..],
            }
        }
        Ok(())
    }

    async fn end(&mut self) -> io::Result<()> {
        self.gate.opened().await;
        self.to.shutdown().await
    }
}

/// Passes on command by command, so that none that subscribes to something slips through.
async fn pass_commands(mut from: OwnedReadHalf, mut way: Way) -> io::Result<()> {
    let mut unread = Vec::new();
    let mut is_foreign = false;
    while 0 < way.gate.pass_error(from.read_buf(&mut unread)).await? {
        let mut at = 0;
        while !is_foreign && at < unread.len() {
            match resp::value(&unread[at..]) {
                Scan::Whole(_, len) => {
                    if is_subscription(&unread[at..]) {
                        // What came before it is not lost with it.
                        way.pass(&unread[..at]).await?;
                        unread.drain(..at);
                        at = 0;
                        way.gate.subscribe();
                    }
                    at += len;
                }
                Scan::Partial => break,
                Scan::Foreign => is_foreign = true,
            }
        }
        let whole = if is_foreign { unread.len() } else { at };
        way.pass(&unread[..whole]).await?;
        unread.drain(..whole);
    }
    way.pass(&unread).await?;
    way.end().await
}

fn is_subscription(command: &[u8]) -> bool {
    let commands = [&b"SUBSCRIBE"[..], b"SSUBSCRIBE", b"PSUBSCRIBE"];
    let name = resp::name(command).unwrap_or_default();
    commands.iter().any(|command| name.eq_ignore_ascii_case(command))
}

async fn pass_replies(
    mut from: OwnedReadHalf,
    mut way: Way,
    mut shuffle: Shuffle,
    shuffling: &Mutex<Shuffling>,
) -> io::Result<()> {
    let mut read = Vec::new();
    loop {
        let reading = way.gate.pass_error(from.read_buf(&mut read));
        let count = if shuffle.is_holding() {
            match timeout(LULL, reading).await {
                Ok(count) => count?,
                Err(_elapsed) => {
                    way.pass(&shuffle.release()).await?;
                    continue;
                }
            }
        } else {
            reading.await?
        };
        if count == 0 {
            way.pass(&shuffle.handle_end()).await?;
            return way.end().await;
        }
        let passed = shuffled(&mut shuffle, &read, shuffling);
        way.pass(&passed).await?;
        read.clear();
    }
}

fn shuffled(shuffle: &mut Shuffle, bytes: &[u8], shuffling: &Mutex<Shuffling>) -> Vec<u8> {
    let mut shuffling = shuffling.lock().expect("nothing panics under this lock");
    shuffle.set_faults(shuffling.faults);
    let before = shuffle.counts();
    let passed = shuffle.handle_bytes(bytes);
    shuffling.counts += shuffle.counts() - before;
    passed
}

/// Where no message follows for so long, those that were held back come.
const LULL: Duration = Duration::from_millis(20);
