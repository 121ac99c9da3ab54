use std::{ffi::OsString, time::Duration};

use http::{HeaderName, HeaderValue, Method, Uri};

use super::{args::Args, template::Template};
use crate::{exit::Failure, header};

/// What the arguments of `eventsource-bench` mean.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) listen: Endpoint,
    pub(super) publish: Endpoint,
    pub(super) body: Template,
    pub(super) size: usize,
    pub(super) listeners: usize,
    pub(super) channels: usize,
    pub(super) in_flight: usize,
    pub(super) is_pipelined: bool,
    pub(super) rate: Option<usize>,
    pub(super) amount: Amount,
    /// How many connections are opened or closed per second.
    pub(super) churn: Option<usize>,
    pub(super) slow: Option<Slow>,
    pub(super) patience: Duration,
    pub(super) pid: Option<u32>,
    pub(super) json: bool,
}

/// How much is published.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    For(Duration),
    Events(u64),
    /// Nothing for so long.
    Silence(Duration),
}

/// Listeners that read no more than they are told.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    pub(super) listeners: usize,
    pub(super) listen: Endpoint,
    /// Bytes per second of each.
    pub(super) rate: u64,
}

/// Where requests go, and how they begin.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    /// The request line and the headers that are always the same, without the line that ends them.
    pub(super) head: Template,
}

impl Config {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        let body = Template::new(&args.body);
        if !body.has_one_stamp() {
            return Err(Failure::usage(format!("--body {:?} needs {{stamp}} once", args.body)));
        }
        let method = Method::from_bytes(args.method.as_bytes())
            .map_err(|_| Failure::usage(format!("--method {:?} is no method", args.method)))?;
        let amount = match args.events {
            Some(events) => Amount::Events(events),
            None if args.silent => Amount::Silence(args.duration),
            None => Amount::For(args.duration),
        };
        let listen_headers = headers("--listen-header", args.listen_headers)?;
        let listen =
            |option, url: &str| endpoint(option, url, &Method::GET, listen_headers.clone());
        let slow = args.slow.zip(args.slow_listen).map(|(listeners, url)| {
            let listen = listen("--slow-listen", &url)?;
            Ok(Slow { listeners, listen, rate: args.slow_rate })
        });
        Ok(Self {
            listen: listen("--listen", &args.listen)?,
            slow: slow.transpose()?,
            publish: endpoint(
                "--publish",
                &args.publish,
                &method,
                headers("--header", args.headers)?,
            )?,
            body,
            size: usize::try_from(args.size).map_err(Failure::usage)?,
            listeners: args.listeners,
            channels: args.channels,
            in_flight: args.in_flight,
            is_pipelined: args.pipeline,
            rate: args.rate,
            amount,
            churn: args.churn,
            patience: args.patience,
            pid: args.pid,
            json: args.json,
        })
    }
}

fn endpoint(
    option: &str,
    url: &str,
    method: &Method,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<Endpoint, Failure> {
    let refused = |why: &str| Failure::usage(format!("{option} {url:?}: {why}"));
    // The braces of a place are no characters of a URL.
    let plain = url.replace("{channel}", "0").replace("{listener}", "0");
    let uri: Uri = plain.parse().map_err(|_| refused("not a URL"))?;
    if uri.scheme_str() != Some("http") {
        return Err(refused("not an http URL; TLS would measure this side too"));
    }
    let authority = uri.authority().ok_or_else(|| refused("no host"))?;
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let mut head = format!("{method} {} HTTP/1.1\r\nhost: {authority}\r\n", path.unwrap_or("/"));
    for (name, value) in headers {
        let value = value.to_str().map_err(|_| refused("a header is not ASCII"))?;
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    Ok(Endpoint {
        host: uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        port: uri.port_u16().unwrap_or(80),
        head: Template::new(&head),
    })
}

fn headers(
    option: &'static str,
    typed: Vec<String>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let is_header = |text: &String| text.starts_with('@') || header::parse(text.as_bytes()).is_ok();
    if let Some(text) = typed.iter().find(|text| !is_header(text)) {
        return Err(Failure::usage(format!("{text:?} is no header: NAME: VALUE")));
    }
    header::read(option, typed.into_iter().map(OsString::from).collect()).map_err(Failure::usage)
}
