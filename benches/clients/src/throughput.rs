use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Builder;

use crate::contestants::Contestant;

/// How fast a stream is read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Speed {
    /// Events a second.
    pub(crate) by_clock: f64,
    /// Events a second of the client's thread on a processor. Loopback itself has a limit, which a
    /// client may reach; this is what it costs then.
    pub(crate) by_cpu: f64,
}

impl Speed {
    /// The better of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { by_clock: self.by_clock.max(other.by_clock), by_cpu: self.by_cpu.max(other.by_cpu) }
    }
}

/// How fast `read` reads this many events of one stream over loopback.
pub(crate) fn measure(read: impl FnOnce(&str, u64) -> usize + Send, events: u64) -> Speed {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = thread::spawn(move || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        sender.send(listener.local_addr().expect("it is bound")).expect("it is awaited");
        let (stream, _) = listener.accept().expect("the client comes");
        send(stream);
    });
    let addr = receiver.recv().expect("the server starts");
    let speed = thread::scope(|scope| {
        let client = scope.spawn(|| {
            let start = Instant::now();
            let bytes = read(&format!("http://{addr}/"), events);
            assert_eq!(bytes as u64, events * DATA.len() as u64, "every byte is delivered");
            let (clock, cpu) = (start.elapsed(), thread_time());
            Speed {
                by_clock: events as f64 / clock.as_secs_f64(),
                by_cpu: events as f64 / cpu.as_secs_f64(),
            }
        });
        client.join().expect("the client reads")
    });
    server.join().expect("it ends with the connection");
    speed
}

/// Lets `contestant` read in a runtime of this thread.
pub(crate) fn by(contestant: &Contestant) -> impl FnOnce(&str, u64) -> usize + Send {
    let read = contestant.read;
    move |url, events| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("there are files");
        runtime.block_on(async { read(url, events).await })
    }
}

/// Reads the bytes of as many events, and does nothing with them: what no client can be faster than.
pub(crate) fn nothing_but_the_socket(url: &str, events: u64) -> usize {
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(addr).expect("the server listens");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("the server reads");
    let (mut room, mut left) = (vec![0; 256 << 10], events as usize * 175);
    while 0 < left {
        left = left.saturating_sub(stream.read(&mut room).expect("the server sends"));
    }
    events as usize * DATA.len()
}

/// What this thread has had of a processor.
fn thread_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("its first number is the time"))
}

/// Sends events until nobody reads any more, as chunks of 16 KiB in large writes: the clients are to be
/// what is waited for.
fn send(mut stream: TcpStream) {
    let mut head = [0; 4096];
    let Ok(1..) = stream.read(&mut head) else { return };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let event = format!("data: {DATA}\n\n");
    assert_eq!(event.len(), 175);
    let events = event.repeat(CHUNK / event.len());
    let chunks = format!("{:x}\r\n{events}\r\n", events.len()).repeat(32);
    let mut is_read = stream.write_all(head.as_bytes()).is_ok();
    while is_read {
        is_read = stream.write_all(chunks.as_bytes()).is_ok();
    }
}

const CHUNK: usize = 16 << 10;

/// A chunk of a language model's answer, as most streams of these days have them.
const DATA: &str = "{\"id\":\"chatcmpl-9dK2mX\",\"object\":\"chat.completion.chunk\",\
    \"created\":1718000000,\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\
    \"delta\":{\"content\":\" the\"},\"finish_reason\":null}]}";
