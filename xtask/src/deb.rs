use std::{env, path::PathBuf, process::Command};

use crate::{
    dist, notices,
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Profile of the build; `dev` is quick where the tests were built, and the programs are slow
    #[arg(long, default_value = "release")]
    profile: String,
}

/// Makes the package, and says where it is.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome<PathBuf> {
    let program = setup::cargo_deb(workspace)?;
    dist::run(workspace)?;
    notices::write(workspace)?;
    let package = workspace.target().join("debian").join("eventsource-server.deb");
    let mut command = Command::new(program);
    command.args(["--package", "sse-cli", "--profile", &args.profile, "--output"]).arg(&package);
    if let Some(maintainer) = maintainer(|name| env::var(name).ok()) {
        command.args(["--maintainer", &maintainer]);
    }
    process::run(command.current_dir(workspace.root()))?;
    Ok(package)
}

/// Who makes the package, as Debian's own programs are told. Without that it names the project.
fn maintainer(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let [name, address] = ["DEBFULLNAME", "DEBEMAIL"].map(variable);
    Some(format!("{} <{}>", name?.trim(), address?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_makes_the_package_is_named_as_debian_is_told() {
        let found = maintainer(|name| match name {
            "DEBFULLNAME" => Some("Alice Example".to_owned()),
            "DEBEMAIL" => Some("alice@example.org".to_owned()),
            _ => None,
        });
        assert_eq!(found.as_deref(), Some("Alice Example <alice@example.org>"));
        assert_eq!(maintainer(|name| (name == "DEBEMAIL").then(|| "a@b".to_owned())), None);
    }
}
