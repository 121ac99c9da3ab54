//! SIGHUP, after which the files of a server hold as they are now.

use std::{fs, io::Write, process::Command, thread};

use rustix::{
    fs::{CWD, Mode, mkfifoat},
    process::Signal,
};
use sse_access::Algorithm;

use crate::{
    admin::until,
    support::{
        Authority, Folder, Issuer, Listener, Peer, Poster, Process, SERVER, Server, exchange,
        no_answer, status,
    },
};

#[test]
fn what_the_file_says_holds_after_hangup_and_streams_go_on() {
    let folder = Folder::new();
    let server = start(&folder, "mode = \"shared\"\nmax-body = 1000");
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let mut kept = Poster::new(server.addr());
    assert_eq!(kept.exchange("POST", "/ping/42", "first").status(), 200);

    folder.write(FILE, "mode = \"shared\"\nmax-body = 4");
    let said = server.reload();

    assert!(said.ends_with("reloaded: --max-body"), "{said}");
    assert_eq!(kept.exchange("POST", "/ping/42", "12345").status(), 413);
    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "last").status(), 200);
    assert_eq!(listener.block(), "event: ping\ndata: first");
    assert_eq!(listener.block(), "event: ping\ndata: last");
}

#[test]
fn that_nothing_has_changed_is_said() {
    let folder = Folder::new();
    let server = start(&folder, "max-body = 4");

    folder.write(FILE, "# The same in other words.\nmax-body = 0x4\n");

    let said = server.reload();
    assert!(said.contains("reloaded: nothing has changed"), "{said}");
}

#[test]
fn a_bad_file_is_refused_whole_with_its_line_and_what_was_before_holds() {
    let folder = Folder::new();
    let server = start(&folder, "");
    let _listener = Listener::open(server.addr(), "/poll/42");
    for (bad, reason) in [
        ("max-batch = \"x\"", "server.toml:2: max-batch"),
        ("port = 99999", "server.toml:2: port"),
        ("nonsense = 1", "server.toml:2: nonsense: there is no such option"),
        ("max-listeners = 0", "server.toml:2: max-listeners"),
        ("[access", "server.toml:2: "),
        ("[access]\njwks = \"none.json\"", "server.toml:3: jwks: --jwks: cannot read "),
        ("[access]\nticket-key = \"none\"", "server.toml:3: ticket-key"),
        ("keyfile = \"none.pem\"", "server.toml:2: keyfile"),
        ("key-window = 1", "server.toml:2: key-window: --key-window needs --history"),
        ("allow-host = [\"a b\"]", "server.toml:2: allow-host"),
    ] {
        folder.write(FILE, format!("max-body = 0\n{bad}\n"));

        let said = server.refuse_reload();

        assert!(said.contains(" ERROR ") && said.contains(reason), "{bad}: {said}");
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", "x").status(), 200, "{bad}");
    }
    fs::remove_file(folder.path(FILE)).unwrap();
    assert!(server.refuse_reload().contains("cannot read "));
    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "x").status(), 200);

    folder.write(FILE, "max-body = 0");
    server.reload();
    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "x").status(), 413);
}

#[test]
fn reloads_are_counted_by_what_came_of_them() {
    let folder = Folder::new();
    let server = start(&folder, "admin = \"0\"");
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    server.reload();
    server.reload();
    folder.write(FILE, "nonsense");
    server.refuse_reload();

    // What is logged is counted right behind it.
    until(
        admin,
        &[
            ("eventsource_reloads_total{outcome=\"done\"}", 2.0),
            ("eventsource_reloads_total{outcome=\"refused\"}", 1.0),
        ],
    );
}

