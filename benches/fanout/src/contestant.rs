use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::scenario::Scenario;

/// The programs that take part.
#[derive(clap::Args)]
pub struct Programs {
    /// eventsource-server
    #[arg(long)]
    server: PathBuf,
    /// The reference
    #[arg(long)]
    reference: PathBuf,
    /// eventsource-bench
    #[arg(long)]
    load: PathBuf,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Contestant {
    Ours,
    Reference,
    Nchan,
}

impl Contestant {
    pub const ALL: [Self; 3] = [Self::Ours, Self::Reference, Self::Nchan];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "eventsource-server",
            Self::Reference => "axum, broadcast",
            Self::Nchan => "nginx, nchan",
        }
    }

    /// Starts the server on the first processor.
    pub fn start(self, programs: &Programs) -> Result<Server, Box<dyn Error>> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).stderr(Stdio::null()).stdout(Stdio::piped());
        let load = programs.load.clone();
        match self {
            Self::Ours => {
                command.arg(&programs.server).args(["-P", "0", "--mode", "shared"]);
                // The others write no line for a request either.
                command.env("RUST_LOG", "warn");
                Server::announced(command, load)
            }
            Self::Reference => {
                command.arg(&programs.reference);
                Server::announced(command, load)
            }
            Self::Nchan => Server::nginx(command, load),
        }
    }
}

/// A server that listens; dropped, it is killed.
pub struct Server {
    child: Child,
    load: PathBuf,
    listen: String,
    publish: String,
    _files: Option<TempDir>,
}

impl Server {
    /// One that says on standard output where it listens.
    fn announced(mut command: Command, load: PathBuf) -> Result<Self, Box<dyn Error>> {
        let mut child = command.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("standard output is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let base = line.trim().strip_prefix("listening on ").ok_or("no ready line")?;
        let (listen, publish) =
            (format!("{base}/poll/{{channel}}"), format!("{base}/ping/{{channel}}"));
        Ok(Self { child, load, listen, publish, _files: None })
    }

    fn nginx(mut command: Command, load: PathBuf) -> Result<Self, Box<dyn Error>> {
        let files = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = files.path().display().to_string();
        let config = NGINX.replace("FOLDER", &folder).replace("PORT", &port.to_string());
        fs::write(files.path().join("nginx.conf"), config)?;
        let child = command.args(["nginx", "-p", &folder, "-c", "nginx.conf"]).spawn()?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Duration::from_secs(10) < begun.elapsed() {
                let log = fs::read_to_string(files.path().join("error.log")).unwrap_or_default();
                return Err(format!("nginx does not listen: {log}").into());
            }
            sleep(Duration::from_millis(20));
        }
        let base = format!("http://127.0.0.1:{port}");
        let (listen, publish) =
            (format!("{base}/sub/{{channel}}"), format!("{base}/pub/{{channel}}"));
        Ok(Self { child, load, listen, publish, _files: Some(files) })
    }

    /// Runs the load on the second processor.
    pub fn measure(&self, scenario: Scenario, duration: u64) -> Result<Value, Box<dyn Error>> {
        let output = Command::new("taskset")
            .args(["--cpu-list", "1"])
            .arg(&self.load)
            .args(["--listen", &self.listen, "--publish", &self.publish, "--json"])
            .args(["--pid", &self.child.id().to_string()])
            .args(["--duration", &duration.to_string()])
            .args(scenario.args())
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, as the others are; a buffer that holds a burst, or it would lose events.
const NGINX: &str = "\
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
master_process off;
pid FOLDER/nginx.pid;
error_log FOLDER/error.log;
worker_rlimit_nofile 20000;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path FOLDER/body;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:PORT backlog=4096;
    tcp_nodelay on;
    location ~ ^/sub/(.+)$ {
      nchan_subscriber eventsource;
      nchan_channel_id $1;
    }
    location ~ ^/pub/(.+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 20000;
      nchan_message_timeout 60s;
    }
  }
}
";
