use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Listens on `addr`, with room for thousands that come at once.
pub(super) fn listen(addr: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_reuseaddr(true).expect("a socket of TCP has this option");
    socket.bind(addr).expect("the port is ours");
    socket.listen(BACKLOG).expect("the port is ours")
}

const BACKLOG: u32 = 4_096;
