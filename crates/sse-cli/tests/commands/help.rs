//! `--help`, `-h` and `--version`.

use crate::support::{BENCH, CLIENT, REQUEST, SERVER, TOKEN, run};

#[test]
fn help_names_every_option_and_gives_examples() {
    let endpoint = [
        "-H, --host",
        "-P, --port",
        "-S, --ssl",
        "--insecure",
        "--cacert",
        "-x, --prefix",
        "-u, --user",
        "-p, --password",
        "--password-file",
        "EVENTSOURCE_PASSWORD",
        "--proxy",
        "only where TLS is spoken",
    ];
    for (program, own) in [
        (
            SERVER,
            &[
                "--config",
                "--check-config",
                "-H, --host",
                "-P, --port",
                "-d, --debug",
                "-j, --json",
                "-k, --keepalive",
                "-i, --id",
                "-K, --keyfile",
                "-C, --certfile",
                "--action",
                "--listen",
                "--prefix",
                "--max-body",
                "--max-bodies",
                "--max-batch",
                "--mode",
                "--history",
                "--history-bytes",
                "--history-age",
                "--max-history-bytes",
                "--key-window",
                "--key-bytes",
                "--max-channel-bytes",
                "--max-unread-bytes",
                "--overrun",
                "--stall-timeout",
                "--closed-ttl",
                "--max-channels",
                "--max-listeners",
                "--max-listeners-per-channel",
                "--drain",
                "--drain-accept",
                "--workers",
                "--retry",
                "--no-greeting",
                "--allow-host",
                "--jwt-key",
                "--jwks",
                "--jwt-audience",
                "--jwt-issuer",
                "--cookie",
                "--password-file",
                "--auth-url",
                "--auth-timeout",
                "--auth-ttl",
                "--ticket-key",
                "--ticket-ttl",
                "--anonymous-listen",
                "--anonymous-publish",
                "--open",
                "--data-dir <DIR>",
                "--durability <WHEN>",
                "--max-data-bytes",
                "--history-memory",
                "--check ",
                "--backup <FILE>",
                "--compact",
                "--salvage",
                "--redis <URL>",
                "--redis-prefix <NAME>",
                "--redis-ca <FILE>",
                "--max-connections",
                "--max-connections-per-address",
                "--connection-rate",
                "--max-listeners-per-address",
                "--max-listeners-per-subject",
                "--publish-rate",
                "--max-auth-failures",
                "--trusted-proxy",
                "--client-address",
                "--admin ",
                "--admin-passwords",
                "--admin-keyfile",
                "--admin-certfile",
            ][..],
        ),
        (
            CLIENT,
            &[
                "-V, --validate-cert",
                "-d, --debug",
                "-r, --retry",
                "-k, --keep-reconnecting",
                "-a, --action",
                "-o, --output",
                "--last-event-id",
                "--stdin",
                "--all",
                "--count",
                "--url",
                "--header",
                "--method",
                "--data",
                "--retry-status",
                "--idle-timeout",
                "--max-time",
                "--event",
                "--until",
                "--exec",
                "--state",
            ],
        ),
        (REQUEST, &["-j, --json", "--raw", "--timeout"]),
        (TOKEN, &["key ", "mint ", "show ", "hash "]),
        (
            BENCH,
            &[
                "--listen",
                "--publish",
                "--method",
                "--header",
                "--body",
                "--size",
                "-l, --listeners",
                "-c, --channels",
                "-f, --in-flight",
                "--pipeline",
                "-r, --rate",
                "-d, --duration",
                "-n, --events",
                "--silent",
                "--churn",
                "--slow",
                "--slow-listen",
                "--slow-rate",
                "--patience",
                "--pid",
                "--json",
            ],
        ),
    ] {
        for flag in ["-h", "--help"] {
            let ended = run(program, [flag]);

            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
            let is_client = [CLIENT, REQUEST].contains(&program);
            let shared = if is_client { &endpoint[..] } else { &[] };
            for option in own.iter().chain(shared).chain(&["-h, --help", "--version"]) {
                assert!(ended.stdout.contains(option), "{option}: {}", ended.stdout);
            }
            assert!(ended.stdout.contains("Examples:\n  eventsource-"), "{}", ended.stdout);
        }
    }
}

