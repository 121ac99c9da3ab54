use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use super::apt;
use crate::process::Outcome;

/// Browsers, Node.js with npm, and Python with virtual environments.
pub(super) fn clients() -> Outcome {
    let mut missing = missing(&CLIENTS);
    if !has_virtual_environments() {
        missing.push("python3-venv");
    }
    install(&missing)
}

/// The proxies themselves, not their services.
pub(super) fn proxies() -> Outcome {
    install(&missing(&PROXIES))
}

/// The parser of Prometheus, which comes with its server.
pub(super) fn prometheus() -> Outcome {
    install(&missing(&PROMETHEUS))
}

fn install(packages: &[&str]) -> Outcome {
    if packages.is_empty() {
        println!("setup: all peers are there; nothing to install");
        return Ok(());
    }
    let list = packages.join(" ");
    apt::install_without_services(packages).map_err(|error| {
        format!("{list} must be installed, on Debian with `apt-get install {list}`: {error}").into()
    })
}

/// The packages of those programs that are not there. Not all of them say their version when asked.
fn missing<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    let packages = programs.iter().filter(|(program, _)| !is_there(program));
    packages.map(|(_, package)| *package).collect()
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // What only root is meant to run is not in everybody's path.
    let system = ["/usr/sbin", "/usr/local/sbin"].map(Path::new);
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
        || system.iter().any(|folder| folder.join(program).is_file())
}

fn has_virtual_environments() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

const CLIENTS: [(&str, &str); 5] = [
    ("chromium", "chromium"),
    ("firefox-esr", "firefox-esr"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("python3", "python3"),
];

const PROXIES: [(&str, &str); 5] = [
    ("apache2", "apache2-bin"),
    ("caddy", "caddy"),
    ("haproxy", "haproxy"),
    ("nginx", "nginx"),
    ("varnishd", "varnish"),
];

const PROMETHEUS: [(&str, &str); 1] = [("promtool", "prometheus")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_a_program_that_is_missing_is_asked_for_and_no_other() {
        let programs = [("sh", "dash"), ("no-such-proxy", "no-such-package")];
        assert_eq!(missing(&programs), ["no-such-package"]);
    }
}
