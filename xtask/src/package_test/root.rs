use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::{self, Outcome};

/// The root of a system on which nothing is installed.
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(folder: &Path) -> Outcome<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        for inner in ["info", "triggers", "updates"] {
            fs::create_dir_all(folder.join("var/lib/dpkg").join(inner))?;
        }
        fs::write(folder.join("var/lib/dpkg/status"), "")?;
        Ok(Self(folder.to_owned()))
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    /// Does `action` with the package. Its scripts run with the programs of this system, on the files of the
    /// root; nothing that the package depends on is there.
    pub(super) fn dpkg(&self, action: &str, package: impl AsRef<OsStr>) -> Outcome {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg("--root").arg(&self.0).args(["--log=/dev/null", "--force-depends"]);
        process::run(dpkg.arg("--force-script-chrootless").arg(action).arg(package))
    }

    /// The files and links below `folder`, without the databases of dpkg and of the users.
    pub(super) fn files(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        self.walk(&self.path(folder), &mut files)?;
        files.sort();
        Ok(files)
    }

    fn walk(&self, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.strip_prefix(&self.0).unwrap_or(&path).to_string_lossy().into_owned();
            if DATABASES.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                self.walk(&path, files)?;
            } else {
                files.push(name);
            }
        }
        Ok(())
    }
}

/// A package leaves its user behind, as files may be owned by it.
const DATABASES: [&str; 6] =
    ["etc/.pwd.lock", "etc/group", "etc/gshadow", "etc/passwd", "etc/shadow", "var/lib/dpkg"];
