//! What a service manager is told.

use std::{fs, net::TcpListener, os::unix::net::UnixDatagram, path::PathBuf, process::Command};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::{HANG, Listener, Process, SERVER};

#[test]
fn a_service_manager_is_told_when_the_server_serves_and_what_its_end_waits_for() {
    let manager = Manager::new();
    let server = manager.start(&["--drain", "10", "--mode", "shared"]);
    let line = server.line();
    assert_eq!(manager.told(), "READY=1\nSTATUS=serving\n");
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    let _listeners = [(); 3].map(|()| Listener::open(addr, "/poll/42"));

    server.signal(Signal::TERM);

    assert_eq!(
        manager.told(),
        "STOPPING=1\nSTATUS=ending the streams of 3 listeners over 10 ms\n\
         EXTEND_TIMEOUT_USEC=30010000\n"
    );
    assert_eq!(manager.told(), "STATUS=waiting for requests under way to end\n");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn the_end_may_take_as_long_as_the_longest_drain() {
    let manager = Manager::new();
    let server = manager.start(&["--drain", "4294967295", "--drain-accept"]);
    server.line();
    manager.told();

    server.signal(Signal::TERM);

    let told = manager.told();
    assert!(told.ends_with("EXTEND_TIMEOUT_USEC=4294997295000\n"), "{told}");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(1));
}

#[test]
fn a_service_manager_is_told_when_files_are_read_again_and_what_came_of_it() {
    let manager = Manager::new();
    let file = manager.folder.path().join("toml");
    fs::write(&file, "").unwrap();
    let server = manager.start(&["--config", file.to_str().unwrap()]);
    server.line();
    assert_eq!(manager.told(), "READY=1\nSTATUS=serving\n");
    for (text, status) in
        [("", "serving"), ("port = \"x\"", "serving; what was read last was refused, see the log")]
    {
        fs::write(&file, text).unwrap();

        server.signal(Signal::HUP);

        let told = manager.told();
        let time = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&told);
        assert!(time.trim_end().parse::<u64>().is_ok(), "{told}");
        assert_eq!(manager.told(), format!("READY=1\nSTATUS={status}\n"));
    }
}

#[test]
fn a_service_manager_waits_for_histories_that_are_read() {
    let manager = Manager::new();
    let dir = manager.folder.path().join("data");

    let server = manager.start(&["--data-dir", dir.to_str().unwrap(), "--history", "1"]);

    server.line();
    let told = manager.told();
    assert_eq!(told, "STATUS=reading histories from disk\nEXTEND_TIMEOUT_USEC=600000000\n");
    assert_eq!(manager.told(), "READY=1\nSTATUS=serving\n");
}

#[test]
fn a_service_manager_is_told_that_the_server_waits_for_redis() {
    let manager = Manager::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", nobody.local_addr().unwrap());

    let server = manager.start(&["--redis", &url, "--history", "1"]);

    assert_eq!(manager.told(), "STATUS=waiting for Redis\nEXTEND_TIMEOUT_USEC=20000000\n");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn a_server_that_cannot_listen_is_never_said_to_be_ready() {
    let manager = Manager::new();
    let used = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = used.local_addr().unwrap().port().to_string();

    let ended = manager.start(&["-P", &port]).wait();

    assert_eq!(ended.code, Some(1), "{ended:?}");
    manager.socket.set_nonblocking(true).unwrap();
    assert!(manager.socket.recv(&mut [0; 1]).is_err());
}

#[test]
fn a_service_manager_that_is_gone_stops_nobody() {
    let manager = Manager::new();
    fs::remove_file(manager.path()).unwrap();

    let server = manager.start(&[]);

    server.line();
    server.log_line("cannot tell the service manager");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(0));
}

/// The end of a service manager that is told what goes on.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(HANG)).unwrap();
        Self { folder, socket }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    fn start(&self, args: &[&str]) -> Process {
        let mut command = Command::new(SERVER);
        command.args(["-P", "0"].iter().filter(|_| !args.contains(&"-P"))).args(args);
        Process::spawn(command.env("NOTIFY_SOCKET", self.path()))
    }

    fn told(&self) -> String {
        let mut told = [0; 4096];
        let len = self.socket.recv(&mut told).unwrap();
        String::from_utf8(told[..len].to_vec()).unwrap()
    }
}
