use std::{fs, path::PathBuf};

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Lays everything that is installed beside the commands below `target/dist`, as a system has it, and
/// returns that folder.
pub(crate) fn run(workspace: &Workspace) -> Outcome<PathBuf> {
    // Not the folder of what is built, which may be elsewhere: the manifest of the package names this one.
    let dist = workspace.path("target/dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    let example = ["--quiet", "--package", "sse-cli", "--example", "pages", "--"];
    process::run(workspace.cargo("run").args(example).arg(&dist))?;
    for (source, folder) in FILES {
        let source = workspace.path("packaging").join(source);
        if source.ends_with(CONFIGURATION) && !source.exists() {
            continue;
        }
        let folder = dist.join(folder);
        let name = source.file_name().ok_or("a file of the package has no name")?;
        fs::create_dir_all(&folder)?;
        fs::copy(&source, folder.join(name))
            .map_err(|error| format!("{}: {error}", source.display()))?;
    }
    Ok(dist)
}

/// Files of `packaging`, and the folders that they go to.
const FILES: [(&str, &str); 5] = [
    ("default/eventsource-server", "etc/default"),
    (CONFIGURATION, "etc/eventsource-server"),
    ("eventsource-server.service", "usr/lib/systemd/system"),
    ("eventsource-server.socket", "usr/lib/systemd/system"),
    ("sysusers.d/eventsource-server.conf", "usr/lib/sysusers.d"),
];

const CONFIGURATION: &str = "eventsource-server.toml";
