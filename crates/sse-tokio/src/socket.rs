use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// What a listening socket hands on to the connections that it accepts, whatever framework serves
/// them: small writes go out at once, dead peers are found, and a slow reader's lag stays in the log.
///
/// ```
/// # use sse_tokio::SocketOptions;
///
/// let listener = SocketOptions::default().listen("127.0.0.1:0".parse()?)?;
/// assert_ne!(listener.local_addr()?.port(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SocketOptions {
    keepalive: Option<Duration>,
    user_timeout: Option<Duration>,
}

impl SocketOptions {
    /// Sets the silence after which TCP asks whether the client is still there, in whole seconds;
    /// `None` for never. Default: 30 s.
    #[must_use]
    pub fn with_keepalive(mut self, after: Option<Duration>) -> Self {
        self.keepalive = after;
        self
    }

    /// Sets how long bytes sent may stay unacknowledged, or unsent because the client reads
    /// nothing, before the connection is cut, 24 days at most; `None` leaves it to the system (about a
    /// quarter of an hour). Only on Linux. Default: 30 s.
    #[must_use]
    pub fn with_user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.user_timeout = timeout.map(|timeout| timeout.min(LONGEST));
        self
    }

    /// A socket that listens on `addr`, with these options, and does not block.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound, or the options cannot be set.
    pub fn listen(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        // Elsewhere than on Unix this would let two servers share a port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from(socket);
        self.apply(&listener)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Sets the options on a socket that listens, from which accepted ones inherit them: no system
    /// call a connection.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn apply(&self, listener: &TcpListener) -> io::Result<()> {
        let socket = SockRef::from(listener);
        socket.set_tcp_nodelay(true)?;
        match self.keepalive {
            Some(after) => socket.set_tcp_keepalive(&probes(after))?,
            None => socket.set_keepalive(false)?,
        }
        #[cfg(any(target_os = "android", target_os = "linux"))]
        {
            socket.set_tcp_user_timeout(self.user_timeout)?;
            socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
        }
        Ok(())
    }
}

impl Default for SocketOptions {
    fn default() -> Self {
        let default = Some(Duration::from_secs(30));
        Self { keepalive: default, user_timeout: default }
    }
}

/// The kernel counts in whole seconds, from 1 to 32,767.
fn probes(after: Duration) -> TcpKeepalive {
    let seconds = after.as_secs().clamp(1, 32_767);
    let interval = Duration::from_secs((seconds / 3).max(1));
    TcpKeepalive::new()
        .with_time(Duration::from_secs(seconds))
        .with_interval(interval)
        .with_retries(3)
}

/// What a burst of reconnecting clients may queue; the kernel caps it at `somaxconn`.
const BACKLOG: i32 = 4096;

/// A reader that stalls hides 2.7 MiB in the send queue of the kernel; with this, 9 KiB.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOTSENT_LOWAT: u32 = 16 * 1024;

/// The kernel counts in milliseconds, up to 24 days.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_time_can_be_given() {
        for time in [Duration::ZERO, Duration::from_millis(1 << 31), Duration::MAX] {
            let options = SocketOptions::default().with_user_timeout(Some(time));
            let listener = options.with_keepalive(Some(time)).listen(([127, 0, 0, 1], 0).into());
            assert!(listener.is_ok(), "{time:?}: {listener:?}");
        }
    }
}