#[test]
fn help_of_each_part_of_the_token_command_names_its_options_and_gives_examples() {
    let permissions = ["--listen", "--publish", "--action"];
    for (part, own, has_permissions) in [
        ("key", &["-o, --out", "--alg", "--kid", "--force"][..], false),
        (
            "mint",
            &[
                "-k, --key",
                "--alg",
                "--kid",
                "--subject",
                "--id",
                "--audience",
                "--issuer",
                "--expires-in",
            ],
            true,
        ),
        ("show", &["[TOKEN]", "-k, --key", "--alg", "--jwks", "--audience", "--issuer"], false),
        ("hash", &["<NAME>"], true),
    ] {
        for flag in ["-h", "--help"] {
            let ended = run(TOKEN, [part, flag]);

            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{part}");
            let shared = if has_permissions { &permissions[..] } else { &[] };
            for option in own.iter().chain(shared) {
                assert!(ended.stdout.contains(option), "{part} {option}: {}", ended.stdout);
            }
            let example = format!("Examples:\n  eventsource-token {part} ");
            assert!(ended.stdout.contains(&example), "{}", ended.stdout);
        }
    }
}

#[test]
fn version_is_printed_and_has_no_short_form() {
    for (program, name) in [
        (SERVER, "eventsource-server"),
        (CLIENT, "eventsource-client"),
        (REQUEST, "eventsource-request"),
        (BENCH, "eventsource-bench"),
        (TOKEN, "eventsource-token"),
    ] {
        let ended = run(program, ["--version"]);

        let version = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!((ended.code, ended.stdout), (Some(0), version));
    }
    assert_eq!(run(SERVER, ["-V"]).code, Some(2));
    assert_eq!(run(REQUEST, ["-V"]).code, Some(2));
}

#[test]
fn help_of_the_server_says_what_gives_way_and_what_is_refused() {
    let help = run(SERVER, ["--help"]).stdout;

    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "the largest histories shrink, also those of channels with listeners. No POST is refused",
        "takes the place of the one that was used longest ago, of those without listeners",
        "that was replaced or cut counts until its connection ends",
        "falls behind by more than --max-channel-bytes",
        "A POST that is larger is answered 413",
        "a POST of more is answered 413",
        "with --history only [default: 300000]",
        "with --history only, not with --redis [default: 262144]",
        "[default: 16777216, or twice --max-body if that is more]",
        "[default: 268435456, or --max-channel-bytes if that is more]",
        "stops on SIGINT, SIGTERM or SIGQUIT. SIGHUP reads every file that an option names again",
        "read again, with the certificate, when either file changes",
    ] {
        assert_eq!(help.matches(text).count(), 1, "{text}: {help}");
    }
}

#[test]
fn help_of_the_server_says_who_may_listen_and_publish_and_how_much() {
    let help = run(SERVER, ["--help"]).stdout;

    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "Access:",
        "Limits (0: none; they do not apply to loopback addresses):",
        "HS256 to HS512, RS256 to RS512, PS256 to PS512, ES256, ES384, EdDSA",
        "2xx with a header `Sse-Grant` says what it may do, 401 and 403 refuse it",
        "A token is accepted for a minute after it has ended",
        "about a request that no other option checks",
        "at least 32 bytes, so that they outlive this process",
        "1 to 4294967295 [default: 3600000]",
        "0: ask each time [default: 10000]",
        "but not by `close` and `retry`",
        "[default: nine tenths of the files that may be open]",
        "An IPv6 /64 counts as one address [default: 1000]",
        "this makes the limits apply to loopback addresses in it too",
        "Admin address:",
        "PORT or :PORT of 127.0.0.1, or HOST:PORT, with an IPv6 address in brackets",
        "An address that other machines can reach needs the options below",
    ] {
        assert_eq!(help.matches(text).count(), 1, "{text}: {help}");
    }
}

#[test]
fn help_of_the_client_says_what_is_repeated_waited_for_and_kept_back() {
    let help = run(CLIENT, ["--help"]).stdout;

    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (text, times) in [
        ("repeat a request with --data", 2),
        ("SIGINT, SIGTERM, SIGHUP and SIGQUIT end the client", 1),
        ("the first signal waits for the command and keeps its ID, the second is passed on", 1),
        ("the third ends the client at once", 1),
        ("once a running command has finished", 1),
        ("It is not sent on to another origin", 1),
        ("`@FILE` sends the headers in a file, one on each line", 1),
        ("other than HEAD and CONNECT", 1),
        ("typed as in a browser", 1),
        ("control characters as \\u{1b}", 1),
        ("control characters are escaped only on a terminal", 1),
    ] {
        assert_eq!(help.matches(text).count(), times, "{text}: {help}");
    }
}
