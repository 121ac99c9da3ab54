//! Who may ask on the address of `--admin`, and where it may be.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use rcgen::generate_simple_self_signed;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use sse_testkit::Head;
use tempfile::TempDir;

use crate::support::{Listener, Poster, SERVER, Server, exchange, passwords, run};

#[test]
fn pages_of_other_names_and_sites_are_refused() {
    let server = Server::start(&["--admin", ":0", "--allow-host", "events.example"]);
    let admin = admin(&server, "http");
    let port = admin.port();
    for (fields, expected) in [
        ("Host: localhost", 200),
        ("Host: 127.0.0.1:1", 200),
        ("Host: events.example", 200),
        ("Host: evil.example", 403),
        ("Host: 192.0.2.1", 403),
        ("Host: localhost\r\nHost: localhost", 400),
        ("Accept: */*", 400),
        (&format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}"), 200),
        ("Host: localhost\r\nOrigin: http://evil.example", 403),
        ("Host: localhost\r\nOrigin: null", 403),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site", 403),
        ("Host: localhost\r\nSec-Fetch-Site: same-site", 403),
        ("Host: localhost\r\nSec-Fetch-Site: none", 200),
    ] {
        for path in ["/metrics", "/healthz", "/readyz"] {
            let request = format!("GET {path} HTTP/1.1\r\n{fields}\r\n\r\n");
            let answer = Poster::new(admin).send(request);
            assert_eq!(answer.status(), expected, "{path} {fields}");
            assert!(expected == 200 || !answer.text().contains("eventsource_"), "{fields}");
        }
    }
}

