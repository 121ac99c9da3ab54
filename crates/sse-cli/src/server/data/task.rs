use std::{
    fmt::Write as _,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use sse_redb::{ChannelReport, OpenError, Report, Store, StoreConfig};

use super::{
    DataArgs, control,
    problem::{Problem, without_panics},
};
use crate::{
    escape::{Place, escaped},
    exit::Failure,
};

/// What is done with a data directory instead of serving it.
#[derive(Debug)]
pub(in crate::server) struct Task {
    dir: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Check,
    Backup(PathBuf),
    Compact,
    Salvage,
}

impl Task {
    /// `None` if the server is to serve.
    pub(in crate::server) fn new(args: &DataArgs) -> Option<Self> {
        let kind = match &args.backup {
            Some(file) => Kind::Backup(file.clone()),
            None if args.check => Kind::Check,
            None if args.compact => Kind::Compact,
            None if args.salvage => Kind::Salvage,
            None => return None,
        };
        Some(Self { dir: args.data_dir.clone()?, kind })
    }

    pub(in crate::server) fn run(&self) -> Result<(), Failure> {
        match &self.kind {
            Kind::Check => self.check(),
            Kind::Backup(file) => self.back_up(file),
            Kind::Compact => self.compact(),
            Kind::Salvage => self.salvage(),
        }
    }

    fn check(&self) -> Result<(), Failure> {
        let report = self.report().map_err(failed)?;
        print(&shown(&report))?;
        if is_sound(&report) {
            return Ok(());
        }
        let dir = self.dir.display();
        Err(Failure::failed(format!(
            "the history in {dir} is damaged; `eventsource-server --data-dir {dir} --salvage` makes a new file of \
             what can be read, or put a backup in the place of history.redb"
        )))
    }

    fn back_up(&self, file: &Path) -> Result<(), Failure> {
        // Also a symbolic link to nothing is something.
        if file.symlink_metadata().is_ok() {
            let file = file.display();
            return Err(Failure::failed(format!("{file} is there already; name another file")));
        }
        let report = match self.report() {
            Err(OpenError::InUse { .. }) => return self.fetch(file),
            report => report.map_err(failed)?,
        };
        if let Some(message) = damage(&report) {
            let path = self.dir.join("history.redb");
            return Err(failed(OpenError::Damaged { path, message }));
        }
        let store = Store::open(self.config()).map_err(failed)?;
        store.backup(file).map_err(Failure::failed)?;
        let (channels, events) = (report.channels.len(), report.events);
        let file = file.display();
        print(&format!("copied {channels} channels with {events} events to {file}\n"))
    }

    /// Has the server that uses the directory make the copy.
    fn fetch(&self, file: &Path) -> Result<(), Failure> {
        let len = control::fetch(&self.dir, file).map_err(Failure::failed)?;
        print(&format!("the server has copied {len} bytes to {}\n", file.display()))
    }

    fn compact(&self) -> Result<(), Failure> {
        let compacted = without_panics(|| sse_redb::compact(&self.config())).map_err(failed)?;
        let (before, after) = (compacted.before, compacted.after);
        print(&format!("the file had {before} bytes, and now has {after}\n"))
    }

    fn salvage(&self) -> Result<(), Failure> {
        let report = self.report().map_err(failed)?;
        if is_sound(&report) {
            return print("nothing is damaged, and nothing was changed\n");
        }
        let kept = self.dir.join("history.redb.damaged");
        if kept.exists() {
            let kept = kept.display();
            return Err(Failure::failed(format!(
                "{kept} is there already, from another time; move it away"
            )));
        }
        let salvaged = without_panics(|| sse_redb::salvage(&self.config())).map_err(failed)?;
        let (records, lost, kept) = (salvaged.records, salvaged.lost, kept.display());
        let more = if report.damage.is_some() { ", and more that is not known" } else { "" };
        print(&format!(
            "the new file has {records} records; lost are {lost}{more}; the damaged file is {kept}\n"
        ))
    }

    fn report(&self) -> Result<Report, OpenError> {
        without_panics(|| sse_redb::check(&self.config()))
    }

    /// Without limits: what is there is to be seen, and stays.
    fn config(&self) -> StoreConfig {
        StoreConfig::new(&self.dir)
            .with_max_events(usize::MAX)
            .with_max_bytes(u64::MAX)
            .with_max_age(None)
            .with_forget_after(None)
            .with_key_window(FOR_EVER)
            .with_max_key_bytes(usize::MAX)
            .with_max_index_bytes(usize::MAX)
    }
}

fn failed(error: OpenError) -> Failure {
    Failure::failed(Problem(error))
}

fn is_sound(report: &Report) -> bool {
    damage(report).is_none()
}

/// What is wrong with the file.
fn damage(report: &Report) -> Option<String> {
    let records = report.damaged.len();
    match &report.damage {
        Some(damage) => Some(format!("{damage}, and {records} records cannot be read")),
        None => (0 < records).then(|| format!("{records} records cannot be read")),
    }
}

/// A line for all, and one for each channel.
fn shown(report: &Report) -> String {
    let Report { channels, events, bytes, .. } = report;
    let damage = damage(report);
    let damage =
        damage.map_or_else(|| "no damage".to_owned(), |damage| format!("damaged: {damage}"));
    let mut shown =
        format!("{} channels, {events} events of {bytes} bytes, {damage}\n", channels.len());
    for ChannelReport { channel, events, bytes, first, last, missing, .. } in channels {
        shown += &escaped(channel.as_str(), Place::Line);
        let mut write = |part: std::fmt::Arguments<'_>| {
            shown.write_fmt(part).expect("a string takes everything");
        };
        write(format_args!(": {events} events of {bytes} bytes"));
        if let Some(first) = first {
            write(format_args!(", first {first}"));
        }
        if let Some(last) = last {
            write(format_args!(", last {last}"));
        }
        if 0 < *missing {
            write(format_args!(", {missing} missing"));
        }
        shown.push('\n');
    }
    shown
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

const FOR_EVER: Duration = Duration::from_secs(u64::MAX / 1_000);
