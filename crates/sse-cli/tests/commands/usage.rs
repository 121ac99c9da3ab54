//! Wrong uses: exit code 2 and the reason on standard error.

use tempfile::NamedTempFile;

use crate::support::{CLIENT, REQUEST, SERVER, run};

#[test]
fn every_number_is_refused_by_name_and_with_its_bounds() {
    for (program, args, option, bounds) in [
        (SERVER, &["--port"][..], "--port", "0 to 65535"),
        (SERVER, &["-P"], "--port", "0 to 65535"),
        (SERVER, &["--keepalive"], "--keepalive", "0 to 4294967295"),
        (SERVER, &["-k"], "--keepalive", "0 to 4294967295"),
        (SERVER, &["--max-body"], "--max-body", "0 to 1073741824"),
        (SERVER, &["--max-bodies"], "--max-bodies", "0 to 1099511627776"),
        (SERVER, &["--history"], "--history", "0 to 4294967295"),
        (SERVER, &["--history-bytes"], "--history-bytes", "0 to 1099511627776"),
        (SERVER, &["--history-age"], "--history-age", "0 to 4294967295"),
        (SERVER, &["--max-history-bytes"], "--max-history-bytes", "0 to 1099511627776"),
        (SERVER, &["--max-batch"], "--max-batch", "1 to 4294967295"),
        (SERVER, &["--key-window"], "--key-window", "0 to 4294967295"),
        (SERVER, &["--key-bytes"], "--key-bytes", "0 to 1099511627776"),
        (SERVER, &["--max-channel-bytes"], "--max-channel-bytes", "1024 to 1099511627776"),
        (SERVER, &["--max-unread-bytes"], "--max-unread-bytes", "1024 to 1099511627776"),
        (SERVER, &["--stall-timeout"], "--stall-timeout", "0 to 4294967295"),
        (SERVER, &["--closed-ttl"], "--closed-ttl", "0 to 4294967295"),
        (SERVER, &["--max-channels"], "--max-channels", "1 to 4294967295"),
        (SERVER, &["--max-listeners"], "--max-listeners", "1 to 4294967295"),
        (
            SERVER,
            &["--max-listeners-per-channel"],
            "--max-listeners-per-channel",
            "1 to 4294967295",
        ),
        (SERVER, &["--drain"], "--drain", "0 to 4294967295"),
        (SERVER, &["--retry"], "--retry", "0 to 4294967295"),
        (SERVER, &["--workers"], "--workers", "1 to 1024"),
        (CLIENT, &["42", "-P"], "--port", "1 to 65535"),
        (CLIENT, &["42", "-r"], "--retry", "0 to 4294967295"),
        (CLIENT, &["42", "--retry"], "--retry", "0 to 4294967295"),
        (CLIENT, &["42", "--count"], "--count", "1 to 18446744073709551615"),
        (CLIENT, &["42", "--idle-timeout"], "--idle-timeout", "1 to 4294967295"),
        (CLIENT, &["42", "--max-time"], "--max-time", "1 to 4294967295"),
        (REQUEST, &["42", "ping", "-P"], "--port", "1 to 65535"),
        (REQUEST, &["42", "ping", "--timeout"], "--timeout", "1 to 4294967295"),
    ] {
        for number in ["", "x", "1x", "1.5", "-1", "99999999999999999999"] {
            let ended = run(program, args.iter().chain(&[number]));

            assert_eq!(ended.code, Some(2), "{args:?} {number:?}: {ended:?}");
            let reason = format!("expected a number from {bounds}");
            assert!(ended.stderr.contains(option), "{args:?} {number:?}: {ended:?}");
            assert!(ended.stderr.contains(&reason), "{args:?} {number:?}: {ended:?}");
        }
    }
}

