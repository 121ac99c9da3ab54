//! Every option that `--help` names can stand in a configuration file and in a variable.

use std::{fs, process::Command, thread};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;

use crate::support::{HelpOption, Process, SERVER, server_options};

#[test]
fn every_option_of_the_help_is_taken_from_a_file_and_from_a_variable_as_it_was_typed() {
    let files = Files::new();
    let options = server_options();

    assert!(50 < options.len(), "{options:?}");
    // A few at once: each is three processes.
    thread::scope(|scope| {
        for some in options.chunks(options.len().div_ceil(4)) {
            scope.spawn(|| some.iter().for_each(|option| files.check(option)));
        }
    });
}

#[test]
fn an_option_is_taken_from_the_table_of_its_group_and_from_no_other() {
    let files = Files::new();
    for option in server_options() {
        let at = |table: Option<&str>| {
            let table = table.map(|table| format!("[{table}]\n")).unwrap_or_default();
            let line = format!("{table}{} = {}\n", option.name, files.in_file(&option));
            files.command(&option).args(["--config", &files.write("conf.toml", &line)]).output()
        };

        let other = at(Some(if option.table.is_some() { "limit" } else { "limits" })).unwrap();
        let errors = String::from_utf8(other.stderr).unwrap();
        assert_eq!(other.status.code(), Some(2), "{option:?}: {errors}");
        assert!(errors.contains("conf.toml:"), "{option:?}: {errors}");
        if let Some(table) = &option.table {
            let own = at(Some(table)).unwrap();
            assert_eq!(own.status.code(), Some(0), "{option:?}: {own:?}");
        }
    }
}

/// Files that options name.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { dir: TempDir::new().unwrap() };
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        files.write("cert.pem", &cert.pem());
        files.write("key.pem", &signing_key.serialize_pem());
        files.write("secret", &"s".repeat(40));
        files.write("passwords", "");
        files
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    /// From a command line, a file and a variable comes the same.
    fn check(&self, option: &HelpOption) {
        let HelpOption { name, .. } = option;
        let text = format!("# a comment\n\n{name} = {}\n", self.in_file(option));
        let file = self.write(&format!("{name}.toml"), &text);
        let variable = format!("EVENTSOURCE_{}", name.to_uppercase().replace('-', "_"));
        let mut typed = self.command(option);
        match &option.value {
            Some(_) => typed.arg(format!("--{name}={}", self.value(option))),
            None => typed.arg(format!("--{name}")),
        };

        let typed = checked(&mut typed, name, "command line");
        let from_file =
            checked(self.command(option).args(["--config", &file]), name, &format!("{file}:3"));
        let from_variable =
            checked(self.command(option).env(&variable, self.value(option)), name, &variable);

        // In a file, a relative path begins at the folder of the file.
        let folder = format!("{}/", self.dir.path().display());
        assert_eq!(from_file.replace(&folder, ""), typed, "{option:?}");
        assert_eq!(from_variable, typed, "{option:?}");
    }

    /// A check of the options that this one needs.
    fn command(&self, option: &HelpOption) -> Command {
        let needed: &[&str] = match &*option.name {
            "keyfile" => &["--certfile", "cert.pem"],
            "certfile" => &["--keyfile", "key.pem"],
            "allow-credentials" => &["--allow-origin", "https://a.example"],
            "key-window" | "key-bytes" | "data-dir" | "redis" => &["--history", "1"],
            "durability" | "max-data-bytes" | "history-memory" => {
                &["--history", "1", "--data-dir", "data"]
            }
            "redis-prefix" | "redis-ca" => &["--history", "1", "--redis", "redis://localhost"],
            "jwt-audience" | "jwt-issuer" | "cookie" => &["--jwt-key", "HS256=secret"],
            "auth-timeout" | "auth-ttl" => &["--auth-url", "http://127.0.0.1:1/"],
            "ticket-key" | "ticket-ttl" => &["--jwt-key", "HS256=secret"],
            "admin-passwords" => &["--admin", "7"],
            "admin-keyfile" => &["--admin", "7", "--admin-certfile", "cert.pem"],
            "admin-certfile" => &["--admin", "7", "--admin-keyfile", "key.pem"],
            "client-address" => &["--trusted-proxy", "127.0.0.1"],
            _ => &[],
        };
        let mut command = Command::new(SERVER);
        command.current_dir(&self.dir).args(needed).arg("--check-config");
        command
    }

    /// A value that is not the default.
    fn value(&self, option: &HelpOption) -> &'static str {
        match (&*option.name, option.value.as_deref()) {
            (_, None) => "true",
            ("password-file" | "admin-passwords", _) => "passwords",
            ("keyfile" | "admin-keyfile", _) => "key.pem",
            ("certfile" | "admin-certfile", _) => "cert.pem",
            (_, Some("ADDR")) => "127.0.0.1:7",
            (_, Some("LOG_FORMAT")) => "json",
            (_, Some("PORT" | "MS" | "COUNT")) => "7",
            ("max-data-bytes" | "history-memory", _) => "2097152",
            (_, Some("BYTES")) => "2048",
            (_, Some("DIR")) => "data",
            (_, Some("WHEN")) => "relaxed:7",
            (_, Some("FILE")) => "secret",
            (_, Some("ALG[,ALG...][:KID]=FILE")) => "HS256:a=secret",
            (_, Some("FILE-OR-URL")) => "https://keys.example/",
            ("redis", _) => "redis://127.0.0.1:1",
            (_, Some("URL")) => "http://127.0.0.1:1/",
            (_, Some("ORIGIN")) => "https://a.example",
            (_, Some("CIDR")) => "10.0.0.0/8",
            (_, Some("HEADER")) => "forwarded",
            (_, Some("MODE")) => "shared",
            (_, Some("OVERRUN")) => "gap",
            (_, Some("PATH")) => "/p",
            (_, Some("HOST" | "NAME" | "TEXT" | "PATTERN")) => "name",
            (name, Some(value)) => panic!("--{name} <{value}>: name a value for it here"),
        }
    }

    fn in_file(&self, option: &HelpOption) -> String {
        let value = self.value(option);
        let is_bare = [None, Some("PORT"), Some("MS"), Some("COUNT"), Some("BYTES")];
        match is_bare.contains(&option.value.as_deref()) {
            true => value.to_owned(),
            false if option.is_list() => format!("[{value:?}]"),
            false => format!("{value:?}"),
        }
    }
}

/// What the check says about an option that comes from `origin`.
fn checked(command: &mut Command, name: &str, origin: &str) -> String {
    let ended = Process::spawn(command).wait();

    assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
    let mut lines = ended.stdout.lines().filter(|line| line.starts_with(&format!("{name} = ")));
    let line = lines.next().unwrap_or_else(|| panic!("no {name}: {ended:?}"));
    let (said, from) = line.split_once("  # ").unwrap();
    assert_eq!((from, lines.next()), (origin, None), "{ended:?}");
    said.to_owned()
}
