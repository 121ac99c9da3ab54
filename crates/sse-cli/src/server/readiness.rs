use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager that requests are served. Does nothing without a service manager, as the other
/// functions here do.
///
/// # Source
///
/// systemd, [sd_notify](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html).
pub(super) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// Tells it that histories are read from disk before requests are served, which takes as long as they are large.
pub(super) fn opening() {
    let time = format!("EXTEND_TIMEOUT_USEC={}", OPENING.as_micros());
    tell(&[NotifyState::Status("reading histories from disk"), NotifyState::Custom(&time)]);
}

/// Tells it that the server waits for Redis, and waits for `time` more.
pub(super) fn waiting(time: Duration) {
    let time = format!("EXTEND_TIMEOUT_USEC={}", time.as_micros());
    tell(&[NotifyState::Status("waiting for Redis"), NotifyState::Custom(&time)]);
}

/// Tells it that the files are read again, after which [`reloaded`] is due.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "cannot tell the service manager the time"),
    }
}

/// Tells it that requests are served as before, or with what was read again.
pub(super) fn reloaded(is_refused: bool) {
    let status =
        if is_refused { "serving; what was read last was refused, see the log" } else { "serving" };
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells it that the streams are ended over the time `drain`, and how long that takes at most: it might not wait
/// so long otherwise.
pub(super) fn draining(listeners: usize, drain: Duration) {
    let over =
        if drain.is_zero() { String::new() } else { format!(" over {} ms", drain.as_millis()) };
    let status = format!("ending the streams of {listeners} listeners{over}");
    // The enum has a variant for it, which ends at 71 minutes.
    let time = drain.saturating_add(MARGIN).as_micros();
    let time = format!("EXTEND_TIMEOUT_USEC={time}");
    tell(&[NotifyState::Stopping, NotifyState::Status(&status), NotifyState::Custom(&time)]);
}

/// Tells it that the streams have ended.
pub(super) fn ending() {
    tell(&[NotifyState::Status("waiting for requests under way to end")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}

/// For how long histories are read at most: hundreds of millions of events.
const OPENING: Duration = Duration::from_secs(600);

/// What the end takes after the streams have ended: requests under way have 4 s, and a slow disk has 10 s.
const MARGIN: Duration = Duration::from_secs(30);