#[test]
fn numbers_next_to_a_bound_are_told_apart() {
    for (program, args) in [
        (SERVER, &["-P", "65536"][..]),
        (SERVER, &["-k", "4294967296"]),
        (SERVER, &["--retry", "4294967296"]),
        (SERVER, &["--max-body", "1073741825"]),
        (SERVER, &["--history-bytes", "1099511627777"]),
        (SERVER, &["--max-channels", "0"]),
        (SERVER, &["--max-batch", "0"]),
        (SERVER, &["--max-batch", "4294967296"]),
        (SERVER, &["--history", "1", "--key-window", "4294967296"]),
        (SERVER, &["--history", "1", "--key-bytes", "1099511627777"]),
        (SERVER, &["--max-channel-bytes", "1023"]),
        (SERVER, &["--max-unread-bytes", "1099511627777"]),
        (SERVER, &["--max-listeners", "4294967296"]),
        (CLIENT, &["42", "-P", "0"]),
        (CLIENT, &["42", "-r", "4294967296"]),
        (CLIENT, &["42", "--count", "0"]),
        (REQUEST, &["42", "ping", "-P", "65536"]),
        (REQUEST, &["42", "ping", "--timeout", "0"]),
        (REQUEST, &["42", "ping", "--timeout", "4294967296"]),
    ] {
        let ended = run(program, args);

        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains("expected a number from"), "{args:?}: {ended:?}");
    }
}

#[test]
fn what_means_nothing_is_refused_with_the_reason() {
    let long = "x".repeat(257);
    for (program, args, reason) in [
        (SERVER, &["extra"][..], "unexpected argument 'extra'"),
        (SERVER, &["--nothing"], "unexpected argument '--nothing'"),
        (SERVER, &["--action", ""], "an action's name is empty"),
        (SERVER, &["--action", "poll"], "\"poll\" is the listen action"),
        (SERVER, &["--action", "sse.x"], "\"sse.x\" begins with `sse.`"),
        (SERVER, &["--action", "a\nb"], "event"),
        (SERVER, &["--listen", "ping"], "\"ping\" is the listen action"),
        (SERVER, &["--listen", ""], "an action's name is empty"),
        (SERVER, &["--listen", "tick", "--action", "tick"], "\"tick\" is the listen action"),
        (SERVER, &["--prefix", "a b"], "expected a path"),
        (SERVER, &["--allow-origin", "app.example"], "\"app.example\" is no origin"),
        (SERVER, &["--allow-origin", "https://App.example/"], "is no origin"),
        (SERVER, &["--allow-origin", "*", "--allow-origin", "https://a.b"], "it stands alone"),
        (SERVER, &["--allow-origin", "*", "--allow-credentials"], "not for `*`"),
        (SERVER, &["--allow-credentials"], "--allow-origin"),
        (SERVER, &["--allow-host", "https://app.example/"], "\"https://app.example/\" is no host"),
        (SERVER, &["--allow-host", ""], "\"\" is no host"),
        (SERVER, &["--allow-host", "*", "--allow-host", "a b"], "\"a b\" is no host"),
        (SERVER, &["--no-greeting", "--history", "1"], "--no-greeting is not for --history"),
        (SERVER, &["--key-window", "1000"], "--key-window needs --history"),
        (SERVER, &["--key-bytes", "1000"], "--key-bytes needs --history"),
        (SERVER, &["--history", "0", "--key-window", "0"], "--key-window needs --history"),
        (SERVER, &["--mode", "all"], "[possible values: exclusive, shared, takeover]"),
        (SERVER, &["--overrun", "wait"], "[possible values: close, gap]"),
        (SERVER, &["-K", "key.pem"], "--certfile"),
        (SERVER, &["-C", "cert.pem"], "--keyfile"),
        (SERVER, &["-K", "nokey.pem", "-C", "nocert.pem"], "cannot read nocert.pem"),
        (CLIENT, &[], "TOKEN"),
        (CLIENT, &["42", "--stdin"], "--stdin"),
        (CLIENT, &["42", "-o", "xml"], "[possible values: text, json, data]"),
        (CLIENT, &["42", "--all"], "--all needs --output json"),
        (CLIENT, &["42", "-p", "secret"], "--user"),
        (CLIENT, &["42", "-x", "a?b"], "expected a path"),
        (CLIENT, &["42", "-H", "a b"], "neither a host's name nor an address"),
        (CLIENT, &["42", "-H", ""], "neither a host's name nor an address"),
        (CLIENT, &["42", "-H", "a:1"], "neither a host's name nor an address"),
        (CLIENT, &["42", "-a", ""], "an action's name is empty"),
        (CLIENT, &["42", "--last-event-id", "a\nb"], "id"),
        (CLIENT, &["", "--count", "1"], "token is empty"),
        (CLIENT, &["a\tb"], "control"),
        (CLIENT, &[&long], "257 bytes"),
        (CLIENT, &["42", "-S", "--cacert", "noroot.pem"], "cannot read noroot.pem"),
        (CLIENT, &["42", "-u", "a:b"], "--user"),
        (CLIENT, &["42", "--url", "http://a.example/"], "--url"),
        (CLIENT, &["--url", "http://a.example/", "--stdin"], "--url"),
        (CLIENT, &["--url", "http://a.example/", "-P", "1"], "--url"),
        (CLIENT, &["--url", "a.example"], "begins with http://, https://"),
        (CLIENT, &["--url", "http://127.0.0.1:99999/"], "1 to 65535 instead of \"99999\""),
        (CLIENT, &["--url", "http://127.0.0.1:abc/"], "1 to 65535 instead of \"abc\""),
        (CLIENT, &["--url", "http://127.0.0.1:8080*/"], "1 to 65535 instead of \"8080*\""),
        (CLIENT, &["--url", "http://a b/"], "'--url <URL>': the host has a space in it"),
        (CLIENT, &["42", "--proxy", "a.example:1"], "socks5h://"),
        (CLIENT, &["42", "--proxy", "http://127.0.0.1:99999/"], "1 to 65535 instead of \"99999\""),
        (CLIENT, &["42", "--header", "a"], "`Name: value`"),
        (CLIENT, &["42", "--method", "a b"], "--method"),
        (CLIENT, &["42", "--data", "@nofile"], "cannot read nofile"),
        (CLIENT, &["42", "--exec", "true", "-o", "json"], "--exec"),
        (CLIENT, &["42", "--state", "nofolder/state"], "cannot write nofolder/state"),
        (CLIENT, &["42", "--state", "/proc/state"], "cannot write /proc/state"),
        (CLIENT, &["42", "--state", "/dev/null"], "/dev/null is no regular file"),
        (CLIENT, &["--stdin", "--retry-status"], "--stdin"),
        (CLIENT, &["--stdin", "--insecure"], "--stdin"),
        (CLIENT, &["--stdin", "--cacert", "root.pem"], "--stdin"),
        (CLIENT, &["--stdin", "-u", "me", "--password-file", "file"], "--stdin"),
        (CLIENT, &["--stdin", "--proxy", "http://a.example"], "--stdin"),
        (REQUEST, &[], "TOKEN"),
        (REQUEST, &["42"], "ACTION"),
        (REQUEST, &["42", ""], "an action's name is empty"),
        (REQUEST, &["", "ping"], "token is empty"),
        (REQUEST, &["42", "ping", "@nofile"], "cannot read nofile"),
        (REQUEST, &["42", "ping", "-p", "secret"], "--user"),
        (REQUEST, &["42", "ping", "-S", "--cacert", "noroot.pem"], "cannot read noroot.pem"),
    ] {
        let ended = run(program, args);

        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{args:?}");
    }
}

