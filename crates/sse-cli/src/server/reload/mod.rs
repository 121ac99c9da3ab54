//! The files that options name are read again on SIGHUP, and certificates also when their files change.
//!
//! All of the new state is made first, and takes the place of the old one only if nothing is wrong with it. What
//! serves changes for newcomers alone: no stream and no connection is touched.

mod differences;
use differences::{Differences, Fixed};

mod live;
pub(super) use live::Live;

mod watched;
use watched::Watched;

use std::{
    env,
    mem::take,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    select,
    signal::unix::SignalKind,
    sync::Notify,
    task::{AbortHandle, spawn_blocking},
    time::{MissedTickBehavior, interval},
};

use super::{
    admin::Drains,
    config::{Config, LogBounds},
    files::{Files, is_pipe},
    readiness,
    settings::Settings,
};
use crate::{exit::Failure, signals::Signals};

/// Reads again what the server was started with, whenever it is asked to.
pub(super) struct Reload {
    live: Live,
    /// What the server was started with, of which the options that need a restart still hold.
    started: Read,
    /// What was read last. All of it holds but for what needs a restart.
    current: Read,
    watched: Vec<Watched>,
}

/// What was read, apart from what it means.
#[derive(Clone, Debug)]
pub(super) struct Read {
    settings: Arc<Settings>,
    files: Arc<Files>,
    log_bounds: LogBounds,
}

impl Read {
    pub(super) fn new(settings: Settings, config: &mut Config) -> Self {
        let (settings, files) = (settings.into(), take(&mut config.files).into());
        Self { settings, files, log_bounds: config.log_bounds }
    }
}

impl Reload {
    pub(super) fn new(live: Live, started: Read) -> Self {
        let watched = live.watched(&started.files);
        Self { live, current: started.clone(), started, watched }
    }

    /// Serves with what is read again from here on, as long as the runtime lives.
    pub(super) fn spawn(self) -> Reloading {
        let asked = Arc::<Notify>::default();
        let task = tokio::spawn(self.run(asked.clone())).abort_handle();
        Reloading { asked, task }
    }

    async fn run(mut self, asked: Arc<Notify>) {
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            select! {
                // One at a time. If a signal comes meanwhile, the files are read once more.
                () = asked.notified() => self.reload().await,
                _ = looks.tick(), if !self.watched.is_empty() => self.look().await,
            }
        }
    }

    async fn reload(&mut self) {
        readiness::reloading();
        let before = self.current.settings.clone();
        let outcome = match spawn_blocking(move || read(&before)).await {
            Ok(outcome) => outcome.and_then(|(read, config)| self.take_over(read, config)),
            Err(panic) => Err(Failure::failed(panic)),
        };
        if let Err(failure) = &outcome {
            tracing::error!("not reloaded, all that held before still holds: {}", failure.reason());
        }
        self.live.seen.note_reload(outcome.is_ok());
        readiness::reloaded(outcome.is_err());
    }

    /// Lets what was read take the place of what holds, or changes nothing.
    fn take_over(&mut self, read: Read, config: Config) -> Result<(), Failure> {
        let fixed = Fixed::new(&self.live, &config);
        let differences = Differences::new(&self.started, &self.current, &read, &fixed);
        self.live.reconfigure(config, differences.have_access())?;
        self.watched = self.live.watched(&read.files);
        self.current = read;
        differences.log();
        Ok(())
    }

    /// Looks whether the files of certificates have changed.
    async fn look(&mut self) {
        let mut watched = take(&mut self.watched);
        let seen = self.live.seen.clone();
        let looked = spawn_blocking(move || {
            let renewed = watched.iter_mut().filter_map(Watched::look);
            renewed.for_each(|is_renewed| seen.note_reload(is_renewed));
            watched
        });
        match looked.await {
            Ok(watched) => self.watched = watched,
            Err(error) => tracing::error!(%error, "certificates are not watched any more"),
        }
    }
}

fn read(before: &Settings) -> Result<(Read, Config), Failure> {
    // What is typed cannot change.
    refuse_pipe(before.config_file().map(|file| ("config", file)))?;
    let settings = Settings::new(env::args_os(), env::vars_os())?;
    refuse_pipe(settings.files())?;
    let args = settings.args()?;
    let mut config = Config::new(args).map_err(|failure| settings.located(failure))?;
    Ok((Read::new(settings, &mut config), config))
}

/// Refuses to read a pipe. What it held has been read, so it is empty now, and an empty configuration has no access
/// control; or nobody writes into it, and reading it takes for ever.
fn refuse_pipe<'a>(
    files: impl IntoIterator<Item = (&'static str, &'a Path)>,
) -> Result<(), Failure> {
    match files.into_iter().find(|(_, file)| is_pipe(file)) {
        Some((option, file)) => Err(Failure::usage(PipeError { option, file: file.to_owned() })),
        None => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("--{option}: {} is a pipe, which cannot be read again", file.display())]
struct PipeError {
    option: &'static str,
    file: PathBuf,
}

/// The task that reads files again.
#[derive(Debug)]
pub(super) struct Reloading {
    asked: Arc<Notify>,
    task: AbortHandle,
}

/// What ends the server: signals, of which SIGHUP is one only where there are no files to be read again, and the
/// operator.
#[derive(Debug)]
pub(super) struct Ends {
    signals: Signals,
    drains: Drains,
    reloading: Option<Reloading>,
}

impl Ends {
    pub(super) fn new(signals: Signals, drains: Drains, reloading: Option<Reloading>) -> Self {
        Self { signals, drains, reloading }
    }

    /// Waits for what is to end the server, and has files read again until then. Returns how long that is to take, if
    /// the operator has said it.
    pub(super) async fn first(&mut self) -> Option<Duration> {
        let time = loop {
            let signal = select! {
                Some(asked) = self.drains.recv() => break asked,
                signal = self.signals.next() => signal,
            };
            match &self.reloading {
                Some(reloading) if signal == SignalKind::hangup() => reloading.asked.notify_one(),
                _ => break None,
            }
        };
        if let Some(reloading) = &self.reloading {
            reloading.task.abort();
        }
        time
    }

    /// Waits for the signal that is to end it at once.
    pub(super) async fn second(&mut self) {
        while self.signals.next().await == SignalKind::hangup() && self.reloading.is_some() {
            tracing::info!("the server ends, so nothing is read again");
        }
    }
}

/// How long a certificate that was renewed is unknown at most.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