#[test]
fn options_that_need_a_restart_are_named_until_they_are_put_back_and_the_rest_holds() {
    let folder = Folder::new();
    let server = start(&folder, "keepalive = 1000\nmax-body = 4");
    let _listener = Listener::open(server.addr(), "/poll/42");
    let changed = "keepalive = 2000\nid = true\naction = [\"a\", \"b\"]\nworkers = 2\nmode = \"shared\"\n\
                   history = 7\nadmin = \"127.0.0.1:0\"\n";
    for max_body in [3, 2] {
        folder.write(FILE, format!("max-body = {max_body}\n{changed}"));

        assert!(server.reload().ends_with("reloaded: --max-body"));

        let said = server.log_line("restart");
        assert!(said.contains(" WARN "), "{said}");
        for change in [
            "--keepalive (1000 -> 2000)",
            "--id (false -> true)",
            "--action ([] -> [\"a\", \"b\"])",
            "--workers (the default -> 2)",
            "--mode (\"exclusive\" -> \"shared\")",
            "--history (0 -> 7)",
            "--admin (the default -> \"127.0.0.1:0\")",
        ] {
            assert!(said.contains(change), "{change}: {said}");
        }
        assert_eq!(said.matches(" -> ").count(), 7, "{said}");
        let data = "x".repeat(max_body + 1);
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", &data).status(), 413);
        assert_eq!(exchange(server.addr(), "GET", "/poll/42", "").status(), 423);
    }

    folder.write(FILE, "keepalive = 1000\nmax-body = 1");
    server.reload();
    folder.write(FILE, "keepalive = 1000\nmax-body = 1\nnonsense = 1");
    assert!(!server.refuse_reload().contains("restart"));
}

#[test]
fn a_longer_body_names_the_bounds_that_would_follow_it() {
    let folder = Folder::new();
    let server = start(&folder, "");

    folder.write(FILE, "max-body = 20000000");
    server.reload();

    let said = server.log_line("restart");
    assert!(said.ends_with(": --max-channel-bytes (16777216 -> 40000000)"), "{said}");
}

#[test]
fn the_command_line_and_variables_stay_in_front_of_what_is_read_again() {
    let folder = Folder::new();
    let file = folder.write(FILE, "allow-host = [\"file.example\"]\nmax-body = 1000");
    let mut command = Command::new(SERVER);
    command.args(["-P", "0", "--config", &file, "--allow-host", "typed.example"]);
    let process = Process::spawn(command.env("EVENTSOURCE_MAX_BODY", "3"));
    let line = process.line();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    let _listener = Listener::open(addr, "/poll/42");

    folder.write(FILE, "allow-host = [\"other.example\"]\nmax-body = 2000\nmax-channels = 7");
    process.signal(Signal::HUP);

    assert!(process.log_line("reloaded: ").ends_with("reloaded: --max-channels"));
    for (host, expected) in [("typed.example", 200), ("file.example", 403), ("other.example", 403)]
    {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(Poster::new(addr).send(request).status(), expected, "{host}");
    }
    assert_eq!(exchange(addr, "POST", "/ping/42", "1234").status(), 413);
    assert_eq!(exchange(addr, "POST", "/ping/42", "123").status(), 200);
}

#[test]
fn a_list_of_the_file_is_replaced_and_not_added_to() {
    let folder = Folder::new();
    let server = start(&folder, "allow-host = [\"a.example\"]\n");
    let answer = |host: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Poster::new(server.addr()).send(request).status()
    };
    assert_eq!((answer("a.example"), answer("b.example")), (200, 403));

    folder.write(FILE, "allow-host = [\"b.example\"]\n");
    server.reload();

    assert_eq!((answer("a.example"), answer("b.example")), (403, 200));
}

#[test]
fn where_any_option_names_a_file_hangup_does_not_end_the_server() {
    let folder = Folder::new();
    let (secret, pair) = (Issuer::new(Algorithm::Hs256), Issuer::new(Algorithm::EdDsa));
    let (certificate, key) = Authority::new().issue();
    let (certificate, key) = (folder.write("cert", certificate), folder.write("key", key));
    let empty = folder.write("empty", "");
    for args in [
        &["--config", &*empty][..],
        &["--keyfile", &key, "--certfile", &certificate],
        &["--jwt-key", &format!("HS256={}", secret.key())],
        &["--jwks", &pair.jwks()],
        &["--password-file", &empty],
        &["--auth-url", "http://127.0.0.1:1/", "--ticket-key", &secret.key()],
        &["--admin", "0", "--admin-passwords", &empty],
        &["--admin", "0", "--admin-keyfile", &key, "--admin-certfile", &certificate],
    ] {
        let server = Server::start(args);

        assert!(server.reload().contains("nothing has changed"), "{args:?}");
    }
}

