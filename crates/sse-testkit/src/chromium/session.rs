use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::driver::Driver;

/// A running browser. Dropping this leaves it to the next test as if it had just started, which takes a tenth of
/// the time that a start takes; in a test that fails, it ends the browser.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    is_kept: bool,
    _turn: SemaphorePermit<'static>,
}

impl Session {
    /// Waits until fewer than two browsers are in use.
    pub(super) async fn turn() -> SemaphorePermit<'static> {
        static TURNS: Semaphore = Semaphore::const_new(2);
        TURNS.acquire().await.expect("it is never closed")
    }

    pub(super) fn new(id: String, turn: SemaphorePermit<'static>) -> Self {
        Self { id, is_kept: true, _turn: turn }
    }

    /// The session of a browser that nobody uses, if one runs.
    pub(super) fn take_idle() -> Option<String> {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Ends the browser.
    pub(super) fn end(mut self) {
        self.is_kept = false;
    }

    /// Opens an empty tab in the place of what is shown, and forgets all that the pages have left.
    fn clean(&self) -> io::Result<()> {
        let tab = self.ask("POST", "/window/new", &json!({"type": "tab"}))?["handle"].take();
        let left = self.ask("DELETE", "/window", &Value::Null)?;
        if left != json!([tab]) {
            return Err(io::Error::other(format!("{left} is open beside {tab}")));
        }
        self.ask("POST", "/window", &json!({"handle": tab}))?;
        for (cmd, params) in [
            ("Network.clearBrowserCache", json!({})),
            ("Storage.clearDataForOrigin", json!({"origin": "*", "storageTypes": "all"})),
            ("Network.clearBrowserCookies", json!({})),
        ] {
            self.ask("POST", "/goog/cdp/execute", &json!({"cmd": cmd, "params": params}))?;
        }
        Ok(())
    }

    /// What the driver answers, without a runtime, since that may be what is just ending.
    fn ask(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let port = Driver::shared().port();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} /session/{}{path} HTTP/1.1", self.id);
        let fields = format!("Host: localhost:{port}\r\nConnection: close");
        write!(stream, "{head}\r\n{fields}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        answer(&mut BufReader::new(stream))
    }
}

/// The value in what the driver answers. It keeps the connection, whatever it is asked.
fn answer(stream: &mut impl BufRead) -> io::Result<Value> {
    let (mut head, mut len) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            len = value.trim().parse().map_err(io::Error::other)?;
        }
        head.push(line);
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body)?;
    if !head.first().is_some_and(|status| status.starts_with("http/1.1 200")) {
        return Err(io::Error::other(format!("{head:?}")));
    }
    Ok(serde_json::from_slice::<Value>(&body)?["value"].take())
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_kept && !thread::panicking() && self.clean().is_ok() {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self.id.clone());
        } else {
            // The answer comes when the browser has ended.
            let _ends_with_the_process_at_the_latest = self.ask("DELETE", "", &Value::Null);
        }
    }
}

/// The sessions of the browsers that nobody uses.
static IDLE: Mutex<Vec<String>> = Mutex::new(Vec::new());
