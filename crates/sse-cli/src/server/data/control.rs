use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{OpenOptionsExt, PermissionsExt},
        net::UnixStream as BlockingStream,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::{Copied, Data};

/// The socket in a data directory by which another process of the same user, or of root, asks the server for a copy.
///
/// What is asked is a line, and so is the answer: `ok` with a length, behind which the copy follows, or `no` with a
/// reason.
impl Data {
    /// Answers there from here on, as long as the runtime lives.
    pub(in crate::server) fn answer(self: &Arc<Self>) {
        match self.bind() {
            Ok(listener) => drop(tokio::spawn(self.clone().accept(listener))),
            Err(error) => {
                let path = socket(&self.dir);
                tracing::warn!(
                    %error, path = %path.display(),
                    "cannot listen there, so --backup finds no server; POST /backup on the address of --admin does"
                );
            }
        }
    }

    fn bind(&self) -> io::Result<UnixListener> {
        let path = socket(&self.dir);
        // A socket here was left by a process that was killed: only one server uses the directory.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    async fn accept(self: Arc<Self>, listener: UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(self.clone().serve(stream))),
                // Such as too many open files, which may pass.
                Err(_) => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        }
    }

    async fn serve(self: Arc<Self>, mut stream: UnixStream) {
        let mut asked = [0; ASKED.len()];
        let read = timeout(PATIENCE, stream.read_exact(&mut asked)).await;
        if !matches!(read, Ok(Ok(_))) || asked != *ASKED {
            return;
        }
        let head = match self.copy().await {
            Ok(copied) => {
                tracing::info!(bytes = copied.len(), "backed up, as --backup asked for");
                if let Err(error) = send(&mut stream, copied).await {
                    tracing::warn!(%error, "the backup was not fetched");
                }
                return;
            }
            Err(failed) => format!("no {failed}\n"),
        };
        // Who does not wait for it does not want it.
        let _unread = timeout(PATIENCE, stream.write_all(head.as_bytes())).await;
    }

    /// Takes the socket away.
    pub(super) fn forget_socket(dir: &Path) {
        // Nobody needs it to be gone.
        let _gone = fs::remove_file(socket(dir));
    }
}

async fn send(stream: &mut UnixStream, mut copied: Copied) -> io::Result<()> {
    let head = format!("ok {}\n", copied.len());
    timeout(PATIENCE, stream.write_all(head.as_bytes())).await??;
    loop {
        let Some((part, rest)) = copied.next().await? else { return Ok(()) };
        timeout(PATIENCE, stream.write_all(&part)).await??;
        copied = rest;
    }
}

/// Has the server that uses `dir` make a copy, and writes it to `file`, where none may be. Returns its length.
pub(super) fn fetch(dir: &Path, file: &Path) -> Result<u64, FetchError> {
    let of_file = |reason| FetchError::File { file: file.into(), reason };
    let mut options = OpenOptions::new();
    let mut copy = options.write(true).create_new(true).mode(0o600).open(file).map_err(of_file)?;
    let fetched = fetch_to(&mut copy, dir, file);
    // A copy that is not whole is of no use.
    fetched.inspect_err(|_| fs::remove_file(file).unwrap_or_default())
}

fn fetch_to(copy: &mut File, dir: &Path, file: &Path) -> Result<u64, FetchError> {
    let of_server = |reason| FetchError::Server { dir: dir.into(), reason };
    let of_file = |reason| FetchError::File { file: file.into(), reason };
    let mut stream = BlockingStream::connect(socket(dir)).map_err(of_server)?;
    stream.write_all(ASKED).map_err(of_server)?;
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    answer.by_ref().take(MAX_HEAD).read_line(&mut head).map_err(of_server)?;
    let head = head.trim_end();
    let Some(len) = head.strip_prefix("ok ").and_then(|len| len.parse::<u64>().ok()) else {
        let reason = head.strip_prefix("no ").unwrap_or("it did not answer");
        return Err(of_server(io::Error::other(reason)));
    };
    if io::copy(&mut answer, copy).map_err(of_file)? != len {
        return Err(of_server(io::Error::other("the copy broke off")));
    }
    copy.sync_all().and_then(|()| sync_folder(file)).map_err(of_file)?;
    Ok(len)
}

/// Why a server gave no copy, or it could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("cannot write the copy to {}: {reason}", file.display())]
    File { file: PathBuf, reason: io::Error },
    #[error(
        "the server that uses {} made no copy: {reason}; POST /backup on the address of its --admin makes one too",
        dir.display()
    )]
    Server { dir: PathBuf, reason: io::Error },
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("control")
}

const ASKED: &[u8; 7] = b"backup\n";

const MAX_HEAD: u64 = 1 << 10;

/// For how long a peer may do nothing.
const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_TRIES: Duration = Duration::from_secs(1);
