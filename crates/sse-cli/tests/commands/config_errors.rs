//! What a configuration file and variables cannot say: exit code 2, with the file, the line and the key.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::support::{Process, SERVER, run};

#[test]
fn a_wrong_line_is_refused_with_the_file_the_line_and_the_key() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    let name = file.to_str().unwrap();
    for (text, line, reason) in [
        // Unknown.
        ("\nprot = 1", 2, "prot: there is no such option; there is `port`"),
        ("max_body = 1", 1, "max_body: there is no such option; there is `max-body`"),
        ("Port = 1", 1, "Port: there is no such option; there is `port`"),
        ("port = 1\nxyzzy = 1", 2, "xyzzy: there is no such option"),
        ("\"\" = 1", 1, "\"\": there is no such option"),
        (
            "[foo]\nport = 1",
            1,
            "foo: there is no such table; there are [access], [data], [redis], [limits], [admin]",
        ),
        ("[limits]\nport = 1", 2, "port: it belongs to the top of the file"),
        ("[access]\nmax-connections = 1", 2, "max-connections: it belongs into the table [limits]"),
        ("limits = 1", 1, "limits: expected a table"),
        ("[[limits]]\nmax-connections = 1", 1, "limits: expected a table"),
        ("config = \"x\"", 1, "config: --config is not for a configuration file"),
        ("check-config = true", 1, "check-config: --check-config is not for"),
        ("help = true", 1, "help: there is no such option"),
        ("version = true", 1, "version: there is no such option"),
        // Of a wrong type.
        ("port = \"80\"", 1, "port: expected a number, found a text"),
        ("port = true", 1, "port: expected a number, found true or false"),
        ("port = [80]", 1, "port: expected a number, found a list"),
        ("port.x = 80", 1, "port: expected a number, found a table"),
        ("port = 2026-01-01", 1, "port: expected a number, found a date"),
        ("host = 1", 1, "host: expected a text in quotes, found a number"),
        ("\n\ndebug = \"true\"", 3, "debug: expected true or false, found a text"),
        ("debug = 1", 1, "debug: expected true or false, found a number"),
        ("action = [1]", 1, "action: expected texts in quotes, found a number"),
        ("action = [[\"a\"]]", 1, "action: expected texts in quotes, found a list"),
        ("host = [\"a\"]", 1, "host: expected a text in quotes, found a list"),
        ("host = \"a\\u0000b\"", 1, "host: no option can have a zero byte"),
        // Twice.
        ("port = 1\nport = 2", 2, "port: duplicate key"),
        ("open = true\n[access]\nopen = true", 3, "open: it is already at "),
        // No TOML.
        ("port = ", 1, "port: "),
        ("port = 1\nhost = \"x\n", 2, "host: invalid basic string"),
        ("port 1", 1, ""),
        // Refused by the option itself.
        ("port = 65536", 1, "port: invalid value '65536' for '--port <PORT>': expected a number"),
        ("port = -1", 1, "port: invalid value '-1' for '--port <PORT>': expected a number"),
        ("port = 1.5", 1, "port: invalid value '1.5' for '--port <PORT>': expected a number"),
        ("port = 0x10000", 1, "port: invalid value '65536' for "),
        ("port = 99999999999999999999999999999999999999999", 1, "port: invalid value '9999"),
        ("keepalive = -1", 1, "keepalive: invalid value '-1' for "),
        ("mode = \"shard\"", 1, "mode: invalid value 'shard' for "),
        (
            "[limits]\ntrusted-proxy = [\n\"::1\",\n\"x\"]",
            4,
            "trusted-proxy: invalid value 'x' for ",
        ),
        ("cookie = \"\"", 1, "cookie: a value is required for '--cookie <NAME>'"),
        ("keyfile = \"\"", 1, "keyfile: a value is required for '--keyfile <KEYFILE>'"),
        // Refused by what it means.
        ("action = [\"a\",\n\"\"]", 2, "action: an action's name is empty"),
        ("\nkeyfile = \"k\"", 2, "keyfile: the following required arguments were not provided"),
        ("allow-credentials = true", 1, "allow-credentials: the following required arguments"),
        ("key-window = 5", 1, "key-window: --key-window needs --history"),
        ("allow-origin = [\"https://a.example\",\n\"b\"]", 2, "allow-origin: "),
        (
            "retry = 1\nticket-key = \"none\"\nauth-url = \"http://h/\"",
            2,
            "ticket-key: --ticket-key",
        ),
        ("auth-url = \"http://h/\"\ncookie = \"a b\"", 2, "cookie: --cookie: no cookie can be"),
        ("jwks = \"none.json\"", 1, "jwks: --jwks: cannot read "),
    ] {
        fs::write(&file, text).unwrap();

        let ended = run(SERVER, ["--config", name, "-P", "0", "--check-config"]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{text:?}: {ended:?}");
        let expected = format!("error: {name}:{line}: {reason}");
        let said = ended.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(said.starts_with(&expected), "{text:?}: {said} is not {expected}");
    }
}

