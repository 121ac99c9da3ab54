//! What a `send` costs by its length: the floor for a server that joins events into one write.
//!
//! One thread writes to 1,000 sockets in turn, and one on another processor reads what has come. The writer waits
//! while more than a quarter of a round is unread, so that no socket is ever full.

use std::{
    error::Error,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Resource, getrlimit, setrlimit},
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let (mut writers, readers) = connect()?;
    let read = Arc::new(AtomicU64::new(0));
    let count = read.clone();
    thread::spawn(move || read_all(readers, &count));
    run_on(0)?;
    println!("| bytes | µs a `send` | ns a byte |\n|--:|--:|--:|");
    for len in [128, 1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10] {
        let (sends, bytes, cpu) = write_rounds(&mut writers, len, &read)?;
        let nanos = cpu.as_nanos() as f64;
        println!("| {len} | {:.2} | {:.3} |", nanos / 1e3 / sends as f64, nanos / bytes as f64);
    }
    Ok(())
}

fn connect() -> Result<(Vec<TcpStream>, Vec<TcpStream>), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for _ in 0..SOCKETS {
        readers.push(TcpStream::connect(listener.local_addr()?)?);
        writers.push(listener.accept()?.0);
    }
    writers.iter().try_for_each(|writer| writer.set_nodelay(true))?;
    writers.iter().chain(&readers).try_for_each(|socket| socket.set_nonblocking(true))?;
    Ok((writers, readers))
}

/// Writes to all in turn for two seconds; returns how often, how many bytes, and the CPU that it took.
fn write_rounds(
    writers: &mut [TcpStream],
    len: usize,
    read: &AtomicU64,
) -> Result<(u64, u64, Duration), Box<dyn Error>> {
    let buffer = vec![b'x'; len];
    let round = (len * SOCKETS) as u64;
    let (begun, from, mut sends, mut bytes) = (Instant::now(), cpu(), 0, 0);
    read.store(0, Ordering::SeqCst);
    while begun.elapsed() < TIME {
        for writer in &mut *writers {
            match writer.write(&buffer) {
                Ok(count) => bytes += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            sends += 1;
        }
        while read.load(Ordering::Relaxed) + round / 4 < bytes {
            thread::sleep(PAUSE);
        }
    }
    let cpu = cpu() - from;
    while read.load(Ordering::Relaxed) < bytes {
        thread::sleep(PAUSE);
    }
    Ok((sends, bytes, cpu))
}

fn read_all(mut readers: Vec<TcpStream>, read: &AtomicU64) {
    run_on(1).expect("there is a second processor");
    let mut buffer = vec![0; 256 << 10];
    loop {
        for reader in &mut readers {
            if let Ok(count) = reader.read(&mut buffer) {
                read.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    }
}

/// What this thread has used.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn run_on(processor: usize) -> Result<(), Box<dyn Error>> {
    let mut processors = CpuSet::new();
    processors.set(processor);
    Ok(sched_setaffinity(None, &processors)?)
}

const SOCKETS: usize = 1_000;
const TIME: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(50);
