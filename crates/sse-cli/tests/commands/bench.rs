//! `eventsource-bench` against the server, and against peers that lose, repeat and break off.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{BENCH, Ended, Server, run};

fn bench(base: &str, more: &[&str]) -> Ended {
    let (listen, publish) =
        (format!("{base}/poll/{{channel}}"), format!("{base}/ping/{{channel}}"));
    let mut args = vec!["--listen", &listen, "--publish", &publish, "--json", "--patience", "300"];
    args.extend(more);
    run(BENCH, args)
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[test]
fn every_listener_of_a_crowd_is_counted_and_nothing_is_lost() {
    let server = Server::start(&["--mode", "shared"]);
    let ended = bench(server.url(), &["-l", "10", "-n", "200", "-f", "7"]);

    let report = report(&ended);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(report["published"], 200);
    assert_eq!(report["delivered"], 2_000);
    for nothing in ["lost", "out_of_order", "foreign", "refused", "broken_streams"] {
        assert_eq!(report[nothing], 0, "{nothing}");
    }
    assert_eq!(ended.stderr, "");
}

#[test]
fn channels_are_published_to_in_turn() {
    let server = Server::start(&[]);
    let ended = bench(server.url(), &["-l", "10", "-c", "10", "-n", "100"]);

    assert_eq!(report(&ended)["delivered"], 100);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_json_body_is_filled_in_and_a_pace_is_kept() {
    let server = Server::start(&["--mode", "shared", "--json"]);
    let body = r#"{"s":"{stamp}","pad":"{pad}"}"#;
    let paced = ["-l", "10", "--body", body, "--rate", "100", "--duration", "300"];
    let ended = bench(server.url(), &paced);

    let report = report(&ended);
    assert_eq!((ended.code, &report["published"]), (Some(0), &30.into()), "{ended:?}");
    assert!(0.29 <= report["seconds"].as_f64().unwrap(), "{report}");
}

#[test]
fn the_cost_of_the_server_is_told_where_its_process_is_known() {
    let server = Server::start(&["--mode", "shared"]);
    let url = server.url().to_owned();
    let process = server.into_process();
    let pid = process.pid().as_raw_nonzero().to_string();
    let ended = bench(&url, &["-l", "10", "-n", "100", "--pid", &pid]);

    let report = report(&ended);
    assert!(0.0 < report["server"]["cpu_seconds"].as_f64().unwrap(), "{report}");
    assert!(report["server"]["kib_per_idle_listener"].is_number(), "{report}");
}

#[test]
fn a_table_is_printed_without_json() {
    let server = Server::start(&["--mode", "shared"]);
    let listen = format!("{}/poll/{{channel}}", server.url());
    let publish = format!("{}/ping/{{channel}}", server.url());
    let args = ["--listen", &listen, "--publish", &publish, "-l", "2", "-n", "10"];
    let ended = run(BENCH, args);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lost = ended.stdout.lines().find(|line| line.starts_with("lost")).unwrap();
    assert_eq!(lost.split_whitespace().last(), Some("0"));
    assert!(ended.stdout.contains("publish to read, p99"), "{ended:?}");
}

/// What becomes of a body that came, and of its number.
type Deliver = fn(&str, usize) -> Vec<String>;

/// A server that hands each event on as `deliver` says, to the last of so many listeners; the others get
/// it once.
fn peer(listeners: usize, deliver: Deliver) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let streams: Vec<_> = (0..listeners).map(|_| accept_listener(&listener)).collect();
        let (publisher, _) = listener.accept().unwrap();
        serve_publisher(publisher, &streams, deliver);
        // The streams are there for as long as somebody listens, or they would count as broken.
        for mut stream in streams {
            let _left = stream.read(&mut [0]);
        }
    });
    base
}

