//! No secret is written anywhere, however much is logged.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
};

use rustix::process::Signal;
use serde_json::{Value, json};
use sse_access::Algorithm;
use sse_testkit::Step;
use tempfile::TempDir;

use crate::support::{
    CLIENT, Ended, HANG, Issuer, Listener, Peer, Poster, Process, REQUEST, SERVER, bearer, grant,
    passwords, status, verdict,
};

/// What is in tokens, tickets and passwords that are made up, wherever they stand in a request.
const MADE_UP: [&str; 8] =
    ["b3arer", "c00kie", "t1cket", "d1gest", "qu3ry", "p4ssword", "l0ngtoken", "sp00f"];

#[test]
fn a_server_that_checks_credentials_itself_writes_none_of_them() {
    for (debug, filter) in [(&["-d"][..], None), (&[], Some("trace"))] {
        let (dir, issuer) = (TempDir::new().unwrap(), Issuer::new(Algorithm::Hs256));
        let users = passwords(&dir, &[("alice", "0pen-sesame", &[])]);
        let tickets = issuer.file("tickets");
        fs::write(&tickets, "t1cket-key-".repeat(4)).unwrap();
        let key = format!("HS256={}", issuer.key());
        let args = ["--jwt-key", &key, "--password-file", &users, "--cookie", "c"];
        let more = ["--ticket-key", &tickets, "--mode", "shared", "--trusted-proxy", "127.0.0.1"];
        let server = Logged::start(&[&args[..], &more, debug].concat(), filter);
        let token = issuer.mint(&["--listen", "*", "--publish", "*", "--subject", "alice"]);
        let ended = issuer.sign_for(-1.0, json!({ "sub": "alice" }));
        let alice = "Basic YWxpY2U6MHBlbi1zZXNhbWU=";

        server.present_made_up();
        server.present_in_a_damaged_path();
        let header = bearer(&token);
        let asked = Poster::new(server.addr).post_with("/ticket/a", auth(&header), "");
        let said: Value = serde_json::from_str(asked.text()).unwrap();
        let ticket = said["ticket"].as_str().unwrap();
        let by_ticket = format!("/poll/a?ticket={ticket}");
        let cookie = format!("c={token}");
        for (path, fields, expected) in [
            ("/poll/a", &[auth(&header)][..], 200),
            ("/poll/a", &[auth(alice)], 200),
            ("/poll/a", &[("cookie", &*cookie)], 200),
            (&by_ticket, &[], 200),
            (&by_ticket.replace("poll/a", "poll/b"), &[], 403),
            (&by_ticket[..by_ticket.len() - 1], &[], 401),
            ("/poll/a", &[auth(&bearer(&ended))], 401),
        ] {
            let found = Listener::open_with(server.addr, path, fields).head().status;
            assert_eq!(found, expected, "{path} {fields:?}");
        }
        let key = fs::read_to_string(issuer.key()).unwrap();
        let log = server.end();

        assert!(log.contains("DEBUG") && log.contains("a token is refused"), "{log}");
        let hash = fs::read_to_string(users).unwrap();
        let parts = [&token, &ended].into_iter().flat_map(|token| token.split('.'));
        let own = [ticket, "0pen-sesame", "MHBlbi1zZXNhbWU", "YWxpY2U6", key.trim(), hash.trim()];
        let halves = [&ticket[..ticket.len() - 1], "t1cket-key"];
        assert_without(&log, MADE_UP.into_iter().chain(parts).chain(own).chain(halves));
    }
}

#[test]
fn a_server_that_asks_another_one_writes_none_of_what_is_asked_and_answered() {
    let answers = || {
        let claims = json!({ "sub": "gr4nt", "sse": { "listen": ["*"] } });
        let says = ["401 No", "500 No", "200 OK\r\nSse-Grant: gr4nt", "302 No\r\nLocation: /gr4nt"];
        let says = says.into_iter().map(verdict).chain([grant(&claims)]);
        let broken = [vec![Step::ExpectHead, Step::send("gr4nt\r\n\r\n")], vec![Step::ExpectHead]];
        says.chain(broken).cycle().take(40).collect::<Vec<_>>()
    };
    for (debug, filter) in [(&["-d"][..], None), (&[], Some("trace"))] {
        let upstream = Peer::start(answers());
        let url = upstream.url("/check?key=qu3ry");
        let args = ["--auth-url", &url, "--auth-ttl", "0", "--cookie", "c"];
        let server = Logged::start(&[&args[..], debug].concat(), filter);

        for _ in 0..3 {
            server.present_made_up();
        }
        let log = server.end();

        assert!(log.contains("credentials cannot be checked"), "{log}");
        assert_without(&log, MADE_UP.into_iter().chain(["gr4nt"]));
    }
}

