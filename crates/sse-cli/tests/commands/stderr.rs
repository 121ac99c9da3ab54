//! Standard error that nobody reads, and what is logged of what comes from outside.

use std::{
    io::{BufRead, BufReader, PipeReader, Write, pipe},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::channel,
    thread,
};

use rustix::{
    pipe::fcntl_getpipe_size,
    process::{Pid, Signal, kill_process},
};

use crate::support::{
    CLIENT, HANG, Peer, SERVER, Server, exchange, held_stream, stream, unread_listener,
};

#[test]
fn server_whose_log_nobody_reads_serves_and_counts_what_it_drops() {
    let mut server = Unread::start(SERVER, &["-P", "0"]);
    let addr = server.addr();

    // More lines than it keeps.
    post(addr, 20_000);

    let log = server.log.take().unwrap();
    let mut lines = BufReader::new(log).lines().map(Result::unwrap);
    let mut written = 0;
    let dropped = server.within_patience(|_| {
        lines.find_map(|line| {
            written += usize::from(line.contains(" request "));
            dropped(&line)
        })
    });
    assert_eq!(written + dropped.unwrap(), 20_000);
    assert!(0 < written, "what came first is written");
    // There is room again.
    post(addr, 100);
    server.within_patience(|_| lines.find(|line| line.contains(" request ")).unwrap());
}

#[test]
fn server_whose_log_nobody_reads_ends_on_signals() {
    let mut server = Unread::start(SERVER, &["-P", "0"]);
    post(server.addr(), 10);
    server.signal(Signal::TERM);
    assert_eq!(server.code(), Some(0));

    let mut server = Unread::start(SERVER, &["-P", "0"]);
    let _unread = unread_listener(server.addr());
    // The second one that it sees ends it at once.
    while server.child.try_wait().unwrap().is_none() {
        server.signal(Signal::TERM);
        thread::yield_now();
    }
    assert_eq!(server.code(), Some(1));
}

#[test]
fn client_whose_log_nobody_reads_delivers_and_ends() {
    let peer = Peer::start([stream("data: a\n\n"), held_stream("data: b\n\n")]);
    let mut client = Unread::start(CLIENT, &["42", "-r", "1", "-d", "-P", &peer.port()]);

    assert_eq!(client.line(), "Event<,message,a>\n");
    assert_eq!(client.line(), "Event<,message,b>\n");
    client.signal(Signal::TERM);

    assert_eq!(client.code(), Some(0));
}

#[test]
fn reason_that_nobody_reads_keeps_no_command_from_its_end() {
    for (program, args, code) in [
        (SERVER, &["-H", "nothing.invalid"][..], 1),
        (CLIENT, &["42", "-H", "nothing.invalid"], 1),
        (CLIENT, &["42", "--all"], 2),
    ] {
        let mut command = Unread::start(program, args);

        assert_eq!(command.code(), Some(code), "{args:?}");
    }
}

#[test]
fn actions_are_cut_like_tokens() {
    let server = Server::start(&[]);
    for (action, shown) in [
        ("01234567", "01234567\""),
        ("012345678", "01234567…\""),
        (&*"a".repeat(200), "aaaaaaaa…\""),
        ("%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", "éééééééé…\""),
    ] {
        exchange(server.addr(), "POST", &format!("/{action}/42"), "");

        let line = server.log_line(" request ");
        assert!(line.contains(&format!("action=\"{shown} token=\"42\" ")), "{line}");
    }
}

#[test]
fn what_cannot_be_seen_is_escaped() {
    let server = Server::start(&[]);
    for (encoded, escaped) in [
        ("%E2%80%AE", "\\u{202e}"),
        ("%E2%80%8B", "\\u{200b}"),
        ("%EE%80%80", "\\u{e000}"),
        ("%CC%81", "\\u{301}"),
        ("%C2%A0", "\\u{a0}"),
        ("%F3%A0%81%81", "\\u{e0041}"),
    ] {
        exchange(server.addr(), "POST", &format!("/{encoded}/{encoded}"), "");

        let line = server.log_line(" request ");
        let fields = format!("action=\"{escaped}\" token=\"{escaped}\" status=404");
        assert!(line.contains(&fields), "{line}");
    }
}

/// A command whose standard error is full from the start.
struct Unread {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Option<PipeReader>,
}

impl Unread {
    fn start(program: &str, args: &[&str]) -> Self {
        let (log, mut stderr) = pipe().unwrap();
        let size = fcntl_getpipe_size(&stderr).unwrap();
        stderr.write_all(&vec![b'\n'; size]).unwrap();
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout, log: Some(log) }
    }

    /// The next line of standard output.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.within_patience(|unread| unread.stdout.read_line(&mut line).unwrap());
        line
    }

    fn addr(&mut self) -> SocketAddr {
        let line = self.line();
        line.strip_prefix("listening on http://").unwrap().trim_end().parse().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn code(&mut self) -> Option<i32> {
        self.within_patience(|unread| unread.child.wait().unwrap()).code()
    }

    /// Does what waits for the process, which is killed if that takes too long.
    fn within_patience<T>(&mut self, wait: impl FnOnce(&mut Self) -> T) -> T {
        let (done, is_done) = channel::<()>();
        let pid = Pid::from_child(&self.child);
        let watch = thread::spawn(move || {
            let is_late =
                is_done.recv_timeout(HANG) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            if is_late {
                kill_process(pid, Signal::KILL).unwrap();
            }
            is_late
        });
        let waited = wait(self);
        drop(done);
        assert!(!watch.join().unwrap(), "it hangs");
        waited
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Publishes `count` times where nobody listens, a hundred requests a write.
fn post(addr: SocketAddr, count: usize) {
    let mut connection = TcpStream::connect(addr).unwrap();
    connection.set_read_timeout(Some(HANG)).unwrap();
    let requests =
        "POST /ping/42 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".repeat(100);
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    for _ in 0..count.div_ceil(100) {
        connection.write_all(requests.as_bytes()).unwrap();
        let mut answers = 0;
        let mut line = String::new();
        while answers < 100 {
            line.clear();
            assert_ne!(reader.read_line(&mut line).expect("it answers"), 0, "it ends");
            answers += usize::from(line.contains("</html>"));
        }
    }
}

/// The number in a line that says how many were dropped.
fn dropped(line: &str) -> Option<usize> {
    let number = line.strip_suffix(" lines of the log were dropped")?.rsplit(' ').next()?;
    Some(number.parse().unwrap())
}
