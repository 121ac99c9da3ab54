use std::{
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::{net::TcpListener, runtime::Handle, sync::watch, task::JoinSet};

use super::{
    Counts, Faults, Shuffle,
    gate::{Gate, Hole, State},
    listening::listen,
    open_files,
    port::Port,
    wire::{Shuffling, relay},
};

/// The network between clients and one Redis, which breaks in all ways in which networks do.
///
/// When a method returns, what it does is so. All connections end when this is dropped. It runs in the runtime in which
/// it was made.
///
/// ```
/// use sse_testkit::cluster::{Link, RedisServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let redis = RedisServer::start(&[]);
/// let link = Link::to(redis.addr());
/// let url = format!("redis://{}", link.addr());
///
/// // Connect to `url`, and then:
/// link.partition();
/// link.heal();
/// # }
/// ```
#[derive(Debug)]
pub struct Link {
    port: Port,
    state: watch::Sender<State>,
    shuffling: Arc<Mutex<Shuffling>>,
    runtime: Handle,
    /// Empty while connections are refused.
    accepting: Mutex<JoinSet<()>>,
}

impl Link {
    /// A link to `server` that works, on a free port of this machine.
    ///
    /// # Panics
    ///
    /// If there is no free port, or no runtime.
    pub fn to(server: SocketAddr) -> Self {
        open_files::allow();
        let state = watch::Sender::new(State { server, hole: Hole::Nothing, cuts: 0 });
        let link = Self {
            port: Port::free(),
            state,
            shuffling: Arc::default(),
            runtime: Handle::current(),
            accepting: Mutex::default(),
        };
        link.accept();
        link
    }

    /// Where clients connect, also while they are refused.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// Leads new connections to `server`; those that are there stay where they are.
    pub fn lead_to(&self, server: SocketAddr) {
        self.state.send_modify(|state| state.server = server);
    }

    /// Closes all connections. New ones work as those did.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Holds back whatever is sent, in both directions, and the ends of connections too.
    ///
    /// New connections are accepted and nothing comes of them. What was held back comes when this is healed, as with TCP,
    /// also from clients that are gone by then.
    pub fn partition(&self) {
        self.state.send_modify(|state| state.hole = Hole::Everything);
    }

    /// The same, but only on connections on which `SUBSCRIBE`, `SSUBSCRIBE` or `PSUBSCRIBE` was sent or will be.
    pub fn black_hole_subscriptions(&self) {
        self.state.send_modify(|state| state.hole = Hole::Subscriptions);
    }

    /// Refuses new connections; those that are there stay.
    pub async fn refuse(&self) {
        let mut accepting = mem::take(&mut *lock(&self.accepting));
        accepting.shutdown().await;
    }

    /// Everything works again, and what was held back comes.
    ///
    /// # Panics
    ///
    /// If there is no socket for new connections.
    pub fn heal(&self) {
        self.state.send_modify(|state| state.hole = Hole::Nothing);
        self.accept();
    }

    /// From now on, whatever is healed, does `faults` to the messages that Redis publishes, on all connections, as a [`Shuffle`] does them.
    ///
    /// Messages that are held back come after 20 ms at the latest if no other follows. `seed` decides for connections
    /// that come from now on.
    pub fn shuffle(&self, seed: u64, faults: Faults) {
        let mut shuffling = lock(&self.shuffling);
        shuffling.seed = seed;
        shuffling.faults = faults;
    }

    /// What was done to messages so far.
    pub fn counts(&self) -> Counts {
        lock(&self.shuffling).counts
    }

    /// Accepts connections if it does not.
    fn accept(&self) {
        let mut accepting = lock(&self.accepting);
        if accepting.is_empty() {
            let _runtime = self.runtime.enter();
            let listener = listen(self.addr());
            let (state, shuffling) = (self.state.subscribe(), Arc::clone(&self.shuffling));
            accepting.spawn(accept(listener, state, shuffling));
        }
    }
}

async fn accept(
    listener: TcpListener,
    state: watch::Receiver<State>,
    shuffling: Arc<Mutex<Shuffling>>,
) {
    for number in 0.. {
        let Ok((client, _)) = listener.accept().await else {
            // The client is gone already, or this process has no more files until one is closed.
            tokio::task::yield_now().await;
            continue;
        };
        let (mut gate, shuffling) = (Gate::new(state.clone()), Arc::clone(&shuffling));
        let shuffle = {
            let shuffling = lock(&shuffling);
            Shuffle::new(shuffling.seed.wrapping_add(number), shuffling.faults)
        };
        let relaying = relay(client, gate.clone(), shuffle, shuffling);
        // It outlives the listener, and ends with the link.
        tokio::spawn(async move {
            tokio::select! {
                () = gate.cut() => {}
                _ended = relaying => {}
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics under this lock")
}