#[test]
fn the_commands_write_nothing_of_what_they_present() {
    let server = Logged::start(&["--anonymous-listen", "news"], None);
    let port = server.addr.port().to_string();
    let url = format!("http://{}/poll/a?ticket=t1cket", server.addr);
    let dir = TempDir::new().unwrap();
    let header = dir.path().join("header");
    fs::write(&header, "Authorization: Bearer b3arer\nCookie: c=c00kie").unwrap();
    let header = format!("@{}", header.display());
    for (program, args) in [
        (CLIENT, &["a", "-P", &port, "--header", &header][..]),
        (CLIENT, &["--url", &url]),
        (CLIENT, &["a", "-P", &port, "-u", "alice", "-p", "p4ssword"]),
        (REQUEST, &["a", "ping", "-P", &port, "-u", "alice", "-p", "p4ssword"]),
    ] {
        let mut command = Command::new(program);
        let ended = Process::spawn(command.args(args).env("RUST_LOG", "trace")).wait();

        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        let written = ended.stdout + &ended.stderr;
        let encoded = ["YWxpY2U6", "cDRzc3dvcmQ"];
        assert_without(&written, MADE_UP.into_iter().chain(encoded));
    }
}

/// A server of whose log everything is kept.
struct Logged {
    process: Process,
    addr: SocketAddr,
}

impl Logged {
    fn start(args: &[&str], filter: Option<&str>) -> Self {
        let mut command = Command::new(SERVER);
        command.args(["-P", "0"]).args(args);
        if let Some(filter) = filter {
            command.env("RUST_LOG", filter);
        }
        let process = Process::spawn(&mut command);
        let line = process.line();
        let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { process, addr }
    }

    /// Presents all kinds of credentials that are made up, each in several places.
    fn present_made_up(&self) {
        let long = bearer(&"l0ngtoken".repeat(1200));
        for fields in [
            &[auth("Bearer b3arer")][..],
            &[auth("Bearer b3arer.b3arer.b3arer")],
            &[auth("b3arer")],
            &[auth("Bearer  b3arer b3arer")],
            &[auth("Bearer b3arer"), auth("Basic cDRzc3dvcmQ6cDRzc3dvcmQ=")],
            &[auth("Basic p4ssword")],
            &[auth("Basic cDRzc3dvcmQ6cDRzc3dvcmQ=")],
            &[auth("Digest d1gest")],
            &[auth(&long)],
            &[("cookie", "c=c00kie; d=c00kie2")],
            &[("cookie", "c=c00kie; c=c00kie2")],
            &[("x-forwarded-for", "sp00f, sp00f"), ("forwarded", "for=sp00f")],
            &[],
        ] {
            for (method, path) in [
                ("GET", "/poll/a?ticket=t1cket&key=qu3ry"),
                ("HEAD", "/poll/a?ticket=t1cket&ticket=t1cket2"),
                ("POST", "/ping/a?qu3ry"),
                ("POST", "/ticket/a?ticket=t1cket"),
                ("POST", "/close/0123456789?key=qu3ry"),
                ("GET", "/?ticket=t1cket"),
                ("GET", "/a/b/c?ticket=t1cket"),
                ("PUT", "/poll/a?ticket=t1cket"),
            ] {
                let found = status(self.addr, method, path, fields);
                assert!(found != 0, "{method} {path}");
            }
        }
    }

    /// Presents a ticket over HTTP/2, in a path that no request has.
    fn present_in_a_damaged_path(&self) {
        let path = b"/poll/a b?ticket=t1cket";
        let (get, http, path_is) = (0x82, 0x86, 0x04);
        let block = [&[get, http, path_is, path.len() as u8][..], path].concat();
        let (headers, ends_all, stream) = (1, 5, 1);
        let frame = [0, 0, block.len() as u8, headers, ends_all, 0, 0, 0, stream];
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let mut connection = TcpStream::connect(self.addr).unwrap();
        connection.set_read_timeout(Some(HANG)).unwrap();
        connection.write_all(&[&preface[..], &settings, &frame, &block].concat()).unwrap();

        let reset = [0, 0, 4, 3, 0, 0, 0, 0, stream];
        let mut answer = Vec::new();
        while !answer.windows(reset.len()).any(|window| window == reset) {
            let mut bytes = [0; 1024];
            let len = connection.read(&mut bytes).unwrap();
            assert_ne!(len, 0, "the connection ends: {answer:?}");
            answer.extend_from_slice(&bytes[..len]);
        }
    }

    /// All that was written.
    fn end(self) -> String {
        self.process.signal(Signal::TERM);
        let Ended { code, stdout, stderr } = self.process.wait();
        assert_eq!(code, Some(0), "{stderr}");
        stdout + &stderr
    }
}

fn assert_without<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

fn auth(value: &str) -> (&str, &str) {
    ("authorization", value)
}
