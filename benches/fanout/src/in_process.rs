use std::{
    fs,
    hint::black_box,
    task::Waker,
    time::{Duration, Instant},
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{Mode, Output},
    history::{History, Since, Start},
};

/// The median of what `Hub::publish` takes with 100,000 idle listeners attached, in microseconds.
pub fn publish() -> f64 {
    let config = HubConfig::new(StringFormat).with_mode(Mode::Shared).with_keepalive(None);
    let (hub, token) = (Hub::new(config), Token::new("crowd").expect("it is a token"));
    let mut listeners: Vec<_> = (0..100_000)
        .map(|_| hub.subscribe(&token, Instant::now()).expect("there is room"))
        .collect();
    let body = [b'x'; 100];
    let mut times = Vec::new();
    for _ in 0..200 {
        for listener in &mut listeners {
            while let Output::Write(bytes) = listener.poll_output(Waker::noop(), Instant::now()) {
                black_box(bytes);
            }
        }
        let begun = Instant::now();
        let published = hub.publish(&token, "ping", &body, begun).expect("somebody listens");
        times.push(begun.elapsed());
        published.wake();
    }
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// How many gigabytes of 100,000 remembered events one late listener gets for a second of CPU.
pub fn replay() -> f64 {
    let history = History::new(42).with_max_events(100_000).with_max_bytes(1 << 30);
    let hub = Hub::new(HubConfig::new(StringFormat).with_history(history).with_mode(Mode::Shared));
    let token = Token::new("late").expect("it is a token");
    for _ in 0..100_000 {
        hub.publish(&token, "ping", &[b'x'; 100], Instant::now()).expect("it is remembered").wake();
    }
    let start = Start::default().with_since(Since::Earliest);
    let mut rates = Vec::new();
    for _ in 0..21 {
        let now = Instant::now();
        let mut late = hub.subscribe_from(&token, &start, now).expect("there is room");
        let (mut bytes, begun) = (0, cpu());
        while let Output::Write(write) = late.poll_output(Waker::noop(), now) {
            bytes += black_box(write).len();
        }
        rates.push(bytes as f64 / 1e9 / (cpu() - begun).as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("Linux tells the time of a thread"))
}
