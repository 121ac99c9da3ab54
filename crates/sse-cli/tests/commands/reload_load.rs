//! Many reloads while a server has much to do.

use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::StreamExt;
use sse_hyper::{ClientTls, EventSource, Notice, Publisher};
use tokio::{runtime::Builder, time::timeout};

use crate::support::{Authority, Folder, HANG, Server};

#[test]
fn reloads_cut_no_stream_and_fail_no_request() {
    Load::new("http").survives(20);
}

#[test]
fn a_hundred_reloads_with_new_certificates_cut_no_stream_and_fail_no_handshake() {
    Load::new("https").survives(100);
}

/// A server whose files are those of one of two folders, and clients that leave it no rest.
struct Load {
    scheme: &'static str,
    folder: Folder,
    tls: ClientTls,
}

impl Load {
    fn new(scheme: &'static str) -> Self {
        let (folder, authority) = (Folder::new(), Authority::new());
        let identity = "keyfile = \"key\"\ncertfile = \"cert\"\n";
        let identity = if scheme == "https" { identity } else { "" };
        for version in ["1", "2"] {
            fs::create_dir(folder.path(version)).unwrap();
            let (certificate, key) = authority.issue();
            folder.write(&format!("{version}/cert"), certificate);
            folder.write(&format!("{version}/key"), key);
            folder.write(&format!("{version}/ticket"), [version.as_bytes()[0]; 32]);
            folder.write(&format!("{version}/users"), "");
            let limits = format!("max-listeners = {version}\nmax-body = {version}000\n");
            let access = "[access]\nanonymous-listen = [\"*\"]\nanonymous-publish = [\"*\"]\n\
                          password-file = \"users\"\nticket-key = \"ticket\"\n";
            folder.write(
                &format!("{version}/toml"),
                format!("mode = \"shared\"\n{identity}{limits}{access}"),
            );
        }
        let tls = ClientTls::new().with_root_pem(authority.root().as_bytes()).unwrap();
        let load = Self { scheme, folder, tls };
        load.install("1");
        load
    }

    /// Puts other files in the place of all at once.
    fn install(&self, version: &str) {
        symlink(version, self.folder.path("next")).unwrap();
        fs::rename(self.folder.path("next"), self.folder.path("live")).unwrap();
    }

    fn survives(&self, reloads: usize) {
        let server = Server::start(&["--config", &self.folder.path("live/toml")]);
        let url = format!("{}://localhost:{}", self.scheme, server.port());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let is_over = Arc::<AtomicBool>::default();
        let working = work(url, self.tls.clone(), is_over.clone());
        let working = runtime.spawn(async { timeout(HANG, working).await });

        for round in 1..=reloads {
            let version = if round % 2 == 0 { "1" } else { "2" };
            if round % 20 == 0 {
                self.folder.write(&format!("{version}/users"), "no line of users");
                self.install(version);
                assert!(server.refuse_reload().contains("--password-file"), "{round}");
                self.folder.write(&format!("{version}/users"), "");
            }
            self.install(version);
            server.reload();
        }

        is_over.store(true, Ordering::Relaxed);
        let rounds = runtime.block_on(working).unwrap().expect("the server answers");
        assert!(0 < rounds);
    }
}

/// Opens a stream. Then publishes on one connection that is kept, hears of it on the stream, and sends a request on
/// a new connection, again and again. Returns how often.
async fn work(url: String, tls: ClientTls, is_over: Arc<AtomicBool>) -> usize {
    let source = EventSource::builder(format!("{url}/poll/a").parse().unwrap());
    let mut source = source.with_tls(tls.clone()).build().unwrap();
    assert!(matches!(source.next().await, Some(Ok(Notice::Open))));
    let publisher =
        || Publisher::builder(url.parse().unwrap()).with_tls(tls.clone()).build().unwrap();
    let (kept, mut rounds) = (publisher(), 0);
    while !is_over.load(Ordering::Relaxed) {
        let data = rounds.to_string();
        kept.send_string("a", "ping", &*data).await.unwrap();
        assert_eq!(heard(&mut source).await, data);
        let refused = publisher().send_string("nobody", "ping", "x").await.unwrap_err();
        assert_eq!(refused.to_string(), "(404 Not Found): Target is not connected");
        rounds += 1;
    }
    rounds
}

/// The next event of a stream that goes on.
async fn heard(source: &mut EventSource) -> String {
    loop {
        match source.next().await {
            Some(Ok(Notice::Event(event))) => return event.data().to_owned(),
            Some(Ok(Notice::Retry(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}
