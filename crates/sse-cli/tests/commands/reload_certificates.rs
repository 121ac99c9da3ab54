//! Certificates that are renewed while they are served.

use crate::support::{Authority, CLIENT, Folder, Process, REQUEST, Server, run};

#[test]
fn certificates_of_both_addresses_are_read_again_on_hangup_and_streams_go_on() {
    let site = Site::new();
    let server = Server::start(&site.args());
    let admin = admin_port(&server);
    let port = server.port();
    let client = Process::start(CLIENT, site.trusting(&["42", "-d"], &port, "old"));
    client.log_line("events: connected");

    site.issue("new", &["public", "admin"]);
    server.reload();

    for port in [&port, &admin] {
        assert!(site.is_trusted(port, "new"));
        assert!(!site.is_trusted(port, "old"));
    }
    let sent = run(REQUEST, site.trusting(&["42", "ping", "still"], &port, "new"));
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(client.line(), "Event<,ping,still>");
}

#[test]
fn a_bad_certificate_of_either_address_is_refused_with_all_that_came_with_it() {
    for (bad, file) in [("public", "public.cert"), ("admin", "admin.key")] {
        let site = Site::new();
        let config = site.folder.write("toml", "");
        let server = Server::start(&[&site.args()[..], &["--config", &config]].concat());
        let ports = [server.port(), admin_port(&server)];
        site.folder.write("toml", "max-body = 0");
        site.folder.write(file, "neither this nor that");

        let said = server.refuse_reload();

        assert!(said.contains(&site.folder.path(file)), "{bad}: {said}");
        assert!(ports.iter().all(|port| site.is_trusted(port, "old")), "{bad}");
        site.issue("new", &[bad]);
        assert!(server.reload().contains("--max-body"), "{bad}");
        assert_eq!(
            ports.map(|port| site.is_trusted(&port, "new")),
            [bad == "public", bad == "admin"]
        );
    }
}

#[test]
fn a_certificate_is_read_again_when_its_files_change() {
    let site = Site::new();
    let server = Server::start(&site.args());
    let ports = [server.port(), admin_port(&server)];

    site.issue("new", &["public", "admin"]);

    // It was written last, and is looked at last.
    server.log_line(&format!("since it has changed: {}", site.folder.path("admin.cert")));
    assert!(ports.iter().all(|port| site.is_trusted(port, "new")));
}

#[test]
fn files_that_the_file_names_anew_are_served_and_watched() {
    let site = Site::new();
    let write = |name: &str| {
        site.folder.write(
            "toml",
            format!("keyfile = \"{name}.key\"\ncertfile = \"{name}.cert\"\nmode = \"shared\""),
        )
    };
    let server = Server::start(&["--config", &write("public")]);
    site.write("next", "next");
    let port = server.port();

    write("next");
    assert!(server.reload().ends_with("reloaded: --keyfile, --certfile"));
    assert!(site.is_trusted(&port, "next"));

    site.issue("new", &["next"]);
    server.log_line("reloaded, since it has changed: ");
    assert!(site.is_trusted(&port, "new"));
}

#[test]
fn to_begin_or_to_end_with_tls_needs_a_restart() {
    let site = Site::new();
    let config = site.folder.write("toml", "");
    let server = Server::start(&["--config", &config]);
    site.folder.write("toml", "keyfile = \"public.key\"\ncertfile = \"public.cert\"\nmax-body = 0");
    assert!(server.reload().ends_with("reloaded: --max-body"));
    let said = server.log_line("restart");
    assert!(said.contains("--keyfile (the default -> ") && said.contains("--certfile ("), "{said}");

    let server = Server::start(&["--config", &config]);
    site.folder.write("toml", "");
    server.reload();
    assert!(server.log_line("restart").contains("--keyfile ("));
    assert!(site.is_trusted(&server.port(), "old"));
}

/// Files of a server with TLS on both addresses, and roots that clients trust.
struct Site {
    folder: Folder,
    old: Authority,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: Folder::new(), old: Authority::new() };
        site.folder.write("old.root", site.old.root());
        for name in ["public", "admin"] {
            let (certificate, key) = site.old.issue();
            site.folder.write(&format!("{name}.cert"), certificate);
            site.folder.write(&format!("{name}.key"), key);
        }
        site
    }

    /// Writes certificates of a new root over those of `names`.
    fn issue(&self, root: &str, names: &[&str]) {
        let authority = Authority::new();
        self.folder.write(&format!("{root}.root"), authority.root());
        for name in names {
            let (certificate, key) = authority.issue();
            self.folder.write(&format!("{name}.cert"), certificate);
            self.folder.write(&format!("{name}.key"), key);
        }
    }

    fn write(&self, root: &str, name: &str) {
        self.issue(root, &[name]);
    }

    fn args(&self) -> [&'static str; 10] {
        let path = |name: &str| -> &'static str { self.folder.path(name).leak() };
        [
            "--keyfile",
            path("public.key"),
            "--certfile",
            path("public.cert"),
            "--admin",
            "127.0.0.1:0",
            "--admin-keyfile",
            path("admin.key"),
            "--admin-certfile",
            path("admin.cert"),
        ]
    }

    /// The arguments of a client of this server that trusts one root.
    fn trusting(&self, args: &[&str], port: &str, root: &str) -> Vec<String> {
        let root = self.folder.path(&format!("{root}.root"));
        let at = ["-H", "localhost", "-P", port, "-S", "--cacert", &root];
        args.iter().chain(&at).map(|&arg| arg.to_owned()).collect()
    }

    /// Whether a new connection to the port is one to a server that the root speaks for.
    fn is_trusted(&self, port: &str, root: &str) -> bool {
        let ended = run(REQUEST, self.trusting(&["41", "ping"], port, root));
        let is_answered = ended.stderr.starts_with("Unable to send request (");
        assert!(is_answered || ended.stderr.contains("certificate"), "{ended:?}");
        is_answered
    }
}

fn admin_port(server: &Server) -> String {
    let line = server.line();
    let (_, port) = line.rsplit_once(':').unwrap();
    port.to_owned()
}
