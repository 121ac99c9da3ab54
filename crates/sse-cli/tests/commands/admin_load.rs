//! How smooth the page of the operator's address is under load, and what it costs others. Run it with
//! `cargo test --release -p sse-cli --test commands admin_load -- --ignored --nocapture`.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    admin_page::start,
    support::{Listener, Page, Poster},
};

#[test]
#[expect(clippy::print_stdout, reason = "it measures")]
#[ignore = "it measures, and leaves pictures in target/tmp to be looked at"]
fn no_task_is_long_with_10_000_channels_and_1_000_events_a_second() {
    let page = Page::start(&["--mode", "shared", "--history", "50"]);
    let mut poster = Poster::new(page.addr());
    for channel in 0..10_000 {
        let path = format!("/ping/room:{channel}");
        assert_eq!(poster.exchange("POST", &path, "21.5").status(), 200);
    }
    let _crowd: Vec<_> =
        (0..100).map(|n| Listener::open(page.addr(), &format!("/poll/room:{}", n % 9))).collect();
    page.wide();
    page.until("the channels are counted", "find('now-channels').textContent === '10,000'");
    page.open("room:7");
    page.run("window.tasks = []; new PerformanceObserver((list) => \
        tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })");
    page.devtools("Performance.enable", json!({"timeDomain": "threadTicks"}));
    let spent = || {
        let metrics = page.devtools("Performance.getMetrics", json!({}))["metrics"].take();
        let all = metrics.as_array().unwrap();
        all.iter().find(|it| it["name"] == "TaskDuration").unwrap()["value"].as_f64().unwrap()
    };
    let before = spent();
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(20) {
        let due = (start.elapsed().as_secs_f64() * 1_000.0) as u64;
        while sent < due {
            let channel = if sent % 2 == 0 { 7 } else { sent % 500 };
            let body = json!({"temperature": sent, "unit": "°C", "place": "kitchen"}).to_string();
            poster.exchange("POST", &format!("/ping/room:{channel}"), &body);
            sent += 1;
        }
        poster.exchange("POST", "/ping/%00", "refused");
        thread::sleep(Duration::from_millis(1));
    }
    let rows = page.run("return document.querySelectorAll('tr, li').length");
    let tasks = page.run("return tasks");
    let share = 100.0 * (spent() - before) / start.elapsed().as_secs_f64();
    println!("{sent} events, {rows} rows, {share:.0} % of a core, long tasks: {tasks}");
    take_pictures(&page);
    assert_eq!(tasks, json!([]));
}

#[test]
#[expect(clippy::print_stdout, reason = "it measures")]
#[ignore = "it measures"]
fn what_a_look_at_100_000_channels_takes_and_what_publications_take_meanwhile() {
    let (server, admin) = start(&["--history", "10", "--max-channels", "200000"]);
    let mut poster = Poster::new(server.addr());
    let mut post = |channel: usize| {
        let begun = Instant::now();
        let path = format!("/ping/channel-{}", channel % 100_000);
        assert_eq!(poster.exchange("POST", &path, "hi").status(), 200);
        begun.elapsed()
    };
    for channel in 0..100_000 {
        post(channel);
    }
    let watch = || {
        let begun = Instant::now();
        let mut viewer = Listener::open_whole(admin, "/live");
        while !viewer.block().starts_with("event: channels\n") {}
        (begun.elapsed(), viewer)
    };
    let mut posts = || {
        let begun = Instant::now();
        let all = (0..).step_by(7_919).take_while(|_| begun.elapsed() < Duration::from_secs(5));
        let mut times: Vec<_> = all.map(&mut post).collect();
        times.sort_unstable();
        [500, 990, 999, 1_000].map(|rank| times[(times.len() - 1) * rank / 1_000])
    };
    for _ in 0..3 {
        println!("publications alone (p50, p99, p99.9, max): {:?}", posts());
        let (first_table, _viewer) = watch();
        println!("the first table: {first_table:?}; publications beside it: {:?}", posts());
    }
}

/// To be looked at.
fn take_pictures(page: &Page) {
    let picture = |name: &str, top: &str| {
        page.run(&format!("scrollTo(0, {top})"));
        thread::sleep(Duration::from_millis(500));
        let file = format!("{}/admin-page-{name}.png", env!("CARGO_TARGET_TMPDIR"));
        fs::write(file, page.screenshot()).unwrap();
    };
    picture("wide", "0");
    picture("wide-end", "document.body.scrollHeight");
    page.narrow();
    picture("narrow", "0");
    picture("narrow-channels", "find('channels').offsetTop");
    page.dark();
    picture("narrow-dark", "find('channel').offsetTop");
    picture("narrow-dark-end", "document.body.scrollHeight");
    page.wide();
    picture("wide-dark", "0");
}
