mod args;
mod chunked;
mod churn;
mod config;
mod connection;
mod crowd;
mod latency;
mod listener;
mod pipeline;
mod process;
mod publisher;
mod reader;
mod report;
mod script;
mod slow;
mod stamp;
mod tally;
mod template;

use std::{
    io::{self, Write},
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use clap::CommandFactory;
use futures_util::{TryStreamExt, stream::FuturesUnordered};
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
use churn::{Churn, ChurnReport};
use config::{Amount, Config};
use crowd::Crowd;
use listener::Listener;
use process::{Holdings, Process};
use publisher::Publications;
use report::{Cost, Report, Times};
use slow::Taken;
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

/// The options and the help of `eventsource-bench`.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

async fn run(config: Rc<Config>) -> Result<Report, Failure> {
    let begun = Instant::now();
    let (server, own) = (config.pid.map(Process::new), Process::new(std::process::id()));
    let before = measure(server.as_ref(), Process::holdings)?;
    let connected_from = measure(server.as_ref(), Process::cpu)?;
    let tally = Tally::default();
    let crowd = Crowd::new(config.clone(), tally.clone(), begun);
    let opened = crowd.connect().await.map_err(|source| Failure::failed(ListenError(source)))?;
    let connecting = begun.elapsed();
    let (listeners, tasks): (Vec<_>, Vec<_>) = opened
        .into_iter()
        .map(|(listener, body)| (listener.share(), crowd.read(listener, body)))
        .unzip();
    // What a server does for a new listener is over then.
    sleep(SETTLING).await;
    let idle = measure(server.as_ref(), Process::holdings)?;
    let connected = measure(server.as_ref(), Process::cpu)?;

    let slow = read_slowly(&config, &tally).await?;
    let churn = Rc::new(Churn::new(config.clone(), crowd, tasks));
    let churning = config.churn.map(|rate| spawn_local(churn.clone().run(rate)));
    let (from, own_from) = (measure(server.as_ref(), Process::cpu)?, own.cpu().ok());
    let publications = Rc::new(Publications::new(&config, begun));
    // Those that came while others connected are not what the run costs.
    tally.seen().comments = 0;
    let started = Instant::now();
    publish(&config, &publications, &tally, started).await?;
    if churning.is_none() {
        let missing = await_all(&config, &publications, &listeners, started).await;
        tally.seen().lost += missing;
    }
    let running = started.elapsed();
    let to = measure(server.as_ref(), Process::cpu)?;
    let own_cpu = own.cpu().ok().zip(own_from).map(|(to, from)| to.saturating_sub(from));

    let churn = match churning {
        Some(churning) => {
            churning.abort();
            Some(leave(&config, server.as_ref(), before, churn.leave()).await?)
        }
        None => None,
    };
    let cost = server.map(|_| Cost {
        connecting: connected.saturating_sub(connected_from),
        running: to.saturating_sub(from),
        memory: idle.memory.saturating_sub(before.memory),
    });
    let slow = config.slow.as_ref().map(|config| slow.report(config));
    let times = Times { connecting, running, own: own_cpu };
    Ok(Report::new(&config, times, &publications, &tally, cost).with(slow, churn))
}

/// Opens the listeners that read slowly, and lets them read.
async fn read_slowly(config: &Config, tally: &Tally) -> Result<Taken, Failure> {
    let taken = Taken::default();
    if let Some(slow) = &config.slow {
        let opened = slow::open(slow).await;
        let bodies = opened.map_err(|source| Failure::failed(ListenError(source)))?;
        spawn_local(slow::read(bodies, slow.rate, taken.clone(), tally.clone()));
    }
    Ok(taken)
}

/// What the server holds once all connections are closed, and it had time to see it.
async fn leave(
    config: &Config,
    server: Option<&Process>,
    before: Holdings,
    opened: u64,
) -> Result<ChurnReport, Failure> {
    let Some(server) = server else {
        return Ok(ChurnReport { opened, before: None, after: None });
    };
    let failed = |source| Failure::failed(PidError(source));
    server.await_files(before.open_files, config.patience).await.map_err(failed)?;
    sleep(SETTLING).await;
    let after = server.holdings().map_err(failed)?;
    Ok(ChurnReport { opened, before: Some(before), after: Some(after) })
}

async fn publish(
    config: &Rc<Config>,
    publications: &Rc<Publications>,
    tally: &Tally,
    started: Instant,
) -> Result<(), Failure> {
    let publishing = async {
        if let Amount::Silence(duration) = config.amount {
            sleep(duration).await;
        } else if config.is_pipelined {
            pipeline::publish(config.clone(), publications.clone(), started).await?;
        } else {
            let publishers = (0..config.in_flight).map(|publisher| {
                publisher::publish(config.clone(), publications.clone(), publisher, started)
            });
            publishers.collect::<FuturesUnordered<_>>().try_collect::<()>().await?;
        }
        Ok(())
    };
    let bar = match config.amount {
        Amount::Events(events) => bar("publishing", events),
        Amount::For(duration) => bar("publishing, ms", duration.as_millis() as u64),
        Amount::Silence(duration) => bar("listening, ms", duration.as_millis() as u64),
    };
    let shown = async {
        loop {
            sleep(SHOWN).await;
            bar.set_position(match config.amount {
                Amount::Events(_) => publications.published(),
                Amount::For(_) | Amount::Silence(_) => started.elapsed().as_millis() as u64,
            });
            bar.set_message(format!("{} delivered", tally.seen().delivered));
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

const SETTLING: Duration = Duration::from_millis(500);
const SHOWN: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(1);
