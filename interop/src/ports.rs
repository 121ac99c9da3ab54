use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A port of this machine that nobody listens on, and that is given out once.
///
/// It lies below those that the kernel gives to connections, so it can be free for a while, and be
/// taken again by a second process.
pub(crate) fn free() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = process::id() % SPAN;
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + ((first + next) % SPAN) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

const FIRST: u16 = 20_000;
const SPAN: u32 = 12_000;
