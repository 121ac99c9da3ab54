use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr as Name, UnixListener},
    },
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A port of 127.0.0.1 that no other test takes while this lives, whether somebody listens or not.
///
/// It is none of those from which the system takes the ports of clients: none of them sits on it while a server
/// restarts, or is connected to itself.
#[derive(Debug)]
pub(super) struct Port {
    number: u16,
    /// A name that goes with the process, however that ends.
    _taken: UnixListener,
}

impl Port {
    /// The next one that is free.
    pub(super) fn free() -> Self {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let tries = 0..COUNT;
        let mut free = tries.filter_map(|_try| {
            // Processes that run side by side start far from each other.
            let from = process::id().wrapping_mul(61);
            let asked = from.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
            Self::take(FIRST + (asked % u32::from(COUNT)) as u16)
        });
        free.next().expect("there are free ports")
    }

    pub(super) fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }

    fn take(number: u16) -> Option<Self> {
        let name = Name::from_abstract_name(format!("sse-testkit-port-{number}")).ok()?;
        let port = Self { number, _taken: UnixListener::bind_addr(&name).ok()? };
        TcpListener::bind(port.addr()).ok()?;
        Some(port)
    }
}

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_by_one_until_it_is_dropped() {
        let port = Port::free();
        let number = port.number;

        assert!(Port::take(number).is_none());
        drop(port);
        assert!(Port::take(number).is_some());
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_not_free() {
        let port = Port::free();
        let number = port.number;
        let _listener = TcpListener::bind(port.addr()).unwrap();
        drop(port);

        assert!(Port::take(number).is_none());
    }
}
