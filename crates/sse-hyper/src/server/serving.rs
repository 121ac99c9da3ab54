use std::{future::pending, io, pin::pin, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    select,
    task::{JoinError, JoinSet},
    time::timeout,
};

use super::{
    Listening, Server, Signal,
    accept::Acceptor,
    connection,
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
    let settings = Arc::new(server.settings);
    let (mut acceptor, phase) = (Some(acceptor), server.phase);
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
                tracing::info!(connections = connections.len(), "draining");
                is_draining = true;
                acceptor = acceptor.filter(|_| settings.accepts_while_draining);
                phase.enter(Phase::Draining);
            }
            Some(ended) = connections.join_next() => report(ended),
            (raw, remote) = accepted => {
                if let Some(guard) = server.filter.let_in(&remote) {
                    let (settings, phase) = (settings.clone(), phase.subscribe());
                    let service = service.clone();
                    let from = (remote, guard);
                    connections.spawn(connection::serve(raw, from, service, settings, phase));
                } else {
                    tracing::debug!(?remote, "connection not let in");
                }
            }
        }
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
    }
    drop(acceptor);
    phase.enter(Phase::Stopping);
    finish(connections, server.shutdown_timeout).await;
    Ok(())
}

/// Completes once `signal` or a handle has begun `phase`.
async fn entered(phase: Phase, signal: Signal, mut asked: Shutdown) {
    select! {
        () = signal => (),
        () = asked.reached(phase) => (),
    }
}

/// Waits for the connections, then cuts those that are left.
async fn finish(mut connections: JoinSet<()>, longest: Duration) {
    tracing::info!(connections = connections.len(), "shutting down");
    let ended = timeout(longest, async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    });
    let _ = ended.await;
    let cut = connections.len();
    // Bounded, because a service that blocks its thread cannot be aborted.
    let _ = timeout(LONGEST_CUT, connections.shutdown()).await;
    tracing::info!(cut, "shut down");
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

const LONGEST_CUT: Duration = Duration::from_millis(500);
