use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What a client spoke that this port does not speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Misdirected {
    /// Plain HTTP, to a port that speaks TLS.
    #[cfg(feature = "server-tls")]
    PlainHttp,
    /// TLS, to a port that speaks plain HTTP.
    Tls,
    /// TLS inside of TLS.
    #[cfg(feature = "server-tls")]
    TlsTwice,
}

impl Misdirected {
    /// What to write into the log.
    pub(super) fn log_text(self) -> &'static str {
        match self {
            #[cfg(feature = "server-tls")]
            Self::PlainHttp => "a client speaks plain HTTP, but this port speaks TLS",
            Self::Tls => "a client speaks TLS, but this port speaks plain HTTP",
            #[cfg(feature = "server-tls")]
            Self::TlsTwice => "a client speaks TLS inside of TLS",
        }
    }

    /// Says so and closes `io`.
    ///
    /// In plain HTTP to a client of TLS too: it cannot read it, but all of them know it when they see
    /// it, and name the reason better than after an alert.
    pub(super) async fn refuse(self, mut io: impl AsyncWrite + Unpin) -> io::Result<()> {
        let text = match self {
            #[cfg(feature = "server-tls")]
            Self::PlainHttp => "this port speaks TLS: use https://\n",
            Self::Tls => "this port speaks plain HTTP: use http://\n",
            #[cfg(feature = "server-tls")]
            Self::TlsTwice => "this connection speaks TLS already: send HTTP inside of it\n",
        };
        let head = "HTTP/1.1 400 Bad Request\r\n\
            content-type: text/plain; charset=utf-8\r\n\
            cache-control: no-store\r\n\
            x-content-type-options: nosniff\r\n\
            connection: close\r\n";
        let answer = format!("{head}content-length: {}\r\n\r\n{text}", text.len());
        io.write_all(answer.as_bytes()).await?;
        io.shutdown().await
    }
}
