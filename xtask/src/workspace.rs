use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{manifest::Manifest, process::Outcome};

/// Where everything is.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Outcome<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR").ok_or("run it as `cargo xtask`")?;
        let root = Path::new(&package).parent().ok_or("xtask lies in no workspace")?;
        Ok(Self { root: root.to_owned() })
    }

    /// The absolute path of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn cargo(&self, verb: &str) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.arg(verb).current_dir(&self.root);
        cargo
    }

    /// The directory of what is built, which a benchmark must know to find the programs.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
    }

    /// The manifest of the workspace.
    pub(crate) fn manifest(&self) -> Outcome<Manifest> {
        Manifest::read(&self.root, "Cargo.toml")
    }

    /// The manifests of the members, in the order of their paths.
    pub(crate) fn members(&self) -> Outcome<Vec<Manifest>> {
        let mut paths = vec!["xtask/Cargo.toml".to_owned()];
        for entry in fs::read_dir(self.path("crates"))? {
            let name = entry?.file_name().into_string().map_err(|name| format!("odd: {name:?}"))?;
            paths.push(format!("crates/{name}/Cargo.toml"));
        }
        paths.sort();
        paths.iter().map(|path| Manifest::read(&self.root, path)).collect()
    }

    /// The files of the project, relative to its root, sorted: what git tracks or would track, or
    /// everything but what was built where there is no git.
    pub(crate) fn files(&self) -> Outcome<Vec<String>> {
        let mut files = match self.git_files() {
            Some(files) => files,
            None => {
                let mut files = Vec::new();
                self.walk(&self.root, &mut files)?;
                files
            }
        };
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn git_files(&self) -> Option<Vec<String>> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root)
            .stderr(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let list = String::from_utf8(output.stdout).ok()?;
        let there = |path: &&str| !path.is_empty() && self.path(path).is_file();
        Some(list.split('\0').filter(there).map(str::to_owned).collect())
    }

    fn walk(&self, directory: &Path, files: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            if path.is_file() {
                let relative = path.strip_prefix(&self.root).unwrap_or(&path);
                files.push(relative.to_string_lossy().into_owned());
            } else if path.is_dir() && name != ".git" && name != "target" {
                self.walk(&path, files)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_git_is_found_without_git() {
        let workspace = Workspace::find().unwrap();
        let mut walked = Vec::new();
        workspace.walk(&workspace.root, &mut walked).unwrap();
        for file in workspace.files().unwrap() {
            assert!(walked.contains(&file), "{file}");
        }
    }

    #[test]
    fn the_members_have_names() {
        let members = Workspace::find().unwrap().members().unwrap();
        let names: Vec<_> = members.iter().map(Manifest::package).collect();
        assert!(names.contains(&"sse-core") && names.contains(&"xtask"), "{names:?}");
    }
}
