//! TLS: the server's key and certificate, and whom the client and the request trust.

use crate::support::{Authority, CLIENT, Folder, Process, REQUEST, SERVER, Server, run};

#[test]
fn events_pass_over_tls_to_a_client_that_trusts_the_root() {
    let files = Files::new();
    for (key, certificate) in [("-K", "-C"), ("--keyfile", "--certfile")] {
        let server = Server::start(&[key, &files.key, certificate, &files.certificate]);
        assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
        let port = server.port();
        for trust in [&["-S", "--cacert", &files.root][..], &["--ssl", "--insecure"]] {
            let args = ["42", "-d", "-H", "localhost", "-P", &port, "--count", "1"];
            let client = Process::start(CLIENT, args.iter().chain(trust));
            client.log_line("events: connected");

            let args = ["42", "ping", "x", "-H", "localhost", "-P", &port];
            let request = run(REQUEST, args.iter().chain(trust));

            assert_eq!((request.code, &*request.stderr), (Some(0), ""), "{trust:?}");
            assert_eq!(client.line(), "Event<,ping,x>", "{trust:?}");
            assert_eq!(client.wait().code, Some(0), "{trust:?}");
        }
    }
}

#[test]
fn a_certificate_that_nothing_speaks_for_is_refused() {
    let (files, others) = (Files::new(), Files::new());
    let server = Server::start(&["-K", &files.key, "-C", &files.certificate]);
    let port = server.port();
    for trust in [&["-S"][..], &["--ssl", "--cacert", &others.root]] {
        let at = ["-H", "localhost", "-P", &port];

        let client = run(CLIENT, ["42"].iter().chain(&at).chain(trust));
        let request = run(REQUEST, ["42", "ping"].iter().chain(&at).chain(trust));

        assert_eq!((client.code, &*client.stdout), (Some(1), ""), "{trust:?}: {client:?}");
        assert!(client.stderr.contains("certificate"), "{trust:?}: {client:?}");
        assert_eq!(request.code, Some(1), "{trust:?}: {request:?}");
        assert!(request.stderr.starts_with("Unable to send request: "), "{request:?}");
        assert!(request.stderr.contains("certificate"), "{trust:?}: {request:?}");
    }
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    let files = Files::new();
    let server = Server::start(&["-K", &files.key, "-C", &files.certificate]);

    let client = run(CLIENT, ["42", "-S", "--cacert", &files.root, "-P", &server.port()]);

    assert_eq!(client.code, Some(1), "{client:?}");
    assert!(client.stderr.contains("certificate"), "{client:?}");
}

#[test]
fn a_key_of_another_certificate_is_refused_with_the_names_of_the_files() {
    let (files, others) = (Files::new(), Files::new());

    let ended = run(SERVER, ["-P", "0", "-K", &others.key, "-C", &files.certificate]);

    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
    for part in [&*others.key, &files.certificate, "does not belong"] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn https_to_a_server_without_tls_is_said_with_the_option() {
    let server = Server::start(&[]);
    let (port, url) = (server.port(), server.url().replace("http://", "https://"));

    let client = run(CLIENT, ["42", "-S", "-P", &port]);
    let by_url = run(CLIENT, ["--url", &url]);
    let request = run(REQUEST, ["42", "ping", "-S", "-P", &port]);

    let words = "the server does not speak TLS on this port: use http://";
    for (ended, before, hint) in [
        (client, "the connection failed: ", " (leave out -S)"),
        (by_url, "the connection failed: ", ""),
        (request, "Unable to send request: ", " (leave out -S)"),
    ] {
        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert_eq!(ended.stderr, format!("{before}{words}{hint}\n"));
    }
}

#[test]
fn http_to_a_server_under_tls_is_said_with_the_option() {
    let files = Files::new();
    let server = Server::start(&["-K", &files.key, "-C", &files.certificate]);
    let (port, url) = (server.port(), server.url().replace("https://", "http://"));

    let client = run(CLIENT, ["42", "-P", &port]);
    let by_url = run(CLIENT, ["--url", &url]);
    let request = run(REQUEST, ["42", "ping", "-P", &port]);

    let words = "the server speaks TLS on this port: use https://";
    for (ended, end) in [(client, format!("{words} (-S)\n")), (by_url, format!("{words}\n"))] {
        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.ends_with(&end), "{ended:?}");
    }
    // The server's own words, if it answers.
    assert_eq!((request.code, &*request.stdout), (Some(1), ""), "{request:?}");
    assert!(request.stderr.contains("TLS"), "{request:?}");
}

#[test]
fn wait_for_a_server_that_does_not_agree_on_tls_says_the_option_too() {
    let server = Server::start(&[]);
    let client = Process::start(CLIENT, ["42", "-S", "-k", "-r", "1", "-P", &server.port()]);

    let line = client.log_line("reconnecting");

    assert!(line.ends_with("use http:// (leave out -S)"), "{line}");
}

#[test]
fn options_of_tls_where_none_is_spoken_are_a_wrong_use_that_says_the_way_out() {
    let files = Files::new();
    let (add, begin) = ("add --ssl (-S)", "begin the URL with https://");
    for trust in [&["--insecure"][..], &["--cacert", &files.root], &["--cacert", "nofile"]] {
        for (program, args, way_out) in [
            (CLIENT, &["42", "-u", "me", "-p", "s3cret"][..], add),
            (REQUEST, &["42", "ping", "-u", "me", "-p", "s3cret"], add),
            (CLIENT, &["--url", "http://127.0.0.1:1/"], begin),
            (CLIENT, &["42", "--proxy", "http://127.0.0.1:1/"], add),
        ] {
            let ended = run(program, args.iter().chain(trust));

            let option = trust[0];
            let reason = format!(
                "error: {option} is for TLS, which is not spoken here: {way_out}, or leave out {option}\n"
            );
            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
            assert!(ended.stderr.starts_with(&reason), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn options_of_tls_are_for_urls_with_https_and_for_proxies_under_tls_too() {
    let files = Files::new();
    let server = Server::start(&["-K", &files.key, "-C", &files.certificate]);
    let at = format!("localhost:{}", server.port());
    let (url, proxy) = (format!("https://{at}/poll/42"), format!("https://{at}"));
    for trust in [&["--cacert", &*files.root][..], &["--insecure"]] {
        let client =
            Process::start(CLIENT, ["--url", &url, "-d", "--count", "1"].iter().chain(trust));
        client.log_line("events: connected");
        drop(client);

        // It is no proxy, and says so; but it is spoken to.
        let by_proxy = ["--url", "http://localhost:1/x", "--proxy", &proxy];
        let ended = run(CLIENT, by_proxy.iter().chain(trust));
        assert_eq!(ended.code, Some(1), "{ended:?}");
    }
}

/// The files of a server named `localhost`, made for one test.
struct Files {
    root: String,
    certificate: String,
    key: String,
    _folder: Folder,
}

impl Files {
    fn new() -> Self {
        let (authority, folder) = (Authority::new(), Folder::new());
        let (certificate, key) = authority.issue();
        Self {
            root: folder.write("root.pem", authority.root()),
            certificate: folder.write("certificate.pem", certificate),
            key: folder.write("key.pem", key),
            _folder: folder,
        }
    }
}
