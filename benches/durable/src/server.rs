use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use serde_json::Value;

/// The commands that take part.
#[derive(Clone, clap::Args)]
pub(crate) struct Programs {
    /// The folder with the commands
    #[arg(long, global = true, default_value = "target/release")]
    commands: PathBuf,
}

/// `eventsource-server` on the first processor; dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    address: String,
    load: PathBuf,
}

/// What was delivered, and what it took.
pub(crate) struct Delivered {
    deliveries: f64,
    /// Of the thread that writes, and of all others.
    seconds: [f64; 2],
}

#[derive(Clone, Copy)]
pub(crate) enum Threads {
    Writer,
    Others,
}

/// One replay.
pub(crate) struct Replayed {
    pub(crate) seconds: f64,
    pub(crate) grown_bytes: u64,
}

impl Server {
    /// Starts one that keeps its history in memory, or in `dir`.
    pub(crate) fn start(programs: &Programs, dir: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(programs.commands.join("eventsource-server"));
        command.args(["-P", "0", "--mode", "shared", "--history", "200000"]);
        command.args(["--history-bytes", "400000000"]);
        match dir {
            Some(dir) => command.arg("--data-dir").arg(dir),
            None => command.args(["--max-history-bytes", "500000000"]),
        };
        command.env("RUST_LOG", "warn").stderr(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("standard output is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").ok_or("no ready line")?;
        let load = programs.commands.join("eventsource-bench");
        Ok(Self { address: address.to_owned(), child, load })
    }

    /// Publishes to 1,000 listeners for three seconds.
    pub(crate) fn deliver(&self) -> Result<Delivered, Box<dyn Error>> {
        let args = ["--listeners", "1000", "--in-flight", "32", "--duration", "3000"];
        let before = self.times()?;
        let run = self.load(&args)?;
        let after = self.times()?;
        let deliveries = run.pointer("/delivered").and_then(Value::as_f64);
        Ok(Delivered {
            deliveries: deliveries.ok_or("the load counts deliveries")?,
            seconds: [after[0] - before[0], after[1] - before[1]],
        })
    }

    /// Publishes what is replayed.
    pub(crate) fn fill(&self) -> Result<(), Box<dyn Error>> {
        let events = EVENTS.to_string();
        self.load(&["--listeners", "1", "--pipeline", "--size", "200", "--events", &events])?;
        Ok(())
    }

    /// Reads all that there is, as one listener.
    pub(crate) fn replay(&self) -> Result<Replayed, Box<dyn Error>> {
        let process = format!("/proc/{}", self.child.id());
        // From here on its highest memory is counted anew.
        fs::write(format!("{process}/clear_refs"), "5")?;
        let memory = |field: &str| -> Result<u64, Box<dyn Error>> {
            let status = fs::read_to_string(format!("{process}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let kib = line.ok_or("a process has memory")?.trim().trim_end_matches(" kB");
            Ok(kib.parse::<u64>()? << 10)
        };
        let before = memory("VmRSS:")?;
        let begun = Instant::now();
        let mut connection = TcpStream::connect(&self.address)?;
        write!(
            connection,
            "GET /poll/0?since=earliest HTTP/1.1\r\nhost: {}\r\n\r\n",
            self.address
        )?;
        let (mut buffer, mut events, mut last) = (vec![0; 256 << 10], 0, b'\n');
        while events < EVENTS {
            let read = connection.read(&mut buffer)?;
            if read == 0 {
                return Err("the stream ended".into());
            }
            for &byte in &buffer[..read] {
                events += u64::from(last == b'\n' && byte == b'i');
                last = byte;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Replayed { seconds, grown_bytes: memory("VmHWM:")?.saturating_sub(before) })
    }

    fn load(&self, args: &[&str]) -> Result<Value, Box<dyn Error>> {
        let urls =
            ["poll", "ping"].map(|action| format!("http://{}/{action}/{{channel}}", self.address));
        let output = Command::new("taskset")
            .args(["--cpu-list", "1"])
            .arg(&self.load)
            .args(["--listen", &urls[0], "--publish", &urls[1], "--json"])
            .args(args)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The processor time of the thread that writes, and of all others, in seconds.
    fn times(&self) -> Result<[f64; 2], Box<dyn Error>> {
        let mut seconds = [0.0; 2];
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let stat = fs::read_to_string(thread?.path().join("stat"))?;
            let (name, rest) = stat.rsplit_once(") ").ok_or("a thread has a name")?;
            let ticks = rest.split(' ').skip(11).take(2).map(str::parse::<f64>);
            let ticks = ticks.sum::<Result<f64, _>>()?;
            seconds[usize::from(!name.ends_with("(history"))] += ticks / TICKS;
        }
        Ok(seconds)
    }
}

impl Delivered {
    /// The time of `threads` for a delivery, in microseconds.
    pub(crate) fn micros(&self, threads: Threads) -> f64 {
        self.seconds[threads as usize] / self.deliveries * 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many events are replayed.
const EVENTS: u64 = 100_000;

/// The clock of `/proc`, in ticks a second.
const TICKS: f64 = 100.0;
