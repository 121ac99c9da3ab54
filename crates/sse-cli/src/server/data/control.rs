use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufRead, BufReader, Read},
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
        // What is there is of a process that was killed: nobody else uses the directory.
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
    while let Some((part, rest)) = copied.next().await? {
        timeout(PATIENCE, stream.write_all(&part)).await??;
        copied = rest;
    }
    Ok(())
}

/// Has the server that uses `dir` make a copy, and writes it to `file`, where none may be. Returns its length.
pub(super) fn fetch(dir: &Path, file: &Path) -> io::Result<u64> {
    let mut stream = BlockingStream::connect(socket(dir))?;
    io::Write::write_all(&mut stream, ASKED)?;
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    answer.by_ref().take(MAX_HEAD).read_line(&mut head)?;
    let head = head.trim_end();
    let Some(len) = head.strip_prefix("ok ").and_then(|len| len.parse::<u64>().ok()) else {
        let reason = head.strip_prefix("no ").unwrap_or("it did not answer");
        return Err(io::Error::other(reason));
    };
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create_new(true).mode(0o600).open(file)?;
    let copied = io::copy(&mut answer, &mut written).and_then(|copied| match copied == len {
        true => written.sync_all(),
        false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the copy broke off")),
    });
    // A part of a copy is none.
    let synced = copied.and_then(|()| sync_folder(file));
    synced.inspect_err(|_| fs::remove_file(file).unwrap_or_default())?;
    Ok(len)
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("control")
}

const ASKED: &[u8; 7] = b"backup\n";

const MAX_HEAD: u64 = 1 << 10;

/// For how long a peer may do nothing.
const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_TRIES: Duration = Duration::from_secs(1);
