use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The programs that take part.
#[derive(clap::Args)]
pub struct Programs {
    /// The bare loop of sends
    #[arg(long)]
    bare: PathBuf,
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

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Contestant {
    Bare,
    Ours,
    Reference,
    Nchan,
}

/// What is special about a server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Seconds of silence before a comment.
    pub keepalive: Option<u64>,
    /// Whether it remembers what was published to those who come late.
    pub remembers: bool,
    /// How many threads serve, on all processors; none for the server on one and the load on the other.
    pub workers: Option<usize>,
}

impl Contestant {
    pub const ALL: [Self; 4] = [Self::Bare, Self::Ours, Self::Reference, Self::Nchan];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "eventsource-server",
            Self::Reference => "axum, broadcast",
            Self::Nchan => "nginx, nchan",
        }
    }

    /// Starts the server on the first processor, or on all.
    pub fn start(self, programs: &Programs, setup: Setup) -> Result<Server, Box<dyn Error>> {
        let is_pinned = setup.workers.is_none();
        let program = match self {
            Self::Bare => &programs.bare,
            Self::Ours => &programs.server,
            Self::Reference => &programs.reference,
            Self::Nchan => Path::new("nginx"),
        };
        let mut command = on_processor(is_pinned.then_some("0"), program);
        command.stderr(Stdio::null()).stdout(Stdio::piped());
        match self {
            Self::Bare => {
                let keepalive = setup.keepalive.map(|seconds| format!("--keepalive={seconds}"));
                command.args(keepalive);
            }
            Self::Ours => {
                command.args(["-P", "0", "--mode", "shared"]);
                let keepalive = setup.keepalive.map(|seconds| format!("--keepalive={seconds}000"));
                let workers = setup.workers.map(|workers| format!("--workers={workers}"));
                command.args(keepalive).args(workers);
                if setup.remembers {
                    command.args(["--history", "200000", "--history-bytes", "400000000"]);
                    command.args(["--max-history-bytes", "500000000"]);
                }
                // The others write no line for a request either.
                command.env("RUST_LOG", "warn");
            }
            Self::Reference => {}
            Self::Nchan => return Server::nginx(command, programs.load.clone()),
        }
        Server::announced(command, programs.load.clone(), is_pinned)
    }
}

/// A server that listens; dropped, it is killed.
pub struct Server {
    child: Child,
    load: PathBuf,
    is_pinned: bool,
    /// Where to listen and to publish.
    urls: [String; 2],
    _files: Option<TempDir>,
}

impl Server {
    /// One that says on standard output where it listens.
    fn announced(
        mut command: Command,
        load: PathBuf,
        is_pinned: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut child = command.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("standard output is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let base = line.trim().strip_prefix("listening on ").ok_or("no ready line")?;
        let urls = ["poll", "ping"].map(|action| format!("{base}/{action}/{{channel}}"));
        Ok(Self { child, load, is_pinned, urls, _files: None })
    }

    fn nginx(mut command: Command, load: PathBuf) -> Result<Self, Box<dyn Error>> {
        let files = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = files.path().display().to_string();
        let config = NGINX.replace("FOLDER", &folder).replace("PORT", &port.to_string());
        fs::write(files.path().join("nginx.conf"), config)?;
        let child = command.args(["-p", &folder, "-c", "nginx.conf"]).spawn()?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Duration::from_secs(10) < begun.elapsed() {
                let log = fs::read_to_string(files.path().join("error.log")).unwrap_or_default();
                return Err(format!("nginx does not listen: {log}").into());
            }
            sleep(Duration::from_millis(20));
        }
        let urls = ["sub", "pub"];
        let urls = urls.map(|path| format!("http://127.0.0.1:{port}/{path}/{{channel}}"));
        Ok(Self { child, load, is_pinned: true, urls, _files: Some(files) })
    }

    /// Where to listen on `channel`.
    pub fn listen(&self, channel: &str) -> String {
        self.urls[0].replace("{channel}", channel)
    }

    /// Runs the load on the second processor, or on all.
    pub fn measure(&self, args: &[String]) -> Result<Value, Box<dyn Error>> {
        let [listen, publish] = &self.urls;
        let output = on_processor(self.is_pinned.then_some("1"), &self.load)
            .args(["--listen", listen, "--publish", publish, "--json"])
            .args(["--pid", &self.child.id().to_string()])
            .args(args)
            .output()?;
        if !output.status.success() {
            let (stdout, stderr) = (output.stdout, output.stderr);
            let told = [stderr, stdout].map(|told| String::from_utf8_lossy(&told).into_owned());
            return Err(told.concat().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

fn on_processor(processor: Option<&str>, program: &Path) -> Command {
    let Some(processor) = processor else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", processor]).arg(program);
    command
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
