use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Compiles every workspace beside the main one, with the versions in its lock file: nothing else sees that
/// they no longer fit the crates they use.
///
/// They share one folder of what is built, as they share most of what they depend on. The fuzz targets
/// compile on stable Rust too; only a run needs sanitizers.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let target = workspace.target().join("side");
    for folder in folders(&workspace.files()?) {
        let manifest = format!("{folder}/Cargo.toml");
        let check = ["--locked", "--all-targets", "--manifest-path", &manifest, "--target-dir"];
        process::run(workspace.cargo("check").args(check).arg(&target))?;
    }
    Ok(())
}

/// The folders with a lock file of their own.
fn folders(files: &[String]) -> impl Iterator<Item = &str> {
    files.iter().filter_map(|path| path.strip_suffix("/Cargo.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_but_the_main_one_is_found() {
        let files = Workspace::find().unwrap().files().unwrap();
        let found: Vec<_> = folders(&files).collect();
        for folder in ["benches/adapters", "benches/server", "fuzz", "interop"] {
            assert!(found.contains(&folder), "{folder}: {found:?}");
        }
        assert!(!found.iter().any(|folder| folder.is_empty()), "{found:?}");
    }
}