#[test]
fn a_star_for_the_public_address_leaves_this_one_to_names_of_this_machine() {
    let server = Server::start(&["--admin", "localhost:0", "--allow-host", "*"]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();

    for (host, expected) in [("localhost", 200), ("evil.example", 403)] {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(Poster::new(admin).send(request).status(), expected, "{host}");
    }
}

#[test]
fn with_a_password_file_nobody_else_gets_an_answer() {
    let dir = TempDir::new().unwrap();
    let file = passwords(&dir, &[("Aladdin", "open sesame", &["--listen", "nothing"])]);
    let server = Server::start(&["--admin", "127.0.0.1:0", "--admin-passwords", &file]);
    let admin = admin(&server, "http");

    for (credential, expected) in [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 200),
        ("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 200),
        ("Basic QWxhZGRpbjpjbG9zZWQ=", 401),
        ("Basic !", 401),
        ("Basic", 401),
        ("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 401),
        ("", 401),
    ] {
        for path in ["/metrics", "/healthz", "/readyz", "/no-such-path"] {
            let fields = [("authorization", credential)];
            let answer = Poster::new(admin).ask("GET", path, &fields);
            let expected = if expected == 200 && path == "/no-such-path" { 404 } else { expected };
            assert_eq!(answer.status(), expected, "{path} {credential}");
            let challenge = answer.head.field("www-authenticate").unwrap_or_default();
            assert_eq!(expected == 401, challenge.starts_with("Basic realm="), "{challenge}");
        }
    }
    let none = Poster::new(admin).ask("GET", "/metrics", &[]);
    assert_eq!((none.status(), none.text()), (401, "credentials are needed\n"));
}

#[test]
fn an_address_that_others_can_reach_needs_passwords_and_tls() {
    let files = Files::new();
    let users = ["--admin-passwords", &files.users];
    let tls = ["--admin-keyfile", &files.key, "--admin-certfile", &files.certificate];
    for address in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        for (with, missing) in [
            (&[][..], "needs --admin-passwords, --admin-keyfile and --admin-certfile\n"),
            (&users[..], "needs --admin-keyfile and --admin-certfile\n"),
            (&tls[..], "needs --admin-passwords\n"),
        ] {
            let ended = run(SERVER, ["-P", "0", "--admin", address].iter().chain(with));

            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
            for part in ["--admin ", "can be reached from other machines", missing] {
                assert!(ended.stderr.contains(part), "{address} {part}: {ended:?}");
            }
        }
    }
    let all = [&["--admin", "0.0.0.0:0"][..], &users, &tls].concat();
    let server = Server::start(&all);
    assert_ne!(admin(&server, "https").port(), 0);
}

#[test]
fn an_address_that_is_none_is_refused_with_its_text() {
    for text in [
        "",
        "localhost",
        "127.0.0.1",
        "::1:9000",
        "[::1]",
        "http://localhost:9000",
        "65536",
        "-1",
        "localhost:+80",
        "*:9000",
    ] {
        let ended = run(SERVER, ["-P", "0", "--admin", text]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{text}: {ended:?}");
        assert!(ended.stderr.contains("'--admin <ADDR>'"), "{text}: {ended:?}");
        assert!(ended.stderr.contains(&format!("'{text}'")), "{text}: {ended:?}");
    }
}

#[test]
fn what_the_address_has_is_refused_without_it_and_where_it_cannot_be_read() {
    let files = Files::new();
    for (args, named) in [
        (&["--admin-passwords", &files.users][..], "--admin <ADDR>"),
        (
            &["--admin-keyfile", &files.key, "--admin-certfile", &files.certificate],
            "--admin <ADDR>",
        ),
        (&["--admin", "0", "--admin-keyfile", &files.key], "--admin-certfile"),
        (&["--admin", "0", "--admin-certfile", &files.certificate], "--admin-keyfile"),
        (&["--admin", "0", "--admin-passwords", "no/such/file"], "cannot read no/such/file"),
        (&["--admin", "0", "--admin-passwords", &files.key], "--admin-passwords: cannot use "),
        (
            &["--admin", "0", "--admin-keyfile", "gone", "--admin-certfile", &files.certificate],
            "cannot read gone",
        ),
    ] {
        let ended = run(SERVER, ["-P", "0"].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(named), "{args:?}: {ended:?}");
    }
}

#[test]
fn all_of_it_is_served_over_tls_too_and_nothing_without() {
    let files = Files::new();
    let tls = ["--admin-keyfile", &files.key, "--admin-certfile", &files.certificate];
    let args = ["--admin", "0", "--admin-passwords", &files.users];
    let server = Server::start(&[&args[..], &tls, &["--mode", "shared"]].concat());
    let admin = admin(&server, "https");
    let _listeners = [(); 3].map(|()| Listener::open(server.addr(), "/poll/42"));

    for (request, fields, status, expected) in [
        ("GET /metrics", ALICE, 200, "\neventsource_listeners 3\n"),
        ("GET /healthz", ALICE, 200, "ok\n"),
        ("GET /readyz", ALICE, 200, "ready\n"),
        ("GET /metrics", "", 401, "credentials are needed\n"),
        ("POST /channels/42/end", ALICE, 200, r#"{"ended":3}"#),
    ] {
        let answer = files.exchange_over_tls(admin, request, fields);

        let (head, body) = answer.split_at(answer.find("\r\n\r\n").unwrap() + 4);
        assert_eq!(Head::parse(head).status, status, "{request}: {answer}");
        assert!(body.contains(expected), "{request}: {answer}");
    }
    let plain = exchange(admin, "GET", "/metrics", "");
    assert_eq!((plain.status(), plain.text().contains("eventsource_")), (400, false));
}

fn admin(server: &Server, scheme: &str) -> SocketAddr {
    let line = server.line();
    let addr = line.strip_prefix(&format!("admin on {scheme}://"));
    addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
}

struct Files {
    _dir: TempDir,
    users: String,
    key: String,
    certificate: String,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let identity = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let write = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.into_os_string().into_string().unwrap()
        };
        let key = write("key.pem", identity.signing_key.serialize_pem());
        let certificate = write("cert.pem", identity.cert.pem());
        let users = passwords(&dir, &[("alice", "open sesame", &[])]);
        Self { _dir: dir, users, key, certificate }
    }

    /// The answer to a request without a body, to the name that the certificate has.
    fn exchange_over_tls(&self, addr: SocketAddr, request: &str, fields: &str) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.certificate).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(addr).unwrap());
        let fixed = "Host: localhost\r\nConnection: close\r\nContent-Length: 0\r\n";
        write!(stream, "{request} HTTP/1.1\r\n{fixed}{fields}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// Her name and her password.
const ALICE: &str = "Authorization: Basic YWxpY2U6b3BlbiBzZXNhbWU=\r\n";
