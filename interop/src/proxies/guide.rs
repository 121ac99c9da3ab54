use std::{net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Method;
use tokio::time::{Instant, timeout};

use super::check::{HELD, PATIENCE, World};
use crate::{
    Outcome,
    http::{Connection, Listen, Seen, Stream, Version},
    table::Cell,
    tls,
};

/// How long a proxy waits for more to send: the quickest of some events tells, on a busy machine too.
pub(super) async fn delay(world: &World) -> Outcome<Cell> {
    let mut stream = world.listen("42").open(PATIENCE).await?;
    stream.event("sse.open", HELD).await?;
    let mut quickest = HELD;
    for number in 0..10 {
        let published = Instant::now();
        world.publish("42", &number.to_string()).await?;
        stream.ping(HELD).await?;
        quickest = quickest.min(published.elapsed());
    }
    Ok(match quickest {
        quickest if quickest < PROMPT => Cell::right("none"),
        // To the next 100 ms, as such times are chosen.
        quickest => Cell::wrong(format!("{} ms", (quickest.as_millis() + 50) / 100 * 100)),
    })
}

/// What the proxy compresses, so that it is known to be told apart, and what it leaves alone.
pub(super) async fn compression(world: &World) -> Outcome<Cell> {
    let stream = Listen { gzip: true, browser: true, ..world.listen("42") };
    let answer = stream.open(PATIENCE).await?;
    if answer.status != 200 || answer.is_compressed() {
        let what =
            if answer.status == 200 { "of streams".to_owned() } else { answer.status.to_string() };
        return Ok(Cell::wrong(what));
    }
    let Listen { addr, version, .. } = stream;
    let page = version.request(&addr.to_string(), "/").header("accept-encoding", "gzip, br");
    let page = page.body(Full::default())?;
    let answer = Connection::open(addr, version).await?.send(page).await?;
    match answer.headers().get("content-encoding") {
        Some(_) => Ok(Cell::right("of pages")),
        None => Ok(Cell::wrong("of nothing")),
    }
}

/// A page of the public name publishes more than proxies take by themselves.
///
/// It says where it comes from as browsers do that do not know `Sec-Fetch-Site`, so the server has
/// to be told the name as it stands in the URL.
pub(super) async fn public_name(world: &World) -> Outcome<Cell> {
    let listen = world.listen("42");
    let mut stream = listen.open(PATIENCE).await?;
    stream.event("sse.open", HELD).await?;
    let Listen { addr, version, .. } = listen;
    let authority = format!("{}:{}", tls::NAME, addr.port());
    let scheme = if version == Version::Http2Tls { "https" } else { "http" };
    let mut request = version
        .request(&authority, "/ping/42")
        .method(Method::POST)
        .header("origin", format!("{scheme}://{authority}"))
        .body(Full::from("x".repeat(LONG)))?;
    let mut connection = Connection::open(addr, version).await?;
    let answer = connection.send(request).await?;
    let status = answer.status();
    let said = answer.into_body().collect().await?.to_bytes();
    if status != 200 {
        let said = String::from_utf8_lossy(&said).replace('\n', " ");
        return Ok(Cell::wrong(format!("{status}: {said}")));
    }
    match stream.ping(PATIENCE).await?.len() {
        LONG => {}
        length => return Ok(Cell::wrong(format!("{length} bytes of {LONG}"))),
    }
    request = version
        .request(&authority, "/ping/42")
        .method(Method::POST)
        .header("origin", format!("{scheme}://elsewhere.example"))
        .body(Full::<Bytes>::default())?;
    match connection.send(request).await?.status().as_u16() {
        403 => Ok(Cell::right("passed on")),
        status => Ok(Cell::wrong(format!("a page of another site gets {status}"))),
    }
}

/// Each address may have one listener, whatever a client says of itself.
pub(super) async fn addresses(world: &World) -> Outcome<Cell> {
    let from = |last| Ipv4Addr::new(127, 0, 0, last);
    let first = Listen { from: from(2), ..world.listen("1") }.open(PATIENCE).await?;
    let other = Listen { from: from(3), ..world.listen("2") }.open(PATIENCE).await?;
    let listen = Listen { from: from(2), forwarded_for: "192.0.2.7", ..world.listen("3") };
    let forged = listen.open(PATIENCE).await?;
    Ok(match (first.status, other.status, forged.status) {
        (200, 200, 503) => Cell::right("real"),
        (200, 503, _) => Cell::wrong("all are the proxy's"),
        (200, 200, 200) => Cell::wrong("forged"),
        all => Cell::wrong(format!("{all:?}")),
    })
}

/// The end of a channel and the end of the server. A client comes back after either.
pub(super) async fn end(world: &mut World) -> Outcome<Cell> {
    let mut closed = world.listen("42").open(PATIENCE).await?;
    closed.event("sse.open", HELD).await?;
    world.server.close("42").await?;
    if !matches!(timeout(HELD, ends(&mut closed)).await, Ok(true)) {
        return Ok(Cell::wrong("of a channel is not told"));
    }
    let mut broken = world.listen("42").open(PATIENCE).await?;
    broken.event("sse.open", HELD).await?;
    world.server.kill().await?;
    // Clients of HTTP/2 read a reset as a whole answer too, so that is not told apart.
    Ok(match timeout(HELD, ends(&mut broken)).await {
        Ok(_) => Cell::right("told"),
        Err(_elapsed) => Cell::wrong("of the server is not told"),
    })
}

/// Waits for the end, and says whether the answer is whole.
async fn ends(stream: &mut Stream) -> bool {
    loop {
        match stream.next().await {
            Ok(Some(Seen::Event { .. } | Seen::Retry(_))) => {}
            end => return matches!(end, Ok(None)),
        }
    }
}

/// More listeners than most proxies bear as they come.
pub(super) async fn crowd(world: &World) -> Outcome<Cell> {
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        match world.listen("42").open(PATIENCE / 4).await {
            Ok(stream) if stream.status == 200 => crowd.push(stream),
            Ok(stream) => return Ok(Cell::wrong(format!("{} after {number}", stream.status))),
            Err(error) => return Ok(Cell::wrong(format!("{error} after {number}"))),
        }
    }
    world.publish("42", "all").await?;
    for (number, stream) in crowd.iter_mut().enumerate() {
        if stream.ping(PATIENCE).await.is_err() {
            return Ok(Cell::wrong(format!("{number} get an event")));
        }
    }
    Ok(Cell::right(format!("{CROWD} listen")))
}

/// Half of what is known of proxies that wait.
const PROMPT: Duration = Duration::from_millis(100);

/// Twice what nginx takes by itself.
const LONG: usize = 2 << 20;

const CROWD: usize = 1000;
