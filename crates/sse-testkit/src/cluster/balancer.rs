use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::{
    io::{AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{listening::listen, open_files};

/// Spreads connections over nodes, one after the other, and passes bytes on without looking at them.
///
/// Where a node takes no connection, the next one gets it. A connection ends with its node, and all end when this is
/// dropped. It runs in the runtime in which it was started.
///
/// ```
/// use sse_testkit::cluster::Balancer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let balancer = Balancer::start([([127, 0, 0, 1], 8001).into(), ([127, 0, 0, 1], 8002).into()]);
/// assert_ne!(balancer.addr().port(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct Balancer {
    addr: SocketAddr,
    targets: Arc<Mutex<Targets>>,
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Targets {
    addrs: Vec<SocketAddr>,
    next: usize,
}

impl Balancer {
    /// A balancer over `targets`, on a free port of this machine.
    ///
    /// # Panics
    ///
    /// If there is no free port, or no runtime.
    pub fn start(targets: impl IntoIterator<Item = SocketAddr>) -> Self {
        open_files::allow();
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into());
        let addr = listener.local_addr().expect("a listener has an address");
        let addrs = targets.into_iter().collect();
        let targets = Arc::new(Mutex::new(Targets { addrs, next: 0 }));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&targets)));
        Self { addr, targets, _accepting: accepting }
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Leads new connections to `targets`; those that are there stay where they are.
    pub fn set_targets(&self, targets: impl IntoIterator<Item = SocketAddr>) {
        let addrs = targets.into_iter().collect();
        *lock(&self.targets) = Targets { addrs, next: 0 };
    }
}

async fn accept(listener: TcpListener, targets: Arc<Mutex<Targets>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let in_turn = in_turn(&targets);
                    connections.spawn(serve(client, in_turn));
                }
                // The client is gone already, or this process has no more files until one is closed.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// All targets, and first the one whose turn it is.
fn in_turn(targets: &Mutex<Targets>) -> Vec<SocketAddr> {
    let mut targets = lock(targets);
    let mut addrs = targets.addrs.clone();
    if !addrs.is_empty() {
        let first = targets.next % addrs.len();
        addrs.rotate_left(first);
        targets.next = first + 1;
    }
    addrs
}

async fn serve(client: TcpStream, targets: Vec<SocketAddr>) {
    for target in targets {
        if let Ok(target) = TcpStream::connect(target).await {
            let _ended = pass_on(client, target).await;
            return;
        }
    }
}

/// Ends when the target does; a client that has said everything may still listen.
async fn pass_on(mut client: TcpStream, mut target: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    target.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_target, mut to_target) = target.split();
    let up = async {
        copy(&mut from_client, &mut to_target).await?;
        to_target.shutdown().await
    };
    let down = copy(&mut from_target, &mut to_client);
    tokio::pin!(up, down);
    tokio::select! {
        sent = &mut up => sent?,
        received = &mut down => return received.map(drop),
    }
    down.await.map(drop)
}

fn lock(targets: &Mutex<Targets>) -> MutexGuard<'_, Targets> {
    targets.lock().expect("nothing panics under this lock")
}
