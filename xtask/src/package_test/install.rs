use std::{fs, path::Path, process::Command};

use super::{COMMANDS, Root, expect};
use crate::process::{self, Outcome};

/// What is installed, kept by an upgrade, and left by a removal. The package is installed in `root`.
pub(super) fn check(root: &Root, package: &Path, next: &Path) -> Outcome {
    installed(root)?;
    upgraded(root, &next_version(package, next)?)?;

    root.dpkg("--remove", NAME)?;
    for command in COMMANDS {
        expect(!root.path("usr/bin").join(command).exists(), format!("{command} is left"))?;
    }
    let options = fs::read_to_string(root.path(OPTIONS))?;
    expect(options == CHANGED, "a removal that is not a purge keeps the options")?;
    root.dpkg("--purge", NAME)?;
    let left = root.files("")?;
    expect(left.is_empty(), format!("a purge leaves {left:?}"))
}

fn installed(root: &Root) -> Outcome {
    let users = fs::read_to_string(root.path("etc/passwd"))?;
    expect(users.contains("\neventsource-server:") || users.starts_with(NAME), "there is no user")?;
    expect(root.path(ENABLED).is_symlink(), "the service is not enabled")?;
    let sockets = root.path("etc/systemd/system/sockets.target.wants");
    expect(!sockets.exists(), "the socket is enabled, and nobody asked for it")?;
    for file in ["copyright", "changelog.Debian.gz"] {
        let file = root.path("usr/share/doc").join(NAME).join(file);
        expect(file.exists(), format!("there is no {}", file.display()))?;
    }
    let notices = fs::read_to_string(root.path("usr/share/doc").join(NAME).join("copyright"))?;
    expect(notices.contains("\nFiles: ring-"), "the notices of linked crates are not there")
}

/// An upgrade keeps what an administrator changed: options, and whether the service is enabled.
fn upgraded(root: &Root, next: &Path) -> Outcome {
    fs::write(root.path(OPTIONS), CHANGED)?;
    fs::remove_file(root.path(ENABLED))?;
    root.dpkg("--install", next)?;
    let options = fs::read_to_string(root.path(OPTIONS))?;
    expect(options == CHANGED, format!("the upgrade changed the options to {options:?}"))?;
    expect(!root.path(ENABLED).exists(), "the upgrade enabled a service that was disabled")?;
    let status = fs::read_to_string(root.path("var/lib/dpkg/status"))?;
    expect(status.contains(NEXT_VERSION), "the next version is not installed")
}

/// The same package with a higher version.
fn next_version(package: &Path, folder: &Path) -> Outcome<std::path::PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    process::run(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(folder))?;
    let control = folder.join("DEBIAN/control");
    let text = fs::read_to_string(&control)?;
    let version = text.lines().find(|line| line.starts_with("Version: ")).ok_or("no version")?;
    fs::write(&control, text.replace(version, NEXT_VERSION))?;
    let next = folder.with_extension("deb");
    let mut build = Command::new("dpkg-deb");
    process::run(build.args(["--root-owner-group", "-Znone", "--build"]).arg(folder).arg(&next))?;
    Ok(next)
}

const NAME: &str = "eventsource-server";
const OPTIONS: &str = "etc/default/eventsource-server";
const CHANGED: &str = "OPTIONS=\"--mode shared\"\n";
const ENABLED: &str = "etc/systemd/system/multi-user.target.wants/eventsource-server.service";
const NEXT_VERSION: &str = "Version: 1000.0.0-1";
