//! The options of the sockets, and the addresses.

use std::{
    net::{TcpListener, TcpStream},
    time::Duration,
};

use socket2::SockRef;
use sse_hyper::Server;

#[test]
fn accepted_sockets_inherit_the_defaults() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::from_std(listener.try_clone().unwrap()).unwrap();
    let _client = TcpStream::connect(server.local_addr().unwrap()).unwrap();

    listener.set_nonblocking(false).unwrap();
    let (accepted, _) = listener.accept().unwrap();

    let socket = SockRef::from(&accepted);
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(10));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
    #[cfg(target_os = "linux")]
    {
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), 16 * 1024);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn settings_reach_the_socket_when_serving() {
    let cases = [
        (None, None),
        (Some(Duration::from_secs(7)), Some(Duration::from_millis(500))),
        (Some(Duration::ZERO), None),
        (Some(Duration::MAX), Some(Duration::from_secs(60))),
    ];
    for (keepalive, user_timeout) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::from_std(listener.try_clone().unwrap())
            .unwrap()
            .with_tcp_keepalive(keepalive)
            .with_tcp_user_timeout(user_timeout)
            .with_graceful_shutdown(async {});

        server.serve(super::support::service()).await.unwrap();

        let socket = SockRef::from(&listener);
        assert_eq!(socket.keepalive().unwrap(), keepalive.is_some());
        if let Some(after) = keepalive {
            let expected = after.as_secs().clamp(1, 32_767);
            assert_eq!(socket.tcp_keepalive_time().unwrap().as_secs(), expected);
        }
        assert_eq!(socket.tcp_user_timeout().unwrap(), user_timeout);
    }
}

#[tokio::test]
async fn address_in_use_is_told() {
    let first = Server::bind("127.0.0.1:0").await.unwrap();

    let error = Server::bind(first.local_addr().unwrap()).await.unwrap_err();

    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn the_first_free_address_is_bound() {
    let taken = Server::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let held = TcpListener::bind(taken).unwrap();

    let addrs = [held.local_addr().unwrap(), "127.0.0.1:0".parse().unwrap()];
    let server = Server::bind(&addrs[..]).await.unwrap();

    assert_ne!(server.local_addr().unwrap(), taken);
}
