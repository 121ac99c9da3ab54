use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command, time::sleep};

use super::configs::{Configs, Place};
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
    pub(crate) async fn start(self, configs: &Configs, upstream: SocketAddr) -> Outcome<Front> {
        let mut last = Err("it was not tried".into());
        // Somebody else may have been quicker to take the port.
        for _attempt in 0..3 {
            last = self.try_start(configs, upstream).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }

    async fn try_start(self, configs: &Configs, upstream: SocketAddr) -> Outcome<Front> {
        let home = TempDir::new()?;
        if matches!(self, Self::None) {
            let (http1, http2) = (upstream, upstream);
            return Ok(Front { process: None, http1, http2, _home: home });
        }
        let [http1, http2] = [ports::free(), ports::free()];
        let place = Place { http1, http2, upstream: upstream.port(), home: home.path() };
        let file = configs.write(self, &place)?.to_string_lossy().into_owned();
        let (program, args) = self.command(&place, &file);
        let process = Process::start(program, args, home.path())?;
        let [http1, http2] = [http1, http2].map(|port| (Ipv4Addr::LOCALHOST, port).into());
        let mut front = Front { process: Some(process), http1, http2, _home: home };
        front.wait().await?;
        Ok(front)
    }

    /// Its program, and the options with which that reads `file` and stays in the foreground.
    fn command(self, place: &Place<'_>, file: &str) -> (&'static str, Vec<String>) {
        let home = place.home.to_string_lossy();
        let (program, args) = match self {
            Self::None => unreachable!("nothing is started"),
            // Its own processes would stay if this one were killed, so it has none.
            Self::Apache => (APACHE, format!("-X -d {home} -f {file}")),
            Self::Caddy => ("caddy", format!("run --adapter caddyfile --config {file}")),
            Self::Haproxy => ("haproxy", format!("-db -f {file}")),
            Self::Nginx => ("nginx", format!("-e stderr -p {home} -c {file}")),
            Self::Varnish => {
                let listen = |port| format!("-a 127.0.0.1:{port},HTTP");
                let listen = [place.http1, place.http2].map(listen).join(" ");
                let args = "-F -j none -p feature=+http2 -s malloc,16m";
                ("varnishd", format!("{args} -n {home} -f {file} {listen}"))
            }
        };
        (program, args.split(' ').map(str::to_owned).collect())
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
            Version::Http2 | Version::Http2Tls => self.http2,
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
const START: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
