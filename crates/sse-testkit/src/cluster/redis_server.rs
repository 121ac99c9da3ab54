use std::{
    fmt::Write as _,
    fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Reply, port::Port, process::Process, resp::Scan};
use crate::patience::{HANG, comes_true};

/// A Redis of its own on a free port of 127.0.0.1, killed when this is dropped.
///
/// It writes no snapshots unless it is told to. Its methods block: what they wait for comes soon, and from another
/// process. Whoever reaches it through a [`Link`](super::Link) asks it directly with [`Self::command`] all the same.
///
/// ```
/// use sse_testkit::cluster::RedisServer;
///
/// let redis = RedisServer::start(&["--appendonly yes", "--appendfsync always"]);
/// redis.command(&["SET", "greeting", "hi"]);
/// redis.restart();
/// assert_eq!(redis.command(&["GET", "greeting"]).to_string(), "hi");
/// ```
#[derive(Debug)]
pub struct RedisServer {
    port: Port,
    /// As `--requirepass` has it.
    password: Option<String>,
    is_sentinel: bool,
    dir: TempDir,
    running: Mutex<Option<Process>>,
}

impl RedisServer {
    /// Starts one and waits until it answers.
    ///
    /// Each argument is a line of its configuration, as in `--appendonly yes`; one without `--` belongs to the line
    /// before it.
    ///
    /// # Panics
    ///
    /// With Redis' log, if it does not answer.
    pub fn start(arguments: &[&str]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for argument in arguments {
            match (argument.strip_prefix("--"), lines.last_mut()) {
                (None, Some(line)) if argument.is_empty() => line.push_str(" \"\""),
                (None, Some(line)) => *line = format!("{line} {argument}"),
                (line, _) => lines.push(line.unwrap_or(argument).to_owned()),
            }
        }
        let deadline = Instant::now() + HANG;
        loop {
            let server = Self::on(Port::free(), &lines);
            match server.launch() {
                Ok(()) => return server,
                // Who does not know of our ports was faster.
                Err(log) if log.contains(TAKEN) && Instant::now() < deadline => {}
                Err(log) => panic!("redis-server does not answer:\n{log}"),
            }
        }
    }

    /// Starts a replica of `primary` and waits until it has what that has.
    ///
    /// # Panics
    ///
    /// With Redis' log, if it does not come to that.
    pub fn start_replica_of(primary: &Self) -> Self {
        let of = format!("--replicaof 127.0.0.1 {}", primary.addr().port());
        let password = primary.password.as_deref();
        let auth =
            password.map(|word| [format!("--masterauth {word}"), format!("--requirepass {word}")]);
        let arguments = [of].into_iter().chain(auth.into_iter().flatten());
        let arguments: Vec<_> = arguments.collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let replica = Self::start(&arguments);
        replica.expect("follows its primary", || {
            replica.command(&["INFO", "replication"]).to_string().contains("master_link_status:up")
        });
        replica
    }

    /// Starts a Sentinel that calls `primary` `name`.
    ///
    /// # Panics
    ///
    /// With Redis' log, if it does not answer.
    pub fn start_sentinel_of(primary: &Self, name: &str) -> Self {
        let monitor = format!("--sentinel monitor {name} 127.0.0.1 {} 1", primary.addr().port());
        Self::start(&[&monitor, &format!("--sentinel down-after-milliseconds {name} 300")])
    }

    /// Where it listens, also while it is dead.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The same as `redis://127.0.0.1:PORT`, without a password.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// Kills it by a signal that it does not see coming, and waits until it is gone.
    pub fn kill(&self) {
        drop(self.running().take());
    }

    /// Kills it if it runs, starts it with the same port, files and arguments, and waits until it answers.
    ///
    /// # Panics
    ///
    /// With Redis' log, if it does not answer.
    pub fn restart(&self) {
        self.kill();
        if let Err(log) = self.launch() {
            panic!("redis-server does not answer:\n{log}");
        }
    }

    /// The same, and does not wait: it first refuses connections, and then says `LOADING` until its files are read.
    pub fn restart_without_waiting(&self) {
        self.kill();
        self.spawn();
    }

    /// Waits until it answers and has read its files.
    ///
    /// # Panics
    ///
    /// With Redis' log, if that does not come.
    pub fn wait_until_ready(&self) {
        self.expect("is ready", || self.is_ready());
    }

