use super::apt;
use crate::process::Outcome;

/// What reads manual pages, completions and units as the systems do on which they are installed.
pub(super) fn run() -> Outcome {
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !apt::runs(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        println!("setup: what checks a package runs; nothing to install");
        return Ok(());
    }
    apt::install(&missing)
}

/// Programs, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 7] = [
    ("bash", "bash"),
    ("fish", "fish"),
    ("groff", "groff"),
    ("lintian", "lintian"),
    ("man", "man-db"),
    ("systemd-analyze", "systemd"),
    ("zsh", "zsh"),
];
