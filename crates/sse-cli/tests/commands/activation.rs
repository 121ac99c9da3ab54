//! Sockets that a service manager hands over.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::OwnedFd,
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use socket2::SockRef;

use crate::support::{HANG, Process, SERVER, exchange};

#[test]
fn a_socket_that_is_handed_over_is_served_instead_of_host_and_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();

    // This port is in use, so that the server could not bind it.
    let args = ["-H", "127.0.0.1", "-P", &addr.port().to_string()];
    let server = hand_over(listener, ONE, &args);

    assert_eq!(server.line(), format!("listening on http://{addr}"));
    assert_eq!(exchange(addr, "POST", "/ping/42", "x").status(), 404);
}

#[test]
fn who_connected_before_the_server_started_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(HANG)).unwrap();
    client.write_all(request("localhost").as_bytes()).unwrap();

    let _server = hand_over(listener, ONE, &[]);

    assert!(read(client).starts_with("HTTP/1.1 404 "));
}

#[test]
fn the_options_of_a_socket_that_is_bound_are_set_on_one_that_is_handed_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let same = listener.try_clone().unwrap();

    let server = hand_over(listener, ONE, &["--stall-timeout", "7000"]);
    server.line();
    // The options are of the socket, which both processes have. They are set before the server says so, but
    // that of the command line once it serves.
    exchange(same.local_addr().unwrap(), "GET", "/", "");

    let socket = SockRef::from(&same);
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    #[cfg(target_os = "linux")]
    {
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(7)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), 16 * 1024);
    }
}

#[test]
fn a_unix_socket_is_served_under_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();

    let server = hand_over(listener, ONE, &[]);

    assert_eq!(server.line(), format!("listening on unix:{}", path.display()));
    let mut client = UnixStream::connect(&path).unwrap();
    client.set_read_timeout(Some(HANG)).unwrap();
    client.write_all(request("a.example").as_bytes()).unwrap();
    assert!(read(client).starts_with("HTTP/1.1 404 "));
    server.signal(Signal::TERM);
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("everybody"), "{ended:?}");
}

#[test]
fn a_client_behind_a_proxy_on_a_unix_socket_has_the_limits_of_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let args = ["--trusted-proxy", "127.0.0.1", "--max-listeners-per-address", "1"];
    let server = hand_over(listener, ONE, &args);
    server.line();
    let listen = |token: &str, client: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        let request = format!(
            "GET /poll/{token} HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: {client}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (stream, String::from_utf8(status.to_vec()).unwrap())
    };

    let (_first, first) = listen("1", "192.0.2.1");
    let (_second, second) = listen("2", "192.0.2.1");
    let (_third, third) = listen("3", "192.0.2.2");

    assert_eq!((&*first, &*second, &*third), ("HTTP/1.1 200", "HTTP/1.1 503", "HTTP/1.1 200"));
}

#[test]
fn what_cannot_be_served_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = {
        let listener = listener();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop(client);
        listener.accept().unwrap().0
    };
    let unbound = UnixDatagram::unbound().unwrap();
    let cases: [(OwnedFd, (&str, &str), &str); 7] = [
        (listener().into(), ("LISTEN_PID=$$ LISTEN_FDS=2", "3<&0 4<&0"), "2 sockets"),
        (UdpSocket::bind("127.0.0.1:0").unwrap().into(), ONE, "a datagram socket"),
        (
            UnixDatagram::bind(folder.path().join("datagrams")).unwrap().into(),
            ONE,
            "a datagram socket",
        ),
        (unbound.into(), ONE, "a datagram socket"),
        (connected.into(), ONE, "does not listen"),
        (File::open("/dev/null").unwrap().into(), ONE, "neither a TCP nor a Unix socket"),
        (
            listener().into(),
            ("LISTEN_PID=$$ LISTEN_FDS=1", "3<&-"),
            "neither a TCP nor a Unix socket",
        ),
    ];
    for (socket, how, reason) in cases {
        let ended = hand_over(socket, how, &["-P", "0"]).wait();

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{reason}: {ended:?}");
        assert!(ended.stderr.contains("service manager"), "{reason}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}: {ended:?}");
    }
}

#[test]
fn a_socket_for_another_process_and_no_socket_at_all_leave_host_and_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = listener.local_addr().unwrap().to_string();
    for how in [
        ("LISTEN_PID=1 LISTEN_FDS=1", "3<&0"),
        ("LISTEN_PID=$$ LISTEN_FDS=0", "3<&0"),
        ("", "3<&0"),
    ] {
        let server = hand_over(listener.try_clone().unwrap(), how, &["-P", "0"]);

        let line = server.line();

        assert!(line.starts_with("listening on http://127.0.0.1:"), "{how:?}: {line}");
        assert!(!line.ends_with(&other), "{how:?}: {line}");
    }
}

#[test]
fn help_and_version_look_at_no_socket() {
    for flag in ["--help", "--version"] {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(hand_over(socket, ONE, &[flag]).wait().code, Some(0), "{flag}");
    }
}

/// Starts the server with `socket` as a service manager does: by variables of the environment, and by the
/// redirections of a shell whose standard input is the socket.
fn hand_over(
    socket: impl Into<OwnedFd>,
    (variables, redirections): (&str, &str),
    args: &[&str],
) -> Process {
    // The process that a shell replaces itself with keeps its number.
    let script = format!("{variables} exec \"$@\" {redirections} </dev/null");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", SERVER]).args(args);
    Process::spawn_with_stdin(&mut command, Stdio::from(socket.into()))
}

/// For a channel on which nobody listens: the answer is 404.
fn request(host: &str) -> String {
    format!(
        "POST /ping/42 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

fn read(mut client: impl Read) -> String {
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

const ONE: (&str, &str) = ("LISTEN_PID=$$ LISTEN_FDS=1", "3<&0");
