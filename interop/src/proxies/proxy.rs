use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command, time::sleep};

use crate::{Outcome, http::Version, ports, process::Process};

/// A proxy of others, or none.
#[derive(Clone, Copy)]
pub(crate) enum Proxy {
    None,
    Apache,
    Caddy,
    Haproxy,
    Nginx,
    Varnish,
}

impl Proxy {
    pub(crate) const ALL: [Self; 6] =
        [Self::None, Self::Apache, Self::Caddy, Self::Haproxy, Self::Nginx, Self::Varnish];

    /// Its name with the version that is installed.
    pub(crate) async fn version(self) -> Outcome<String> {
        let (name, program, arg) = match self {
            Self::None => return Ok("none".to_owned()),
            Self::Apache => ("apache", APACHE, "-v"),
            Self::Caddy => ("caddy", "caddy", "version"),
            Self::Haproxy => ("haproxy", "haproxy", "-v"),
            Self::Nginx => ("nginx", "nginx", "-v"),
            Self::Varnish => ("varnish", "varnishd", "-V"),
        };
        let output = Command::new(program).arg(arg).stdin(Stdio::null()).output().await;
        let output = output.map_err(|error| format!("cannot run `{program}`: {error}"))?;
        let said = [output.stdout, output.stderr].concat();
        Ok(format!("{name} {}", number(&String::from_utf8_lossy(&said)).unwrap_or("?")))
    }

    /// Starts it in front of `upstream`.
    pub(crate) async fn start(self, templates: &Path, upstream: SocketAddr) -> Outcome<Front> {
        let mut last = Err("it was not tried".into());
        // Somebody else may have been quicker to take the port.
        for _attempt in 0..3 {
            last = self.try_start(templates, upstream).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }

    async fn try_start(self, templates: &Path, upstream: SocketAddr) -> Outcome<Front> {
        let home = TempDir::new()?;
        if matches!(self, Self::None) {
            let (http1, http2) = (upstream, upstream);
            return Ok(Front { process: None, http1, http2, _home: home });
        }
        let [http1, http2] = [ports::free(), ports::free()];
        let (file, program, args) = self.command(home.path());
        let config = fs::read_to_string(templates.join(file))?
            .replace("@HTTP1@", &http1.to_string())
            .replace("@HTTP2@", &http2.to_string())
            .replace("@UPSTREAM@", &upstream.port().to_string())
            .replace("@MODULES@", APACHE_MODULES)
            .replace("@HOME@", &home.path().to_string_lossy());
        fs::write(home.path().join(file), config)?;
        let listens = [http1, http2].map(|port| format!("127.0.0.1:{port},HTTP"));
        let file = home.path().join(file).to_string_lossy().into_owned();
        let args = args.into_iter().map(|arg| arg.replace("@FILE@", &file));
        let varnish = listens.into_iter().flat_map(|address| ["-a".to_owned(), address]);
        let more = varnish.filter(|_| matches!(self, Self::Varnish));
        let process = Process::start(program, args.chain(more), home.path())?;
        let [http1, http2] = [http1, http2].map(|port| (Ipv4Addr::LOCALHOST, port).into());
        let mut front = Front { process: Some(process), http1, http2, _home: home };
        front.wait().await?;
        Ok(front)
    }

    /// Its template, its program, and the options of that.
    fn command(self, home: &Path) -> (&'static str, &'static str, Vec<&str>) {
        let home = home.to_str().unwrap_or(".");
        match self {
            Self::None => unreachable!("nothing is started"),
            Self::Apache => ("apache.conf", APACHE, vec!["-X", "-d", home, "-f", "@FILE@"]),
            Self::Caddy => {
                ("caddy.conf", "caddy", vec!["run", "--config", "@FILE@", "--adapter", "caddyfile"])
            }
            Self::Haproxy => ("haproxy.conf", "haproxy", vec!["-db", "-f", "@FILE@"]),
            Self::Nginx => {
                ("nginx.conf", "nginx", vec!["-p", home, "-c", "@FILE@", "-e", "stderr"])
            }
            Self::Varnish => (
                "varnish.conf",
                "varnishd",
                vec![
                    "-F",
                    "-j",
                    "none",
                    "-n",
                    home,
                    "-f",
                    "@FILE@",
                    "-p",
                    "feature=+http2",
                    "-s",
                    "malloc,16m",
                ],
            ),
        }
    }
}

/// A proxy that runs. Dropping it ends it.
pub(crate) struct Front {
    process: Option<Process>,
    http1: SocketAddr,
    http2: SocketAddr,
    _home: TempDir,
}

impl Front {
    /// Where clients that speak `version` connect to.
    pub(crate) fn addr(&self, version: Version) -> SocketAddr {
        match version {
            Version::Http1 => self.http1,
            Version::Http2 => self.http2,
        }
    }

    async fn wait(&mut self) -> Outcome {
        for _look in 0..START.as_millis() / LOOK.as_millis() {
            if !self.process.as_mut().is_some_and(Process::runs) {
                break;
            }
            if TcpStream::connect(self.http2).await.is_ok()
                && TcpStream::connect(self.http1).await.is_ok()
            {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        let complaint = self.process.as_mut().map(Process::complaint).unwrap_or_default();
        Err(format!("the proxy does not start: {complaint}").into())
    }
}

/// The first word with a dot between digits.
fn number(text: &str) -> Option<&str> {
    let is_of_number = |character: char| character.is_ascii_digit() || character == '.';
    let words = text.split(|character| !is_of_number(character));
    words.map(|word| word.trim_matches('.')).find(|word| word.contains('.'))
}

const APACHE: &str = "/usr/sbin/apache2";
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";
const START: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
