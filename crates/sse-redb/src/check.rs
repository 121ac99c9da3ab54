use std::fmt;

use sse_core::{Token, history::Position};

use crate::{OpenError, StoreConfig, dir::Dir, open};

/// What is in a store that nobody has open.
///
/// ```
/// use sse_redb::{Store, StoreConfig, check};
///
/// # let dir = tempfile::tempdir()?;
/// drop(Store::open(StoreConfig::new(dir.path()))?);
/// let report = check(&StoreConfig::new(dir.path()))?;
/// assert_eq!((report.events, report.damaged.len()), (0, 0));
/// assert_eq!(report.to_string(), "0 channels, 0 events of 0 bytes, no damage\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The channels, by their names.
    pub channels: Vec<ChannelReport>,
    /// How many events are kept.
    pub events: u64,
    /// The bytes of their records.
    pub bytes: u64,
    /// What is wrong with the file as a whole: more may be missing than the report knows of.
    pub damage: Option<String>,
    /// The keys of the records that cannot be read.
    pub damaged: Vec<u64>,
}

/// What is in a channel.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{Event, Token, wire::Frame};
/// use sse_redb::{Append, Store, StoreConfig, check};
///
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// store.append(Append::new(Token::new("42")?).with_frame(Event::data("21.5").into()), |_| {})?;
/// drop(store);
/// let report = check(&StoreConfig::new(dir.path()))?;
/// assert_eq!((report.channels[0].events, report.channels[0].missing), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ChannelReport {
    /// Its name.
    pub channel: Token,
    /// How many events are kept.
    pub events: u64,
    /// The bytes of their records.
    pub bytes: u64,
    /// The first event that is kept.
    pub first: Option<Position>,
    /// The newest position.
    pub last: Option<Position>,
    /// How many events between those are missing.
    pub missing: u64,
}

/// Reads all of a store that nobody has open, and changes nothing.
///
/// # Errors
///
/// [`OpenError`]: with [`OpenError::Damaged`] nothing of the file can be read, and only a backup helps. Other
/// damage is in the report instead.
pub fn check(config: &StoreConfig) -> Result<Report, OpenError> {
    let file = Dir::lock(config.dir()).map(|dir| (dir.file(), dir))?;
    let (path, _dir) = &file;
    let found = open::read_damaged(config, path)?;
    let mut report = Report { damage: found.damage, damaged: found.broken, ..Report::default() };
    let limits = &found.index.limits;
    for (token, channel) in &found.index.channels {
        let mut part = ChannelReport {
            channel: token.clone(),
            events: 0,
            bytes: 0,
            first: None,
            last: channel.state.epoch().map(|epoch| Position::new(channel.state.top, epoch)),
            missing: 0,
        };
        let mut after = channel.oldest().map_or(channel.state.top, |oldest| oldest.seq - 1);
        for (place, epoch) in channel.behind(after, limits, 0) {
            part.first.get_or_insert_with(|| Position::new(place.seq, epoch));
            part.missing += place.seq - after - 1;
            part.events += 1;
            part.bytes += u64::from(place.len);
            after = place.seq;
        }
        part.missing += channel.state.top.saturating_sub(after);
        report.events += part.events;
        report.bytes += part.bytes;
        report.channels.push(part);
    }
    report.channels.sort_by(|one, other| one.channel.cmp(&other.channel));
    Ok(report)
}

impl fmt::Display for Report {
    /// A line for all, and one for each channel.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, events, bytes, damage, damaged } = self;
        write!(f, "{} channels, {events} events of {bytes} bytes, ", channels.len())?;
        match (damage, damaged.len()) {
            (None, 0) => writeln!(f, "no damage")?,
            (None, count) => writeln!(f, "{count} records that cannot be read")?,
            (Some(damage), count) => {
                writeln!(f, "{count} records that cannot be read, damaged: {damage}")?;
            }
        }
        for channel in channels {
            let ChannelReport { channel, events, bytes, first, last, missing } = channel;
            write!(f, "{channel}: {events} events of {bytes} bytes")?;
            if let Some(first) = first {
                write!(f, ", from {first}")?;
            }
            if let Some(last) = last {
                write!(f, " to {last}")?;
            }
            match missing {
                0 => writeln!(f)?,
                _ => writeln!(f, ", {missing} missing")?,
            }
        }
        Ok(())
    }
}
