use super::{Live, Read};
use crate::server::{
    config::Config,
    settings::{Change, table_of},
};

/// What was read differently from what holds.
#[derive(Debug)]
pub(super) struct Differences {
    /// Options and files that hold from now on.
    held: Vec<String>,
    /// Whether any of these is about access.
    have_access: bool,
    /// Options that hold after a restart, with their values before and after it.
    waiting: Vec<String>,
}

impl Differences {
    pub(super) fn new(started: &Read, current: &Read, read: &Read, fixed: &Fixed) -> Self {
        let mut differences = Self { held: Vec::new(), have_access: false, waiting: Vec::new() };
        for change in read.settings.changes(&current.settings) {
            if !fixed.needs_restart(&change) {
                differences.have_access |= change.table == Some(ACCESS);
                differences.held.push(format!("--{}", change.option));
            }
        }
        for (option, file) in read.files.changed(&current.files) {
            differences.have_access |= table_of(option) == Some(ACCESS);
            differences.held.push(format!("{} ({option})", file.display()));
        }
        for change in read.settings.changes(&started.settings) {
            if fixed.needs_restart(&change) {
                differences.wait(change.option, &change.before, &change.now);
            }
        }
        differences.wait_for_log_bounds(started, read);
        differences
    }

    pub(super) fn have_access(&self) -> bool {
        self.have_access
    }

    pub(super) fn log(&self) {
        if self.held.is_empty() {
            tracing::info!("reloaded: nothing has changed that can change without a restart");
        } else {
            tracing::info!("reloaded: {}", self.held.join(", "));
        }
        if !self.waiting.is_empty() {
            tracing::warn!("this takes effect after a restart: {}", self.waiting.join(", "));
        }
    }

    /// These follow --max-body where no option says them.
    fn wait_for_log_bounds(&mut self, started: &Read, read: &Read) {
        let (before, now) = (started.log_bounds, read.log_bounds);
        for (option, before, now) in [
            ("max-channel-bytes", before.channel, now.channel),
            ("max-unread-bytes", before.all, now.all),
        ] {
            let is_said = self.waiting.iter().any(|said| said.starts_with(&format!("--{option} ")));
            if before != now && !is_said {
                self.wait(option, &before.to_string(), &now.to_string());
            }
        }
    }

    fn wait(&mut self, option: &str, before: &str, now: &str) {
        self.waiting.push(format!("--{option} ({before} -> {now})"));
    }
}

/// What of the running server stands in the way of options that could otherwise change.
#[derive(Debug)]
pub(super) struct Fixed {
    tls_is_switched: bool,
    admin_is_moved: bool,
    admin_tls_is_switched: bool,
}

impl Fixed {
    pub(super) fn new(live: &Live, config: &Config) -> Self {
        let (admin, wanted) = (live.admin.as_ref(), config.admin.as_ref());
        Self {
            tls_is_switched: live.identity.is_some() != config.identity.is_some(),
            admin_is_moved: admin.is_none_or(|admin| admin.is_moved(wanted)),
            admin_tls_is_switched: admin.is_some_and(|admin| admin.switches_tls(wanted)),
        }
    }

    fn needs_restart(&self, change: &Change) -> bool {
        match change.option {
            "keyfile" | "certfile" => self.tls_is_switched,
            "admin-passwords" => self.admin_is_moved,
            "admin-keyfile" | "admin-certfile" => self.admin_is_moved || self.admin_tls_is_switched,
            option => !LIVE_TABLES.contains(&change.table) && !LIVE.contains(&option),
        }
    }
}

const ACCESS: &str = "access";

/// Tables and options that hold at once; any other needs a restart.
const LIVE_TABLES: [Option<&str>; 2] = [Some(ACCESS), Some("limits")];
const LIVE: [&str; 10] = [
    "allow-credentials",
    "allow-host",
    "allow-origin",
    "drain",
    "max-batch",
    "max-bodies",
    "max-body",
    "max-channels",
    "max-listeners",
    "max-listeners-per-channel",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::command;

    #[test]
    fn each_option_and_table_that_is_named_here_exists() {
        let command = command();
        for named in LIVE {
            let mut options = command.get_arguments().filter_map(|option| option.get_long());
            assert!(options.any(|option| option == named), "{named}");
        }
        for (option, table) in [("--jwt-key", LIVE_TABLES[0]), ("publish-rate", LIVE_TABLES[1])] {
            assert_eq!(table_of(option), table, "{option}");
        }
    }
}
