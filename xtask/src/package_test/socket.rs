use std::{
    fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Root, expect};
use crate::process::Outcome;

/// The installed server serves a socket that systemd's own tool hands over, TCP and Unix, with no privilege.
pub(super) fn check(root: &Root) -> Outcome {
    // The system has to choose a port that is free, and the tool wants to know it.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let activated = Activated::start(root, &address.to_string())?;
    answers(|| TcpStream::connect(address))?;
    drop(activated);

    let folder = root.path("run/eventsource-server");
    fs::create_dir_all(&folder)?;
    let path = folder.join("socket");
    let activated = Activated::start(root, &path.to_string_lossy())?;
    answers(|| UnixStream::connect(&path))?;
    drop(activated);
    fs::remove_dir_all(root.path("run"))?;
    Ok(())
}

/// The tool, which becomes the server with the first connection.
struct Activated(Child);

impl Activated {
    fn start(root: &Root, listen: &str) -> Outcome<Self> {
        let mut command = Command::new("systemd-socket-activate");
        command.args(["--listen", listen]);
        if Path::new("/proc/self").exists() && is_root()? {
            command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
            command.args(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]);
        }
        // An address that cannot be bound.
        command.arg(root.path("usr/bin/eventsource-server")).args(["--host", "192.0.2.1"]);
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        // That it has ended by itself is seen by the answer that did not come.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn answers<C: Read + Write>(connect: impl Fn() -> io::Result<C>) -> Outcome {
    let start = Instant::now();
    let mut connection = loop {
        match connect() {
            Ok(connection) => break connection,
            Err(error) if PATIENCE < start.elapsed() => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    };
    connection.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    expect(answer.starts_with("HTTP/1.1 200 "), format!("the server answers {answer:?}"))
}

fn is_root() -> Outcome<bool> {
    Ok(crate::process::read(Command::new("id").arg("-u"))?.trim() == "0")
}

const PATIENCE: Duration = Duration::from_secs(30);