fn accept_listener(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    read_request(&mut BufReader::new(stream.try_clone().unwrap()));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn serve_publisher(mut publisher: TcpStream, streams: &[TcpStream], deliver: Deliver) {
    let mut reader = BufReader::new(publisher.try_clone().unwrap());
    for number in 0.. {
        let Some(body) = read_request(&mut reader) else { return };
        let (mut last, others) = streams.split_last().unwrap();
        for mut stream in others {
            stream.write_all(chunk(&event(&body)).as_bytes()).unwrap();
        }
        for event in deliver(&body, number) {
            last.write_all(chunk(&event).as_bytes()).unwrap();
        }
        publisher.write_all(ANSWER).unwrap();
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// The body of the next request.
fn read_request(reader: &mut impl BufRead) -> Option<String> {
    let mut len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            len = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

#[test]
fn what_is_lost_comes_twice_or_late_is_found() {
    let cases: [(Deliver, _, _); 5] = [
        (|body, _| vec![event(body)], 0, 0),
        (|body, n| if n == 3 { vec![] } else { vec![event(body)] }, 1, 0),
        // The last one is missed by nobody that comes after it.
        (|body, n| if n == 9 { vec![] } else { vec![event(body)] }, 1, 0),
        (|body, n| vec![event(body); if n == 3 { 2 } else { 1 }], 0, 1),
        (|_, _| vec![], 10, 0),
    ];
    thread::scope(|scope| {
        for (deliver, lost, out_of_order) in cases {
            // Events that others have got already are not decoded again, and counted all the same.
            for listeners in ["1", "3"] {
                scope.spawn(move || expect_found(listeners, deliver, lost, out_of_order));
            }
        }
    });
}

fn expect_found(listeners: &str, deliver: Deliver, lost: u64, out_of_order: u64) {
    let peer = peer(listeners.parse().unwrap(), deliver);
    let ended = bench(&peer, &["-l", listeners, "-f", "1", "-n", "10"]);

    let report = report(&ended);
    let told = (report["lost"].as_u64(), report["out_of_order"].as_u64());
    assert_eq!(told, (Some(lost), Some(out_of_order)), "{ended:?}");
    let is_fault = lost + out_of_order != 0;
    assert_eq!(ended.code, Some(i32::from(is_fault)), "{ended:?}");
    assert_eq!(ended.stderr.is_empty(), !is_fault, "{ended:?}");
}

#[test]
fn a_crowd_is_served_by_requests_that_do_not_await_each_other() {
    let server = Server::start(&["--mode", "shared"]);
    let ended = bench(server.url(), &["-l", "10", "-n", "200", "-f", "7", "--pipeline"]);

    let report = report(&ended);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((&report["published"], &report["delivered"]), (&200.into(), &2_000.into()));
    assert!(0.0 < report["answer_ms"]["p50"].as_f64().unwrap(), "{report}");
}

#[test]
fn as_many_requests_are_under_way_on_one_connection_as_are_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let mut stream = accept_listener(&listener);
        let (mut publisher, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(publisher.try_clone().unwrap());
        for _ in 0..3 {
            let bodies: Vec<_> = (0..3).map(|_| read_request(&mut reader).unwrap()).collect();
            for body in bodies {
                stream.write_all(chunk(&event(&body)).as_bytes()).unwrap();
            }
            publisher.write_all(&ANSWER.repeat(3)).unwrap();
        }
        let _left = stream.read(&mut [0]);
    });
    let ended = bench(&base, &["-l", "1", "-f", "3", "-n", "9", "--pipeline"]);

    assert_eq!((ended.code, &report(&ended)["delivered"]), (Some(0), &9.into()), "{ended:?}");
    serving.join().unwrap();
}

#[test]
fn the_comments_of_silent_streams_are_counted() {
    let server = Server::start(&["--mode", "shared", "--keepalive", "100"]);
    let ended = bench(server.url(), &["-l", "10", "--silent", "--duration", "1000"]);

    let report = report(&ended);
    assert_eq!((ended.code, &report["published"]), (Some(0), &0.into()), "{ended:?}");
    assert!(10 <= report["comments"].as_u64().unwrap(), "{report}");
}

#[test]
fn listeners_that_read_slowly_read_no_more_than_they_may() {
    let server = Server::start(&["--mode", "shared", "--history", "100"]);
    let fill = bench(server.url(), &["-l", "1", "-n", "100", "--size", "10000"]);
    assert_eq!(fill.code, Some(0), "{fill:?}");
    let slowly = format!("{}/poll/0?since=earliest", server.url());
    let slowly = ["--slow", "2", "--slow-listen", &slowly, "--slow-rate", "100000"];
    let ended = bench(server.url(), &[&slowly[..], &["-l", "3", "--duration", "500"]].concat());

    let report = report(&ended);
    assert_eq!((ended.code, &report["slow"]["listeners"]), (Some(0), &2.into()), "{ended:?}");
    let bytes = report["slow"]["bytes"].as_f64().unwrap();
    let most = 2.0 * 100_000.0 * (report["seconds"].as_f64().unwrap() + 1.0);
    assert!(0.0 < bytes && bytes <= most, "{report}");
}

#[test]
fn nothing_is_left_of_connections_that_come_and_go() {
    let server = Server::start(&["--mode", "shared"]);
    let url = server.url().to_owned();
    let process = server.into_process();
    let pid = process.pid().as_raw_nonzero().to_string();
    let churn = ["--churn", "1000", "--duration", "1000", "--rate", "100", "--pid", &pid];
    let patience = ["-l", "50", "--patience", "20000"];
    let (listen, publish) = (format!("{url}/poll/{{channel}}"), format!("{url}/ping/{{channel}}"));
    let urls = ["--listen", &listen, "--publish", &publish, "--json"];
    let ended = run(BENCH, [&urls[..], &churn, &patience].concat());

    let report = report(&ended);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(0 < report["churn"]["opened"].as_u64().unwrap(), "{report}");
    let (before, after) = (&report["churn"]["before"], &report["churn"]["after"]);
    assert_eq!(before["open_files"], after["open_files"], "{report}");
}

#[test]
fn a_server_that_leaves_connections_open_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let stream = accept_listener(&listener);
        let streams: Vec<_> = (0..20).map(|_| stream.try_clone().unwrap()).collect();
        let (mut publisher, _) = listener.accept().unwrap();
        while read_request(&mut BufReader::new(publisher.try_clone().unwrap())).is_some() {
            publisher.write_all(ANSWER).unwrap();
        }
        thread::sleep(Duration::from_secs(20));
        drop(streams);
    });
    // This process is the server, and closes some files of its own meanwhile.
    let pid = std::process::id().to_string();
    let churn = ["-l", "1", "-f", "1", "--churn", "1", "--duration", "100", "--pid", &pid];
    let ended = bench(&base, &churn);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("files left open by the server"), "{ended:?}");
}