#[test]
fn passwords_in_addresses_that_are_refused_are_not_shown() {
    for option in ["--url", "--proxy"] {
        for address in [
            "http://user:secret@h:99999/",
            "http://user:secret@h:8 0/a",
            "http://user:secret/1@h/",
            "http://user:sec ret/@h/",
            "http://user:secret#@h/",
            "ftp://user:secret@h/",
            "user:secret@h",
        ] {
            let token = if option == "--proxy" { &["42"][..] } else { &[] };

            let ended = run(CLIENT, token.iter().chain(&[option, address]));

            assert_eq!(ended.code, Some(2), "{address}: {ended:?}");
            assert!(ended.stderr.contains("***@h"), "{address}: {ended:?}");
            for secret in ["secret", "sec "] {
                assert!(!ended.stderr.contains(secret), "{address}: {ended:?}");
            }
        }
    }
}

#[test]
fn files_that_hold_no_key_or_certificate_are_refused_by_name() {
    let empty = NamedTempFile::new().unwrap();
    let name = empty.path().to_str().unwrap();

    let server = run(SERVER, ["-P", "0", "-K", name, "-C", name]);
    let client = run(CLIENT, ["42", "-S", "--cacert", name]);

    for ended in [server, client] {
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(name), "{ended:?}");
        assert!(ended.stderr.contains("no certificate"), "{ended:?}");
    }
}
