use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

/// The chromedriver of this process, started when it is first asked for.
///
/// It ends with the process, however that ends: a shell waits for the end of its standard input,
/// which comes when this process is gone, and then kills its group, in which the browsers are too.
#[derive(Debug)]
pub(super) struct Driver {
    port: u16,
    _shell: Child,
    /// Kept open, or a line too many would end the driver.
    _stdout: BufReader<ChildStdout>,
}

impl Driver {
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Driver> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn start() -> Self {
        // The shell removes it: what is in a static is never dropped.
        let files = TempDir::new().expect("there is room for temporary files").keep();
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            // Profiles go to the one, what is not in a profile to the other.
            .envs([("TMPDIR", &files), ("HOME", &files)])
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let mut stdout = BufReader::new(shell.stdout.take().expect("it is piped"));
        let port = port(&mut stdout).unwrap_or_else(|| {
            panic!("`chromedriver` does not start; `cargo xtask setup` installs it")
        });
        Self { port, _shell: shell, _stdout: stdout }
    }
}

/// The port in the line `ChromeDriver was started successfully on port 37193.`
fn port(stdout: &mut impl BufRead) -> Option<u16> {
    let mut lines = stdout.lines();
    lines.find_map(|line| {
        let line = line.ok()?;
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    })
}

const SCRIPT: &str = r#"
chromedriver --port=0 &
exec >&-
read -r _
rm -rf "$TMPDIR"
kill -KILL 0
"#;
