use std::{collections::BTreeMap, net::SocketAddr, process::Stdio, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    time::{Instant, sleep},
};

use crate::{
    Outcome,
    http::{Connection, Version},
};

/// The value of each sample, by its name with its labels.
pub(super) type Figures = BTreeMap<String, f64>;

/// What the server says of itself.
pub(super) async fn scrape(admin: SocketAddr) -> Outcome<String> {
    let request = Request::get("/metrics").header("host", admin.to_string());
    let request = request.body(Full::<Bytes>::default())?;
    let answer = Connection::open(admin, Version::Http1).await?.send(request).await?;
    if answer.status() != 200 {
        return Err(format!("/metrics answers {}", answer.status()).into());
    }
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

/// What Prometheus' own parser and its rules for names find wrong with `text`; empty if it is as it should be.
pub(super) async fn complaints(text: &str) -> Outcome<String> {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut promtool = command.stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut stdin = promtool.stdin.take().ok_or("its input is ours")?;
    stdin.write_all(text.as_bytes()).await?;
    drop(stdin);
    let output = promtool.wait_with_output().await?;
    let said = [output.stdout, output.stderr].concat();
    if said.is_empty() && !output.status.success() {
        return Err(format!("promtool ended: {}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&said).trim().replace('\n', "; "))
}

/// The version of that parser.
pub(super) async fn version() -> Outcome<String> {
    let output = Command::new("promtool").arg("--version").output().await?;
    let text = String::from_utf8(output.stdout)?;
    let version = text.split_whitespace().nth(2).ok_or("promtool says no version")?;
    Ok(format!("promtool {version}"))
}

/// The samples of `text`, whose lines the parser has found to be right.
pub(super) fn read(text: &str) -> Outcome<Figures> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let read = samples.map(|line| {
        let (name, value) = line.rsplit_once(' ').ok_or("a sample has a value")?;
        Ok((name.to_owned(), value.parse()?))
    });
    read.collect()
}

/// The figures once all of `expected` are there, or those of the last look: what is written is counted after it can be
/// read.
pub(super) async fn settled(admin: SocketAddr, expected: &Figures) -> Outcome<Figures> {
    let patience = Instant::now() + PATIENCE;
    loop {
        let figures = read(&scrape(admin).await?)?;
        let is_there = |(name, value): (&String, &f64)| figures.get(name) == Some(value);
        if expected.iter().all(is_there) || patience < Instant::now() {
            return Ok(figures);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