#[test]
fn a_pipe_is_not_read_again_and_what_it_said_holds() {
    let folder = Folder::new();
    let fifo = folder.path("users");
    mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
    // As a shell names it for `<(...)`.
    let mut command = Command::new(SERVER);
    command.args(["-P", "0", "--config", "/dev/stdin", "--password-file", &fifo]);
    let mut process = Process::spawn(&mut command);
    process.stdin().write_all(b"max-body = 4\n[access]\nanonymous-listen = [\"*\"]\n").unwrap();
    fs::write(&fifo, "").unwrap();
    let line = process.line();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();

    process.signal(Signal::HUP);

    let said = process.log_line("not reloaded, ");
    assert!(said.contains("--config: /dev/stdin is a pipe"), "{said}");
    assert_eq!(status(addr, "HEAD", "/poll/42", &[]), 200);
    assert_eq!(exchange(addr, "POST", "/ping/42", "").status(), 401);

    let server = {
        let fifo = fifo.clone();
        thread::spawn(move || fs::write(fifo, "").unwrap());
        start(&folder, "[access]\npassword-file = \"users\"")
    };
    assert!(server.refuse_reload().contains(&format!("--password-file: {fifo} is a pipe")));
    assert_eq!(status(server.addr(), "HEAD", "/poll/42", &[]), 401);
}

#[test]
fn where_only_an_address_is_named_hangup_ends_the_server() {
    let peer = Peer::start([no_answer(), no_answer(), no_answer()]);
    for args in [&["--jwks", &*peer.url("/keys")][..], &["--auth-url", &peer.url("/check")]] {
        let server = Server::start(args);

        server.signal(Signal::HUP);

        let ended = server.into_process().wait();
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
    }
}

#[test]
fn hangup_after_the_beginning_of_the_end_changes_nothing() {
    let folder = Folder::new();
    let server = start(&folder, "drain = 600000\ndrain-accept = true");
    // The first one ends at once.
    let _first = Listener::open(server.addr(), "/poll/1");
    let mut listener = Listener::open(server.addr(), "/poll/42");
    server.signal(Signal::TERM);
    server.log_line("ending all streams");

    folder.write(FILE, "max-body = 0");
    server.signal(Signal::HUP);

    server.log_line("nothing is read again");
    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "still").status(), 200);
    assert_eq!(listener.block(), "event: ping\ndata: still");
    server.signal(Signal::TERM);
    assert_eq!(server.into_process().wait().code, Some(1));
}

#[test]
fn the_time_of_the_end_is_that_of_the_last_reload() {
    let folder = Folder::new();
    let server = start(&folder, "drain = 4294967295");
    let listener = Listener::open(server.addr(), "/poll/42");
    folder.write(FILE, "drain = 0");
    server.reload();

    server.signal(Signal::TERM);

    assert_eq!(server.into_process().wait().code, Some(0));
    drop(listener);
}

#[test]
fn of_hangups_in_quick_succession_the_last_one_counts() {
    let folder = Folder::new();
    let server = start(&folder, "");
    let _listener = Listener::open(server.addr(), "/poll/42");
    for max_body in (0..20).rev() {
        folder.write(FILE, format!("max-body = {max_body}"));
        server.signal(Signal::HUP);
    }

    // One may be under way that read the file before it was written last.
    while exchange(server.addr(), "POST", "/ping/42", "x").status() != 413 {
        server.log_line("reloaded: ");
    }
}

fn start(folder: &Folder, text: &str) -> Server {
    Server::start(&["--config", &folder.write(FILE, text)])
}

const FILE: &str = "server.toml";
