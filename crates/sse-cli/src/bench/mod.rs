mod args;
mod chunked;
mod config;
mod connection;
mod listener;
mod process;
mod publisher;
mod report;
mod stamp;
mod tally;
mod template;

use std::{
    cell::RefCell,
    io::{self, Write},
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{
    runtime::Builder,
    select,
    task::{LocalSet, spawn_local},
    time::sleep,
};

use crate::{
    exit::{self, Failure},
    open_files,
};
use args::Args;
use config::{Amount, Config};
use connection::{BUFFER, Body};
use listener::Listener;
use process::Process;
use publisher::Publications;
use report::{Cost, Report};
use tally::Tally;

/// The command `eventsource-bench`, on the arguments of this process.
pub fn eventsource_bench() -> ExitCode {
    exit::run(|args: Args| {
        let config = Rc::new(Config::new(args)?);
        open_files::raise_limit();
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
        let report = LocalSet::new().block_on(&runtime, run(config.clone()))?;
        let text = if config.json {
            report.json().map_err(Failure::failed)? + "\n"
        } else {
            report.table()
        };
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)?;
        report.fault().map_or(Ok(()), |fault| Err(Failure::failed(fault)))
    })
}

async fn run(config: Rc<Config>) -> Result<Report, Failure> {
    let begun = Instant::now();
    let server = config.pid.map(Process::new);
    let (tally, memory) = (Tally::new(), measure(server.as_ref(), Process::memory)?);
    let listeners = connect(&config).await?;
    let connecting = begun.elapsed();
    let listeners: Vec<_> = listeners
        .into_iter()
        .map({
            let buffer = Rc::new(RefCell::new([0; BUFFER]));
            let tally = tally.clone();
            move |(listener, body)| {
                let (tally, buffer) = (tally.clone(), buffer.clone());
                spawn_local(listener::read(listener.share(), body, tally, begun, buffer));
                listener
            }
        })
        .collect();
    // What a server does for a new listener is over then.
    sleep(SETTLING).await;
    let grown = measure(server.as_ref(), Process::memory)?.saturating_sub(memory);
    let cpu = measure(server.as_ref(), Process::cpu)?;

    let publications = Rc::new(Publications::new(&config, begun));
    let started = Instant::now();
    publish(&config, &publications, &tally, started).await?;
    let missing = await_all(&config, &publications, &listeners, started).await;
    let running = started.elapsed();
    let cpu = measure(server.as_ref(), Process::cpu)?.saturating_sub(cpu);

    tally.miss(missing);
    let cost = server.map(|_| Cost { cpu, memory: grown });
    Ok(Report::new(config.listeners, connecting, running, &publications, &tally, cost))
}

/// Opens all streams, several at once.
async fn connect(config: &Config) -> Result<Vec<(Listener, Body)>, Failure> {
    let bar = bar("connecting", config.listeners as u64);
    let opening = stream::iter(0..config.listeners).map(|listener| {
        let opened = Listener::open(&config.listen, listener % config.channels, listener);
        let bar = bar.clone();
        async move {
            let opened = opened.await;
            bar.inc(1);
            opened
        }
    });
    let opened = opening.buffered(AT_ONCE).try_collect().await;
    bar.finish_and_clear();
    opened.map_err(|source| Failure::failed(ListenError(source)))
}

async fn publish(
    config: &Rc<Config>,
    publications: &Rc<Publications>,
    tally: &Tally,
    started: Instant,
) -> Result<(), Failure> {
    let publishing: stream::FuturesUnordered<_> = (0..config.in_flight)
        .map(|publisher| {
            publisher::publish(config.clone(), publications.clone(), publisher, started)
        })
        .collect();
    let publishing = publishing.try_collect::<()>();
    let bar = match config.amount {
        Amount::Events(events) => bar("publishing", events),
        Amount::For(duration) => bar("publishing, ms", duration.as_millis() as u64),
    };
    let shown = async {
        loop {
            sleep(SHOWN).await;
            bar.set_position(match config.amount {
                Amount::Events(_) => publications.published(),
                Amount::For(_) => started.elapsed().as_millis() as u64,
            });
            bar.set_message(format!("{} delivered", tally.delivered()));
        }
    };
    let published = select! {
        published = publishing => published,
        () = shown => Ok(()),
    };
    bar.finish_and_clear();
    published.map_err(|source| Failure::failed(PublishError(source)))
}

/// Waits until every listener has all that was acknowledged; returns how many events are missing.
async fn await_all(
    config: &Config,
    publications: &Publications,
    listeners: &[Listener],
    started: Instant,
) -> u64 {
    let acknowledged: Vec<_> =
        (0..config.channels).map(|channel| publications.acknowledged(channel)).collect();
    let until = started.elapsed() + config.patience;
    loop {
        let missing =
            listeners.iter().map(|listener| listener.missing(&acknowledged[listener.channel]));
        let missing = missing.sum();
        if missing == 0 || until < started.elapsed() {
            return missing;
        }
        sleep(LOOK).await;
    }
}

fn measure<T: Default>(
    server: Option<&Process>,
    measure: impl FnOnce(&Process) -> io::Result<T>,
) -> Result<T, Failure> {
    let measured = server.map_or_else(|| Ok(T::default()), measure);
    measured.map_err(|source| Failure::failed(PidError(source)))
}

/// A bar on standard error, if that is a terminal.
fn bar(what: &str, len: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {msg}")
        .expect("the template is valid");
    ProgressBar::new(len).with_style(style).with_prefix(what.to_owned())
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen")]
struct ListenError(#[source] io::Error);

#[derive(Debug, thiserror::Error)]
#[error("cannot publish")]
struct PublishError(#[source] io::Error);

#[derive(Debug, thiserror::Error)]
#[error("cannot read what the process of the server takes")]
struct PidError(#[source] io::Error);

const AT_ONCE: usize = 64;
const SETTLING: Duration = Duration::from_millis(500);
const SHOWN: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(1);
