use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// A socket that listens on `addr`.
pub(super) fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Elsewhere than on Unix this would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What ends the connection of a peer that vanished without a word.
#[derive(Clone, Debug)]
pub(super) struct SocketOptions {
    pub(super) keepalive: Option<Duration>,
    pub(super) user_timeout: Option<Duration>,
}

impl SocketOptions {
    /// Sets the options on the listening socket, from which accepted ones inherit them: no system
    /// call a connection.
    pub(super) fn apply(&self, listener: &TcpListener) -> io::Result<()> {
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
