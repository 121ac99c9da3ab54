use std::{fs, path::Path, process::Command};

use super::{Root, expect};
use crate::process::Outcome;

/// The units of the package hold by what systemd knows without running them.
pub(super) fn check(root: &Root, folder: &Path) -> Outcome {
    let installed = root.path("usr/lib/systemd/system");
    let service = fs::read_to_string(installed.join(SERVICE))?;
    let socket = fs::read_to_string(installed.join(SOCKET))?;
    let names = service.contains("--config /etc/eventsource-server/eventsource-server.toml");
    expect(
        names == root.path("etc/eventsource-server/eventsource-server.toml").exists(),
        "a configuration is installed if, and only if, the service names it",
    )?;

    fs::create_dir_all(folder)?;
    // The programs are not where they will be.
    let programs = root.path("usr/bin/");
    let service = service.replace("=/usr/bin/", &format!("={}", programs.display()));
    fs::write(folder.join(SERVICE), service)?;
    fs::write(folder.join(SOCKET), socket)?;
    for unit in [SERVICE, SOCKET] {
        quiet(analyze(&["verify", "--man=no"]).arg(folder.join(unit)))?;
    }
    let threshold = format!("--threshold={MOST_EXPOSED}");
    let mut security = analyze(&["security", "--offline=yes", "--no-pager", &threshold]);
    let output = security.arg(folder.join(SERVICE)).output()?;
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{}", report.lines().last().unwrap_or_default());
    expect(output.status.success(), format!("the service is exposed too much:\n{report}"))
}

fn analyze(args: &[&str]) -> Command {
    let mut command = Command::new("systemd-analyze");
    command.args(args);
    command
}

/// A warning fails it too.
fn quiet(command: &mut Command) -> Outcome {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    expect(output.status.success() && said.is_empty(), format!("{command:?}: {said}"))
}

const SERVICE: &str = "eventsource-server.service";
const SOCKET: &str = "eventsource-server.socket";

/// In tenths. The network, which no server can do without, is 1.0 of the 1.2 that it has.
const MOST_EXPOSED: u32 = 12;