#[test]
fn a_server_that_refuses_is_told() {
    let server = Server::start(&[]);
    let ended = bench(server.url(), &["-l", "2", "-n", "1"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr, "cannot listen: listening was answered 423\n");

    let ended = bench("http://127.0.0.1:1", &["-l", "2", "-n", "1"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.starts_with("cannot listen: Connection refused"), "{ended:?}");
}

#[test]
fn wrong_use_is_told_by_name() {
    for (args, expected) in [
        (["--listen", "https://127.0.0.1/"], "--listen \"https://127.0.0.1/\": not an http URL"),
        (["--publish", "nothing"], "--publish \"nothing\": not an http URL"),
        (["--body", "{pad}"], "--body \"{pad}\" needs {stamp} once"),
        (["--method", "GE T"], "--method \"GE T\" is no method"),
        (["--header", "none"], "\"none\" is no header: NAME: VALUE"),
        (["--header", "@nofile"], "--header: cannot read nofile"),
        (["--listen-header", "@nofile"], "--listen-header: cannot read nofile"),
        (["--listeners", "0"], "expected a number from 1 to 1000000"),
        (["--in-flight", "10001"], "expected a number from 1 to 10000"),
    ] {
        let ended = run(BENCH, args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.stderr.contains(expected), "{ended:?}");
    }
}