#[test]
fn all_lines_of_which_one_has_to_go_are_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    fs::write(&file, "open = true\nretry = 1\nanonymous-listen = [\"*\"]\n").unwrap();
    let name = file.to_str().unwrap();

    let ended = run(SERVER, ["--config", name, "--check-config"]);

    assert_eq!(ended.code, Some(2), "{ended:?}");
    let said = format!("error: {name}:1: open, {name}:3: anonymous-listen: --open is for a server");
    assert!(ended.stderr.starts_with(&said), "{ended:?}");
}

#[test]
fn a_wrong_line_is_refused_also_where_the_command_line_goes_before_it() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    fs::write(&file, "port = 70000\n").unwrap();

    for check in [&["--check-config"][..], &[]] {
        let args = ["--config", file.to_str().unwrap(), "-P", "0"];
        let ended = run(SERVER, args.iter().chain(check));

        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("conf.toml:1: port: invalid value '70000'"), "{ended:?}");
    }
}

#[test]
fn a_long_list_is_read_and_refused_without_a_search_of_all_of_it() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    let name = file.to_str().unwrap();
    let good = "\"a\",\n".repeat(20_000);
    for (last, code, said) in [
        ("\"b\"", 0, ""),
        ("1", 2, "conf.toml:1: action: expected texts in quotes, found a number"),
        ("\"\"", 2, "conf.toml:1: action: an action's name is empty"),
    ] {
        fs::write(&file, format!("action = [\n{good}{last}]\n")).unwrap();

        let ended = run(SERVER, ["--config", name, "--check-config"]);

        assert_eq!(ended.code, Some(code), "{last}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{last}: {}", ended.stderr);
    }
}

#[test]
fn what_was_typed_wrong_is_not_blamed_on_the_file() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("conf.toml");
    fs::write(&file, "retry = 1\n").unwrap();
    let name = file.to_str().unwrap();

    for args in [&["-P", "x"][..], &["--nothing"], &["--key-window", "5"], &["-K", "k"]] {
        let ended = run(SERVER, ["--config", name].iter().chain(args));

        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(!ended.stderr.contains("conf.toml:"), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_file_that_is_none_is_refused_with_its_name() {
    let dir = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let binary = file("binary", b"port = 1\nhost = \"\xFF\"\n");
    let long = file("long", &b"#\n".repeat(600_000));
    let nested = file("nested", format!("port = {}", "[".repeat(100_000)).as_bytes());
    for (file, reason) in [
        ("none.toml", "cannot read none.toml: "),
        (dir.path().to_str().unwrap(), "cannot read "),
        (&binary, "binary:2: this line is not UTF-8"),
        (&long, "long is longer than 1048576 bytes"),
        (&nested, "nested:1: port: "),
        ("", "a value is required for '--config <FILE>'"),
    ] {
        for check in [&["--check-config"][..], &[]] {
            let ended = run(SERVER, ["--config", file].iter().chain(check));

            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{file}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{file}: {ended:?}");
        }
    }
}

#[test]
fn a_wrong_variable_is_refused_by_name_unless_the_command_line_goes_before_it() {
    for (variable, value, reason, instead) in [
        ("EVENTSOURCE_PORT", "tcp://10.0.0.1", "invalid value 'tcp://10.0.0.1' for", "--port=0"),
        ("EVENTSOURCE_PORT", "", "invalid value '' for '--port", "--port=0"),
        ("EVENTSOURCE_DEBUG", "maybe", "expected true or false, got \"maybe\"", "--debug"),
        ("EVENTSOURCE_DEBUG", "", "expected true or false, got \"\"", "--debug"),
        ("EVENTSOURCE_TRUSTED_PROXY", "::1\nx", "invalid value 'x' for", "--trusted-proxy=::1"),
        ("EVENTSOURCE_LISTEN", "close", "", "--listen=poll"),
    ] {
        let check = |args: &[&str]| {
            let mut command = Command::new(SERVER);
            Process::spawn(command.args(args).arg("--check-config").env(variable, value)).wait()
        };

        let ended = check(&[]);

        let said = format!("error: {variable}: {reason}");
        assert_eq!(ended.code, Some(2), "{variable}={value}: {ended:?}");
        assert!(ended.stderr.starts_with(&said), "{variable}={value}: {ended:?}");
        assert_eq!(check(&[instead]).code, Some(0), "{variable}={value}");
    }
}
