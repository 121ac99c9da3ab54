use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::TcpListener;

use crate::{
    contestants::{Contestant, Options},
    server::{Reply, Request, Requests, serve},
    verdicts::{
        Observed, Verdict, counts, delivers, finds_again, follows, honoured, is_calm, kept, leaves,
        refused, refuses, sends_utf8, stops, takes_retry,
    },
};

/// What a server does, and what it shows of a client.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    reply: fn(usize, &Request) -> Reply,
    options: Options,
    /// How long it is looked at.
    window: Duration,
    verdict: fn(&Observed) -> Verdict,
}

impl Scenario {
    /// Lets `contestant` run against it for a while.
    pub(crate) async fn run(&self, contestant: &Contestant) -> Verdict {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
        let requests = Requests::default();
        let server = tokio::spawn(serve(listener, self.reply, requests.clone()));
        let mut told = (contestant.open)(&url, self.options);
        let (sender, mut notices) = tokio::sync::mpsc::unbounded_channel();
        // Polled on after errors, as a loop over a stream does.
        let client = tokio::spawn(async move {
            while let Some(notice) = told.next().await {
                let _over = sender.send(notice);
            }
        });
        tokio::time::sleep(self.window).await;
        let is_waiting = !client.is_finished();
        client.abort();
        let panicked = client.await.is_err_and(|error| error.is_panic());
        server.abort();
        let mut observed = Observed { requests: requests.taken(), notices: Vec::new(), is_waiting };
        while let Ok(notice) = notices.try_recv() {
            observed.notices.push(notice);
        }
        let verdict = (self.verdict)(&observed);
        match panicked {
            false => verdict,
            true => Verdict { text: format!("**panics**, {}", verdict.text), is_right: false },
        }
    }
}

pub(crate) const WINDOW: Duration = Duration::from_millis(3_500);

pub(crate) fn all() -> Vec<Scenario> {
    let plain = Options::default();
    let scenario =
        |name, reply, verdict| Scenario { name, reply, options: plain, window: WINDOW, verdict };
    let retried = |scenario| Scenario {
        options: Options { status_retry: true, max_retries: None },
        // Twice the time that the server asks for may be added at random.
        window: 2 * WINDOW,
        ..scenario
    };
    vec![
        scenario("S1 id kept over an id-less reconnect", s1, kept),
        scenario("S2 204", |_, _| ended("204 No Content", "", ""), stops),
        scenario("S3 500 first", s3, refused),
        retried(scenario("S4 503 + Retry-After: 2 first", s4, honoured::<1>)),
        retried(scenario("S4b the same after a good stream", s4b, honoured::<2>)),
        scenario("S5a 302 absolute", s5a, follows),
        scenario("S5b 307 relative", |n, _| redirect(n, 307, "next"), follows),
        scenario("S5c 308", |n, _| redirect(n, 308, "/next"), follows),
        scenario("S5d redirect loop", |_, _| redirect(0, 302, "/"), leaves),
        scenario("S6 text/html", |_, _| typed("text/html"), refuses),
        scenario("S7 text/event-streamx", |_, _| typed("text/event-streamx"), refuses),
        scenario("S7b Text/Event-Stream", s7b, delivers),
        scenario("S8 no content type", |_, _| held("200 OK", "", "data: a\n\n"), refuses),
        scenario("S9 id that is not ASCII", s9, sends_utf8),
        scenario("S10 `retry: 50` alone", s10, takes_retry),
        scenario("S10b `retry: 0` for ever", |_, _| stream("retry: 0\n\n"), is_calm),
        scenario("S11 server away for 1.2 s", s11, finds_again),
        scenario("S13 byte order mark", |_, _| stays("\u{feff}data: a\n\n"), delivers),
        Scenario {
            name: "S15 three retries",
            reply: |_, _| stream("data: a\n\n"),
            options: Options { max_retries: Some(3), status_retry: false },
            window: WINDOW,
            verdict: counts,
        },
        scenario("S16 empty 200 for ever", |_, _| stream(""), is_calm),
    ]
}

fn s1(number: usize, _request: &Request) -> Reply {
    match number {
        0 => stream("id: 1\ndata: a\n\n"),
        1 => stream("data: b\n\n"),
        _ => stays("data: c\n\n"),
    }
}

fn s3(number: usize, _request: &Request) -> Reply {
    match number {
        0 => ended("500 Internal Server Error", "", ""),
        _ => stays("data: a\n\n"),
    }
}

fn s4(number: usize, _request: &Request) -> Reply {
    match number {
        0 => ended("503 Service Unavailable", "Retry-After: 2\r\n", ""),
        _ => stays("data: a\n\n"),
    }
}

fn s4b(number: usize, request: &Request) -> Reply {
    match number {
        0 => stream("data: first\n\n"),
        number => s4(number - 1, request),
    }
}

fn s5a(_number: usize, request: &Request) -> Reply {
    if request.path() == "/next" {
        return stays("data: a\n\n");
    }
    let host = request.field("host").unwrap_or_default().to_owned();
    redirect(0, 302, &format!("http://{host}/next"))
}

fn s7b(_number: usize, _request: &Request) -> Reply {
    typed("Text/Event-Stream; charset=UTF-8")
}

fn s9(number: usize, _request: &Request) -> Reply {
    match number {
        0 => stream("id: é…\ndata: a\n\n"),
        _ => stays("data: b\n\n"),
    }
}

fn s10(number: usize, _request: &Request) -> Reply {
    match number {
        0 => stream("retry: 50\n\n"),
        _ => stays("data: a\n\n"),
    }
}

fn s11(number: usize, _request: &Request) -> Reply {
    match number {
        0 => Reply::Away(text("200 OK", EVENT_STREAM, "data: a\n\n"), Duration::from_millis(1_200)),
        _ => stays("data: b\n\n"),
    }
}

fn redirect(number: usize, status: u16, location: &str) -> Reply {
    match number {
        0 => ended(&format!("{status} Redirect"), &format!("Location: {location}\r\n"), ""),
        _ => stays("data: a\n\n"),
    }
}

fn typed(content_type: &str) -> Reply {
    held("200 OK", &format!("Content-Type: {content_type}\r\n"), "data: a\n\n")
}

fn stream(events: &str) -> Reply {
    ended("200 OK", EVENT_STREAM, events)
}

fn stays(events: &str) -> Reply {
    held("200 OK", EVENT_STREAM, events)
}

fn ended(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Ended(text(status, headers, body))
}

fn held(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Held(text(status, headers, body))
}

fn text(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n{body}")
}

const EVENT_STREAM: &str = "Content-Type: text/event-stream\r\n";