    /// Takes its time away: connections stay and nothing is answered. When this returns, that is so.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn pause(&self) {
        self.running().as_ref().expect("it runs").set_paused(true);
    }

    /// Gives it back.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn resume(&self) {
        self.running().as_ref().expect("it runs").set_paused(false);
    }

    /// What it answers to a command over a connection of its own.
    ///
    /// ```
    /// use sse_testkit::cluster::{RedisServer, Reply};
    ///
    /// let redis = RedisServer::start(&[]);
    /// assert_eq!(redis.command(&["EVAL", "return {1, 'a'}", "0"]).to_string(), "1\na");
    /// assert!(redis.command(&["NO-SUCH-COMMAND"]).is_error());
    /// ```
    ///
    /// # Panics
    ///
    /// If none comes; [`Self::try_command`] does not.
    pub fn command(&self, words: &[&str]) -> Reply {
        self.try_command(words).unwrap_or_else(|error| {
            panic!("no answer to {words:?}: {error}\n{}", self.log());
        })
    }

    /// The same where it may be dead or paused.
    ///
    /// # Errors
    ///
    /// If no connection comes about, it breaks, or 30 s pass without an answer.
    pub fn try_command(&self, words: &[&str]) -> io::Result<Reply> {
        self.ask(words, HANG)
    }

    /// What it has written to its log, in all its lives.
    pub fn log(&self) -> String {
        let log = fs::read(self.dir.path().join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn on(port: Port, lines: &[String]) -> Self {
        let dir = TempDir::new().expect("there is room for temporary files");
        let is_sentinel = lines.iter().any(|line| line.starts_with("sentinel "));
        let mut config = if is_sentinel { String::new() } else { DEFAULTS.to_owned() };
        writeln!(config, "port {}\ndir {:?}", port.addr().port(), dir.path())
            .expect("a string takes everything");
        config.push_str(&lines.join("\n"));
        config.push('\n');
        fs::write(dir.path().join(CONFIG), config).expect("there is room for a file");
        let password = lines.iter().find_map(|line| line.strip_prefix("requirepass "));
        let password = password.map(|password| password.trim().to_owned());
        Self { port, password, is_sentinel, dir, running: Mutex::default() }
    }

    /// Starts it and waits until it is ready; what its log says if that does not come.
    fn launch(&self) -> Result<(), String> {
        let deadline = Instant::now() + HANG;
        loop {
            let known = self.log().len();
            self.spawn();
            let is_decided = comes_true(|| self.is_ready() || self.has_ended());
            if is_decided && !self.has_ended() {
                return Ok(());
            }
            self.kill();
            let log = self.log()[known..].to_owned();
            // After a kill, the port may be taken for a moment.
            if 0 == known || !log.contains(TAKEN) || deadline < Instant::now() {
                return Err(log);
            }
        }
    }

    fn ask(&self, words: &[&str], patience: Duration) -> io::Result<Reply> {
        let mut stream = TcpStream::connect_timeout(&self.addr(), patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        if let Some(password) = &self.password {
            exchange(&mut stream, &["AUTH", password])?;
        }
        exchange(&mut stream, words)
    }

    fn spawn(&self) {
        let dir = self.dir.path();
        *self.running() = Some(Process::start(&dir.join(CONFIG), self.is_sentinel, &dir.join(LOG)));
    }

    /// Whether it is the process that was started who answers, and has all its data.
    fn is_ready(&self) -> bool {
        let Some(id) = self.running().as_ref().map(Process::id) else { return false };
        // Who listens there may be another one, who never answers.
        let Ok(Reply::Bulk(info)) = self.ask(&["INFO"], A_SECOND) else { return false };
        let info = String::from_utf8_lossy(&info);
        let says = |line: &str| info.lines().any(|said| said == line);
        says(&format!("process_id:{id}")) && (self.is_sentinel || says("loading:0"))
    }

    fn has_ended(&self) -> bool {
        self.running().as_ref().is_none_or(Process::has_ended)
    }

    fn expect(&self, what: &str, is_so: impl Fn() -> bool) {
        assert!(comes_true(is_so), "it never comes that redis-server {what}:\n{}", self.log());
    }

    fn running(&self) -> MutexGuard<'_, Option<Process>> {
        self.running.lock().expect("nothing panics under this lock")
    }
}

fn exchange(stream: &mut TcpStream, words: &[&str]) -> io::Result<Reply> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        write!(command, "${}\r\n{word}\r\n", word.len()).expect("a string takes everything");
    }
    stream.write_all(command.as_bytes())?;

    let (mut read, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match Reply::parse(&read) {
            Scan::Whole(reply, _) => return Ok(reply),
            Scan::Partial => {}
            Scan::Foreign => return Err(io::ErrorKind::InvalidData.into()),
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => read.extend_from_slice(&buffer[..len]),
        }
    }
}

/// A replica is served at once, and tests may use `DEBUG`.
const DEFAULTS: &str = "bind 127.0.0.1
save \"\"
logfile redis.log
enable-debug-command yes
repl-diskless-sync-delay 0
";
const CONFIG: &str = "redis.conf";
const LOG: &str = "redis.log";
const A_SECOND: Duration = Duration::from_secs(1);
const TAKEN: &str = "Address already in use";

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_whose_port_is_taken_says_so() {
        let port = Port::free();
        let _listener = TcpListener::bind(port.addr()).unwrap();

        let log = RedisServer::on(port, &[]).launch().unwrap_err();

        assert!(log.contains(TAKEN), "{log}");
    }

    #[test]
    fn a_server_that_is_not_ours_is_not_taken_for_ours() {
        let other = RedisServer::start(&[]);
        let RedisServer { port, running, dir: _dir, .. } = other;

        let server = RedisServer::on(port, &[]);
        server.spawn();

        assert!(comes_true(|| server.has_ended()));
        assert!(!server.is_ready());
        drop(running);
    }
}
