use std::{future::pending, io, pin::pin, sync::Arc, time::Duration};

use tokio::{
    join,
    net::TcpListener,
    select,
    task::{JoinError, JoinSet},
    time::timeout,
};

use super::{
    Server, Signal,
    accept::Acceptor,
    connection::{self, Serving},
    delivery::{Engines, News, Running},
    listening::Listening,
    shutdown::{Phase, Shutdown},
    tower::HttpService,
};

/// Accepts connections and serves each in a task of its own, through all phases of `server`.
pub(super) async fn run(server: Server, service: impl HttpService) -> io::Result<()> {
    let acceptor = Acceptor::new(match server.listening {
        Listening::Tcp(listener) => {
            server.sockets.apply(&listener)?;
            Box::new(TcpListener::from_std(listener)?)
        }
        Listening::Other(source) => source,
    });
    let stall_timeout = server.settings.stall_timeout;
    let (engines, mut running) = Engines::start(server.engines, stall_timeout, server.driven)?;
    let settings = Arc::new(server.settings);
    let (mut acceptor, phase) = (Some(acceptor), server.phase);
    let shutdown = phase.subscribe();
    let engines = engines.map(Arc::new);
    let mut serving = Serving { service, settings, engines, shutdown };
    let mut drain = pin!(entered(Phase::Draining, server.drain, phase.subscribe()));
    let mut shutdown = pin!(entered(Phase::Stopping, server.shutdown, phase.subscribe()));
    let (mut connections, mut is_draining) = (JoinSet::new(), false);
    loop {
        let accepted = async {
            match &mut acceptor {
                Some(acceptor) => acceptor.accept().await,
                None => pending().await,
            }
        };
        select! {
            () = &mut shutdown => break,
            () = &mut drain, if !is_draining => {
                let connections = connections.len() + running.streams();
                tracing::info!(connections, "draining");
                is_draining = true;
                acceptor = acceptor.filter(|_| serving.settings.accepts_while_draining);
                phase.enter(Phase::Draining);
            }
            Some(ended) = connections.join_next() => report(ended),
            news = running.next() => match news {
                News::Released(released) => {
                    connections.spawn(Box::pin(connection::go_on(released, serving.another())));
                }
                News::Ended(ended) => return ended,
            },
            first = accepted => {
                let (mut next, mut left) = (Some(first), MOST_AT_ONCE);
                while let Some((raw, remote)) = next {
                    if let Some(guard) = server.filter.let_in(&remote) {
                        let serving = serving.another();
                        // Boxed: a task begins at a multiple of 128 bytes, and the C library finds no room for a
                        // large one where another was, once something that stays lies beside it.
                        let connection = Box::pin(connection::serve(raw, remote, guard, serving));
                        connections.spawn(connection);
                    } else {
                        tracing::debug!(?remote, "connection not let in");
                    }
                    left -= 1;
                    next = match &mut acceptor {
                        Some(acceptor) if 0 < left => acceptor.accept_ready().await,
                        _ => None,
                    };
                }
            }
        }
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
    }
    drop(acceptor);
    phase.enter(Phase::Stopping);
    // The engines end once nothing more can be handed to them.
    serving.engines = None;
    finish(connections, running, serving, server.shutdown_timeout).await
}

/// Completes once `signal` or a handle has begun `phase`.
async fn entered(phase: Phase, signal: Signal, mut asked: Shutdown) {
    select! {
        () = signal => (),
        () = asked.reached(phase) => (),
    }
}

/// Waits for the connections, then cuts those that are left.
async fn finish(
    mut connections: JoinSet<()>,
    mut running: Running,
    mut serving: Serving<impl HttpService>,
    longest: Duration,
) -> io::Result<()> {
    let count = connections.len() + running.streams();
    tracing::info!(connections = count, "shutting down");
    let ended = timeout(longest, async {
        loop {
            select! {
                Some(ended) = connections.join_next() => report(ended),
                news = running.next(), if !running.is_over() => match news {
                    News::Released(released) => {
                        connections.spawn(Box::pin(connection::go_on(released, serving.another())));
                    },
                    News::Ended(ended) => ended?,
                },
                else => return Ok(()),
            }
        }
    });
    if let Ok(Err(error)) = ended.await {
        return Err(error);
    }
    let cut = connections.len() + running.streams();
    // Bounded, because a service that blocks its thread cannot be aborted.
    let _ = timeout(LONGEST_CUT, async { join!(connections.shutdown(), running.cut()) }).await;
    tracing::info!(cut, "shut down");
    Ok(())
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// How many connections are accepted before anything else is looked at.
const MOST_AT_ONCE: usize = 32;

const LONGEST_CUT: Duration = Duration::from_millis(500);
