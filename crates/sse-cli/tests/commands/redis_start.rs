//! What `--redis` needs, when a server does not begin with it, and that nobody sees its password.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use sse_testkit::cluster::RedisServer;

use crate::support::{
    Authority, Ended, Folder, Listener, Nodes, Process, SERVER, Server, exchange, publish, run,
};

#[test]
fn what_does_not_fit_together_is_refused_with_the_reason() {
    let folder = Folder::new();
    let (dir, none) = (folder.path("data"), folder.path("none"));
    let redis = ["--history", "1", "--redis"];
    for (args, reason) in [
        (&["--redis", "redis://a"][..], "--redis needs --history"),
        (&["--redis", "redis://a", "--history", "0"], "--redis needs --history"),
        (
            &[&redis[..], &["redis://a", "--data-dir", &dir]].concat(),
            "--redis cannot be used with --data-dir",
        ),
        (
            &[&redis[..], &["redis://a", "--max-history-bytes", "1"]].concat(),
            "--max-history-bytes is not for --redis",
        ),
        (&[&redis[..], &["redis://a", "--key-bytes", "1"]].concat(), "--key-bytes is not for"),
        (&[&redis[..], &["redis://a", "--check"]].concat(), "--data-dir <DIR>"),
        (&[&redis[..], &["redis://a", "--durability", "strict"]].concat(), "--data-dir <DIR>"),
        (&[&redis[..], &["redis://a", "--redis-prefix", "a{b"]].concat(), "the prefix \"a{b\" is"),
        (&[&redis[..], &["rediss://a", "--redis-ca", &none]].concat(), "--redis-ca: cannot read "),
        (&["--redis-prefix", "a"], "--redis <URL>"),
        (&["--redis-ca", "a"], "--redis <URL>"),
        (&["--history-memory", "1048576"], "<--data-dir <DIR>|--redis <URL>>"),
        (&[&redis[..], &["http://a"]].concat(), "the URL of Redis begins with \"http\""),
        (&[&redis[..], &["redis://"]].concat(), "the URL of Redis names 0 hosts"),
        (&[&redis[..], &["redis://a:0"]].concat(), "\"0\" in the URL of Redis is no port"),
        (&[&redis[..], &["redis+sentinel://a"]].concat(), "what the Sentinels call the primary"),
    ] {
        for check in [&["--check-config"][..], &[]] {
            let is_task = args.contains(&"--check");
            let ended = run(SERVER, args.iter().chain(check.iter().filter(|_| !is_task)));

            assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn memory_holds_the_newest_events_and_what_is_older_is_read_from_redis() {
    let nodes = Nodes::new(&["--history-memory", "1048576", "--history-bytes", "100000000"]);
    let server = nodes.start(&[]);
    let body = "x".repeat(100_000);
    for n in 0..30 {
        publish(&server, "42", &format!("{n} {body}"));
    }

    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");

    for n in 0..30 {
        let block = listener.block();
        assert!(block.starts_with(&format!("event: ping\ndata: {n} x")), "{}", &block[..40]);
    }
}

#[test]
fn servers_with_different_prefixes_have_nothing_to_do_with_each_other() {
    let nodes = Nodes::new(&[]);
    let [one, other] = ["a", "b"].map(|prefix| nodes.start(&["--redis-prefix", prefix]));
    publish(&one, "42", "1");

    let (id, _) = publish(&other, "42", "2");

    assert!(id.starts_with("1."), "{id}");
}

#[test]
fn a_server_of_another_mode_does_not_begin() {
    let nodes = Nodes::new(&[]);
    let _first = nodes.start(&["--mode", "takeover"]);

    let ended = nodes.spawn(&["--mode", "shared"]).wait();

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    let said = "the nodes that are there have \"takeover\" for the setting mode, and this one has \"shared\"";
    assert!(ended.stderr.contains(said), "{ended:?}");
}

#[test]
fn a_login_that_is_refused_ends_the_server_without_its_password() {
    let redis = RedisServer::start(&["--requirepass right"]);
    for login in [":s3cret", "nobody:s3cret", ""] {
        let url = format!("redis://{login}@{}", redis.addr());

        let ended = run_with(&url);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{login}: {ended:?}");
        assert!(ended.stderr.contains("Redis refuses the login: "), "{login}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{login}: {ended:?}");
    }
}

#[test]
fn a_user_that_lacks_rights_is_told_which() {
    let redis = RedisServer::start(&[]);
    let rights = ["on", ">s3cret", "~{sse*", "&{sse*", "+@all", "-xadd", "-publish"];
    redis.command(&[&["ACL", "SETUSER", "events"][..], &rights].concat());

    let ended = run_with(&format!("redis://events:s3cret@{}", redis.addr()));

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("the user of Redis lacks rights: "), "{ended:?}");
    assert!(ended.stderr.to_lowercase().contains("xadd"), "{ended:?}");
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn a_user_with_the_rights_that_the_refusal_names_is_enough() {
    let redis = RedisServer::start(&[]);
    let rights = ["on", ">s3cret", "~{sse*", "&{sse*", "+@read", "+@write", "+@pubsub"];
    let more = ["+@scripting", "+info", "+time"];
    redis.command(&[&["ACL", "SETUSER", "events"][..], &rights, &more].concat());
    let url = format!("redis://events:s3cret@{}", redis.addr());

    let server = Server::spawn(with(&url).args(["-P", "0"]));

    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "1").status(), 200);
}

#[test]
fn a_server_that_is_too_old_is_refused_with_its_version() {
    let ended = run_with(&old_redis());

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    let said = "--redis: Redis is of version 6.2.0, and has to be 7.0 or newer";
    assert!(ended.stderr.contains(said), "{ended:?}");
}

#[test]
fn redis_is_known_over_tls_by_the_certificates_that_are_named() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (certificate, key) = authority.issue();
    let lines = [
        format!("--tls-cert-file {}", folder.write("cert.pem", certificate)),
        format!("--tls-key-file {}", folder.write("key.pem", key)),
    ];
    // Its port stays taken as long as it is there.
    let spare = RedisServer::start(&[]);
    spare.kill();
    let port = spare.addr().port();
    let tls = format!("--tls-port {port}");
    let _redis = RedisServer::start(&[&tls, "--tls-auth-clients no", &lines[0], &lines[1]]);
    let url = format!("rediss://localhost:{port}");
    let ca = folder.write("ca.pem", authority.root());
    let other = folder.write("other.pem", Authority::new().root());

    let server = Server::spawn(with(&url).args(["-P", "0", "--redis-ca", &ca]));
    let stranger = Process::spawn(with(&url).args(["-P", "0", "--redis-ca", &other]));

    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "1").status(), 200);
    let away = stranger.log_line("Redis is away");
    assert!(away.contains("certificate"), "{away}");
    let broken =
        folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let ended = Process::spawn(with(&url).args(["-P", "0", "--redis-ca", &broken])).wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("the certificates for Redis cannot be used: "), "{ended:?}");
}

