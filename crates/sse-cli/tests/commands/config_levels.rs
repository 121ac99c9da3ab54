//! A configuration file, variables and the command line together.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::support::{Ended, Process, SERVER, exchange};

#[test]
fn the_command_line_goes_before_variables_and_these_before_the_file() {
    let levels = Levels::new("keepalive = 1\nretry = 2\ndrain = 3\nclosed-ttl = 4\n");

    let ended = levels.check(
        &["--keepalive", "30"],
        &[("EVENTSOURCE_KEEPALIVE", "20"), ("EVENTSOURCE_RETRY", "21")],
    );

    levels.assert_says(
        &ended,
        &[
            "keepalive = 30  # command line",
            "retry = 21  # EVENTSOURCE_RETRY",
            "closed-ttl = 4  # FILE:4",
            "drain = 3  # FILE:3",
        ],
    );
}

#[test]
fn a_list_replaces_the_list_below_it() {
    let levels = Levels::new("action = [\n  \"a\",\n  \"b\",\n]\n");
    let variable = [("EVENTSOURCE_ACTION", "c\nd\n")];

    levels.assert_says(&levels.check(&[], &[]), &["action = [\"a\", \"b\"]  # FILE:1"]);
    levels.assert_says(
        &levels.check(&[], &variable),
        &["action = [\"c\", \"d\"]  # EVENTSOURCE_ACTION"],
    );
    levels.assert_says(
        &levels.check(&["--action", "e", "--action", "f"], &variable),
        &["action = [\"e\", \"f\"]  # command line"],
    );
    // No line is no value.
    levels.assert_says(&levels.check(&[], &[("EVENTSOURCE_ACTION", "")]), &[NOTHING]);
}

#[test]
fn a_flag_of_the_file_is_turned_off_by_its_variable_and_on_again_by_the_command_line() {
    let levels = Levels::new("debug = true\njson = false\n");

    levels.assert_says(&levels.check(&[], &[]), &["debug = true  # FILE:1"]);
    for off in ["false", "0", "no", "OFF"] {
        let variable = [("EVENTSOURCE_DEBUG", off)];
        levels.assert_says(&levels.check(&[], &variable), &[NOTHING]);
        levels.assert_says(&levels.check(&["-d"], &variable), &["debug = true  # command line"]);
    }
    levels.assert_says(
        &levels.check(&[], &[("EVENTSOURCE_JSON", "1")]),
        &["debug = true  # FILE:1", "json = true  # EVENTSOURCE_JSON"],
    );
}

#[test]
fn a_variable_names_the_file_unless_the_command_line_does() {
    let levels = Levels::new("retry = 2\n");
    let other = levels.dir.path().join("other.toml");
    fs::write(&other, "retry = 5\n").unwrap();
    let variable = [("EVENTSOURCE_CONFIG", other.to_str().unwrap())];

    levels.assert_says(&levels.check(&[], &variable), &["retry = 2  # FILE:1"]);
    let ended = levels.run(&["--check-config"], &variable);
    assert!(ended.stdout.contains("retry = 5  # "), "{ended:?}");
}

#[test]
fn the_server_serves_with_what_the_file_says() {
    let levels = Levels::new(
        "port = 0\nhistory = 5\nprefix = \"/events\"\naction = [\"reading\"]\n[access]\n",
    );
    let mut command = levels.command(&["--config", &levels.file], &[]);
    let process = Process::spawn(&mut command);
    let line = process.line();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();

    let status = |action| exchange(addr, "POST", &format!("/events/{action}/42"), "").status();

    assert_eq!((status("reading"), status("other")), (200, 404));
}

#[test]
fn a_relative_path_begins_at_the_folder_of_the_file_and_in_a_variable_at_the_working_directory() {
    let levels = Levels::new("jwt-key = [\"HS256=keys/one\"]\nticket-key = \"keys/one\"\n");
    fs::create_dir(levels.dir.path().join("keys")).unwrap();
    fs::write(levels.dir.path().join("keys/one"), "s".repeat(40)).unwrap();
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join("two"), "s".repeat(40)).unwrap();
    let check = |variables: &[(&str, &str)]| {
        let mut command = levels.command(&["--config", &levels.file, "--check-config"], variables);
        Process::spawn(command.current_dir(&elsewhere)).wait()
    };

    let ended = check(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let folder = levels.dir.path().display();
    let said = format!("jwt-key = [\"HS256={folder}/keys/one\"]");
    assert!(ended.stdout.contains(&said), "{ended:?}");
    assert_eq!(check(&[("EVENTSOURCE_TICKET_KEY", "two")]).code, Some(0));
    assert_eq!(check(&[("EVENTSOURCE_TICKET_KEY", "keys/one")]).code, Some(2));
}

#[test]
fn a_variable_of_no_option_is_a_warning_with_the_one_that_is_like_it() {
    let levels = Levels::new("");
    let variables = [
        ("EVENTSOURCE_KEEPALIV", "s3cret"),
        ("EVENTSOURCE_SERVICE_HOST", "10.0.0.1"),
        ("EVENTSOURCE_PASSWORD", "of the client"),
    ];

    let ended = levels.check(&[], &variables);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
    let keepalive = "EVENTSOURCE_KEEPALIV is the variable of no option; EVENTSOURCE_KEEPALIVE is";
    assert!(ended.stderr.contains(keepalive), "{ended:?}");
    assert!(ended.stderr.contains("EVENTSOURCE_SERVICE_HOST is"), "{ended:?}");
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn what_needs_and_excludes_what_holds_over_all_levels() {
    let levels = Levels::new("history = 5\nallow-origin = [\"https://a.example\"]\n");
    let complete = levels.check(&["--allow-credentials", "--key-window", "9"], &[]);
    assert_eq!(complete.code, Some(0), "{complete:?}");

    let ended = levels.check(&[], &[("EVENTSOURCE_NO_GREETING", "true")]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in ["EVENTSOURCE_NO_GREETING, ", "conf.toml:1: history: --no-greeting is not for"] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn the_query_of_an_address_is_not_printed() {
    let levels = Levels::new("jwks = \"https://keys.example/?key=s3cret\"\n");

    let ended = levels.check(&[], &[("EVENTSOURCE_AUTH_URL", "http://127.0.0.1:1/?t=s3cret")]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("jwks = \"https://keys.example/?...\""), "{ended:?}");
    assert!(ended.stdout.contains("auth-url = \"http://127.0.0.1:1/?...\""), "{ended:?}");
    assert!(!format!("{ended:?}").contains("s3cret"), "{ended:?}");
}

const NOTHING: &str = "# every option has its default";

/// A configuration file, under the variables and the command line of a test.
struct Levels {
    dir: TempDir,
    file: String,
}

impl Levels {
    fn new(text: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("conf.toml");
        fs::write(&file, text).unwrap();
        Self { dir, file: file.into_os_string().into_string().unwrap() }
    }

    fn command(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(SERVER);
        command.args(args).envs(variables.iter().copied());
        command
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Ended {
        Process::spawn(&mut self.command(args, variables)).wait()
    }

    fn check(&self, args: &[&str], variables: &[(&str, &str)]) -> Ended {
        self.run(&[&["--check-config", "--config", &self.file], args].concat(), variables)
    }

    /// The check has printed `expected`, behind its first line, which names the file.
    fn assert_says(&self, ended: &Ended, expected: &[&str]) {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let said: Vec<_> =
            ended.stdout.lines().skip(1).map(|line| line.replace(&self.file, "FILE")).collect();
        assert_eq!(said, expected);
    }
}
