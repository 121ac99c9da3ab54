use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::driver::Driver;

/// A running browser, which dropping this ends, also in a test that has failed.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    _turn: SemaphorePermit<'static>,
}

impl Session {
    /// Waits until fewer than two browsers run.
    pub(super) async fn turn() -> SemaphorePermit<'static> {
        static TURNS: Semaphore = Semaphore::const_new(2);
        TURNS.acquire().await.expect("it is never closed")
    }

    pub(super) fn new(id: String, turn: SemaphorePermit<'static>) -> Self {
        Self { id, _turn: turn }
    }

    fn end(&self) -> std::io::Result<()> {
        let port = Driver::shared().port();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let head = format!("DELETE /session/{} HTTP/1.1", self.id);
        write!(stream, "{head}\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
        // The answer comes when the browser has ended.
        let _answered = stream.read(&mut [0])?;
        Ok(())
    }
}

/// Without a runtime, since that may be what is just ending.
impl Drop for Session {
    fn drop(&mut self) {
        let _ends_with_the_process_at_the_latest = self.end();
    }
}