#[test]
fn a_password_is_seen_nowhere() {
    let redis = RedisServer::start(&["--requirepass s3cret"]);
    let url = format!("redis://:s3cret@{}", redis.addr());
    let folder = Folder::new();
    let file = folder.write("conf.toml", format!("history = 1\n[redis]\nredis = \"{url}\"\n"));

    let checked = run(SERVER, ["--config", &file, "--check-config"]);
    let server = Server::start(&["--config", &file, "--debug", "--admin", "0"]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
    let seen = ["/metrics", "/readyz", "/"].map(|path| exchange(admin, "GET", path, ""));
    folder.write("conf.toml", format!("history = 1\n[redis]\nredis = \"{url}/1\"\n"));
    let reloaded = server.reload();
    let waits = server.log_line("this takes effect after a restart: ");
    redis.kill();
    let away = server.log_line("Redis is away");
    let away = [away, exchange(admin, "GET", "/readyz", "").text().to_owned()];
    server.signal(rustix::process::Signal::TERM);
    let ended = server.into_process().wait();

    assert_eq!(checked.code, Some(0), "{checked:?}");
    let shown = format!("redis = \"redis://...@{}\"  # {file}:3\n", redis.addr());
    assert!(checked.stdout.contains(&shown), "{checked:?}");
    assert!(waits.contains("--redis (\"redis://...@"), "{waits}");
    let all = format!("{checked:?} {seen:?} {reloaded} {waits} {away:?} {ended:?}");
    assert!(!all.contains("s3cret"), "{all}");
}

#[test]
fn a_password_in_a_wrong_url_is_not_repeated() {
    for url in [
        "user:s3cret@host",
        "user:s3cret://x@host",
        "http://user:s3cret@host",
        "redis://user:s3cret@host:port",
        "redis://user:s3cret@",
        "redis://user:s3cret/x@host",
        "redis://user:x/s3cret@host",
        "redis://user:x?s3cret@host",
        "redis://user:x#s3cret@host",
        "redis://user:s3cret@a,b",
        "redis://user:s3cret@host/x",
        "redis+sentinel://user:s3cret@host",
    ] {
        let ended = run_with(url);

        assert_eq!(ended.code, Some(2), "{url}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{url}: {ended:?}");
    }
}

/// A server whose URL is no argument.
fn with(url: &str) -> Command {
    let mut command = Command::new(SERVER);
    command.args(["--history", "1"]).env("EVENTSOURCE_REDIS", url);
    command
}

fn run_with(url: &str) -> Ended {
    Process::spawn(with(url).args(["-P", "0"])).wait()
}

/// The URL of what says that it is an old Redis, as long as the test runs.
fn old_redis() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Who was refused goes away.
            let _left = answer_as_old(BufReader::new(stream.unwrap()));
        }
    });
    url
}

fn answer_as_old(mut stream: BufReader<TcpStream>) -> std::io::Result<()> {
    loop {
        let mut words = Vec::new();
        for _ in 0..number(&mut stream)? {
            let mut word = vec![0; number(&mut stream)? + 2];
            stream.read_exact(&mut word)?;
            words.push(String::from_utf8_lossy(&word[..word.len() - 2]).to_uppercase());
        }
        let info = "redis_version:6.2.0\r\nrole:master\r\n";
        let answer = match words.first().map(String::as_str) {
            Some("HELLO") => "%1\r\n+proto\r\n:3\r\n".to_owned(),
            Some("INFO") => format!("${}\r\n{info}\r\n", info.len()),
            Some(_) => "+OK\r\n".to_owned(),
            None => return Ok(()),
        };
        stream.get_mut().write_all(answer.as_bytes())?;
    }
}

/// A line such as `*3` or `$12`.
fn number(stream: &mut BufReader<TcpStream>) -> std::io::Result<usize> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    Ok(line.trim_start_matches(['*', '$']).trim_end().parse().unwrap_or(0))
}
