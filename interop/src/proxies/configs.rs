use std::{
    fs,
    path::{Path, PathBuf},
};

use super::proxy::Proxy;
use crate::{Outcome, http::Version, tls};

/// Where the configurations of proxies lie.
#[derive(Clone)]
pub(crate) enum Configs {
    /// Templates with all that may trouble a stream.
    Templates(PathBuf),
    /// What operators are told to use.
    Guide(PathBuf),
}

/// Where a proxy listens, what it stands before, and where it finds room for files.
pub(crate) struct Place<'a> {
    pub(crate) http1: u16,
    pub(crate) http2: u16,
    pub(crate) upstream: u16,
    pub(crate) home: &'a Path,
}

impl Configs {
    /// The proxies that are configured; to have none in front is no question of configuration.
    pub(crate) fn proxies(&self) -> &'static [Proxy] {
        const ALL: [Proxy; 6] = [
            Proxy::None,
            Proxy::Apache,
            Proxy::Caddy,
            Proxy::Haproxy,
            Proxy::Nginx,
            Proxy::Varnish,
        ];
        match self {
            Self::Templates(_) => &ALL,
            Self::Guide(_) => &ALL[1..5],
        }
    }

    /// How their clients speak, and what that is called.
    pub(crate) fn versions(&self) -> [(Version, &'static str); 2] {
        let second = match self {
            Self::Templates(_) => (Version::Http2, "HTTP/2"),
            Self::Guide(_) => (Version::Http2Tls, "HTTP/2, TLS"),
        };
        [(Version::Http1, "HTTP/1.1"), second]
    }

    /// Writes the configuration of `proxy` for this place, and says where it lies.
    pub(crate) fn write(&self, proxy: Proxy, place: &Place<'_>) -> Outcome<PathBuf> {
        let (source, changes) = match self {
            Self::Templates(folder) => (folder.join(template(proxy)), place.holes()),
            Self::Guide(folder) => {
                fs::write(place.home.join("events.pem"), tls::pem())?;
                (folder.join(page(proxy)), place.changes(proxy))
            }
        };
        let mut text = fs::read_to_string(&source)?;
        for (old, new) in changes {
            // A guide that is changed must not go on to be checked with its own ports and times.
            if matches!(self, Self::Guide(_)) && !text.contains(old) {
                return Err(format!("{} does not have `{old}`", source.display()).into());
            }
            text = text.replace(old, &new);
        }
        let file = place.home.join("proxy.conf");
        fs::write(&file, text)?;
        Ok(file)
    }
}

impl Place<'_> {
    /// What stands in the place of the names that a template has.
    fn holes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("@HTTP1@", self.http1.to_string()),
            ("@HTTP2@", self.http2.to_string()),
            ("@UPSTREAM@", self.upstream.to_string()),
            ("@MODULES@", "/usr/lib/apache2/modules".to_owned()),
            ("@HOME@", self.home.to_string_lossy().into_owned()),
        ]
    }

    /// What is changed in a configuration of the guide so that it runs here beside others, as
    /// anybody, and cuts silence after 5 s in the place of 60 s.
    fn changes(&self, proxy: Proxy) -> Vec<(&'static str, String)> {
        let (http1, http2, home) = (self.http1, self.http2, self.home.to_string_lossy());
        let own: Vec<(&str, String)> = match proxy {
            Proxy::Apache => vec![
                ("Listen 8080", format!("Listen 127.0.0.1:{http1}")),
                ("Listen 8443", format!("Listen 127.0.0.1:{http2}")),
                ("*:8443", format!("*:{http2}")),
                ("ServerRoot /etc/apache2", format!("DefaultRuntimeDir {home}")),
                ("/run/events-apache.pid", format!("{home}/apache.pid")),
                ("\nTimeout 60", "\nTimeout 5".to_owned()),
                // The kernel no longer ends a process with its parent once that has changed its user.
                ("User www-data\nGroup www-data\n", String::new()),
                // It is one process here, with the threads of all.
                ("ThreadLimit 256", "ThreadLimit 1280".to_owned()),
                ("ThreadsPerChild 256", "ThreadsPerChild 1280".to_owned()),
                ("ProxyTimeout 60", "ProxyTimeout 5".to_owned()),
            ],
            Proxy::Caddy => vec![
                ("auto_https", "admin off\n\tauto_https".to_owned()),
                (":8080 {", format!(":{http1} {{\n\tbind 127.0.0.1")),
                (":8443 {", format!(":{http2} {{\n\tbind 127.0.0.1")),
                ("read_timeout 60s", "read_timeout 5s".to_owned()),
            ],
            Proxy::Haproxy => vec![
                ("bind :8080", format!("bind 127.0.0.1:{http1}")),
                ("bind :8443", format!("bind 127.0.0.1:{http2}")),
                ("timeout client 60s", "timeout client 5s".to_owned()),
                ("timeout server 60s", "timeout server 5s".to_owned()),
            ],
            Proxy::Nginx => vec![
                ("\nevents {", format!("\npid {home}/nginx.pid;\n{NGINX_HERE}\nevents {{")),
                ("http {", nginx_folders(&home)),
                ("listen 8080", format!("listen 127.0.0.1:{http1}")),
                ("listen 8443", format!("listen 127.0.0.1:{http2}")),
                ("proxy_read_timeout 60s", "proxy_read_timeout 5s".to_owned()),
            ],
            Proxy::None | Proxy::Varnish => Vec::new(),
        };
        let common = [
            ("127.0.0.1:8888", format!("127.0.0.1:{}", self.upstream)),
            ("/etc/ssl/events.pem", format!("{home}/events.pem")),
        ];
        common.into_iter().chain(own).collect()
    }
}

fn nginx_folders(home: &str) -> String {
    let mut text = "http {\n    access_log off;".to_owned();
    for name in ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"] {
        text += &format!("\n    {name}_temp_path {home}/{name};");
    }
    text
}

fn template(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::None => "",
        Proxy::Apache => "apache.conf",
        Proxy::Caddy => "caddy.conf",
        Proxy::Haproxy => "haproxy.conf",
        Proxy::Nginx => "nginx.conf",
        Proxy::Varnish => "varnish.conf",
    }
}

/// What a configuration is called in the guide, where it is called what its proxy looks for.
fn page(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Caddy => "Caddyfile",
        Proxy::Haproxy => "haproxy.cfg",
        other => template(other),
    }
}

const NGINX_HERE: &str = "daemon off;\nmaster_process off;";
