use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

/// A web site that has nothing to do with the server under test: an empty page at every path.
#[derive(Debug)]
pub(crate) struct Site {
    port: u16,
    _serving: JoinSet<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let port = listener.local_addr().expect("a listener has an address").port();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut answering = JoinSet::new();
            // A browser opens connections before it needs them.
            while let Ok((mut stream, _)) = listener.accept().await {
                answering.spawn(async move {
                    let _a_request_is_one_read = stream.read(&mut [0; 4096]).await;
                    let _may_have_left = stream.write_all(PAGE).await;
                });
            }
        });
        Self { port, _serving: serving }
    }

    /// Its page under `host`, a name that the browser resolves to this machine.
    pub(crate) fn at(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }
}

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\
    Connection: close\r\n\r\n<!doctype html>";
