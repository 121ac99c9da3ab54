//! How fast a server takes listeners: connections a second that are accepted and get the head of their
//! event stream, and what of the server's CPU each takes.

use std::{error::Error, fs, io, net::SocketAddr, time::Instant};

use clap::Parser;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    task::JoinSet,
};

/// Connects listeners and prints a line for each run.
#[derive(Parser)]
struct Args {
    /// Where the server listens
    addr: SocketAddr,
    /// Path of a channel; each listener adds a number
    #[arg(long, default_value = "/poll/")]
    path: String,
    /// The server's process
    #[arg(long)]
    pid: u32,
    /// Listeners of a run
    #[arg(long, default_value_t = 5_000)]
    listeners: usize,
    /// How many connect at a time
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    for _ in 0..args.runs {
        let (begun, before) = (Instant::now(), cpu(args.pid)?);
        let mut connecting = JoinSet::new();
        for first in 0..args.at_once {
            let numbers = (first..args.listeners).step_by(args.at_once);
            connecting.spawn(connect(args.addr, args.path.clone(), numbers));
        }
        // They stay connected until all are.
        let mut connected = Vec::new();
        while let Some(some) = connecting.join_next().await {
            connected.extend(some??);
        }
        let (wall, cpu) = (begun.elapsed(), cpu(args.pid)? - before);
        let count = connected.len() as f64;
        println!("{:.0}/s, {:.1} µs CPU each", count / wall.as_secs_f64(), cpu / 1e3 / count);
        drop(connected);
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    Ok(())
}

async fn connect(
    addr: SocketAddr,
    path: String,
    numbers: impl Iterator<Item = usize>,
) -> io::Result<Vec<tokio::net::TcpStream>> {
    let mut connected = Vec::new();
    for number in numbers {
        let mut stream = TcpSocket::new_v4()?.connect(addr).await?;
        let request = format!(
            "GET {path}{number} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::with_capacity(1 << 10);
        while !head.windows(4).any(|it| it == b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if !head.starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
        }
        connected.push(stream);
    }
    Ok(connected)
}

/// The CPU time of a process' threads, in nanoseconds of the scheduler.
fn cpu(pid: u32) -> io::Result<f64> {
    let mut nanos = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0.0);
    }
    Ok(nanos)
}
