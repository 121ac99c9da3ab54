mod actix;
mod axum;
mod hyper;
mod warp;

use std::{
    io::{self, Write},
    net::TcpListener,
};

use clap::ValueEnum;

/// A framework, with its own way to stream events or with the adapter's.
#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
pub enum Framework {
    Hyper,
    Axum,
    Warp,
    Actix,
}

impl Framework {
    pub const ALL: [Self; 4] = [Self::Hyper, Self::Axum, Self::Warp, Self::Actix];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper, one frame an event",
            Self::Axum => "axum `Sse`",
            Self::Warp => "`warp::sse`",
            Self::Actix => "actix-web-lab `Sse`",
        }
    }

    /// Serves on one thread, until the process is killed.
    pub fn serve(self, is_ours: bool) -> io::Result<()> {
        let listener = sse_hyper::SocketOptions::default().listen(([127, 0, 0, 1], 0).into())?;
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
        stdout.flush()?;
        match self {
            Self::Actix => actix::serve(listener, is_ours),
            Self::Hyper => on_one_thread(hyper::serve(listener, is_ours)),
            Self::Axum => on_one_thread(axum::serve(listener, is_ours)),
            Self::Warp => on_one_thread(warp::serve(listener, is_ours)),
        }
    }
}

fn on_one_thread(serving: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serving)
}

fn tokio_listener(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::from_std(listener)
}
