use std::{path::Path, time::Duration};

use tokio::time::sleep;

use super::{
    client::Client,
    judge::{judge, odd_messages},
    world::{PATIENCE, TOKEN, World},
};
use crate::{
    Outcome,
    http::{Listen, Version},
    relay::Exchange,
    table::Cell,
};

/// What happens to a client.
#[derive(Clone, Copy)]
pub(crate) enum Scenario {
    Listens,
    CutBefore,
    CutLines,
    CutLine,
    CutAfter,
    Keepalive,
    Gap,
    Killed,
    Drained,
    ComesInDrain,
    Closed,
    Final,
}

impl Scenario {
    pub(crate) const ALL: [Self; 12] = [
        Self::Listens,
        Self::Keepalive,
        Self::CutBefore,
        Self::CutAfter,
        Self::CutLines,
        Self::CutLine,
        Self::Gap,
        Self::Killed,
        Self::Drained,
        Self::ComesInDrain,
        Self::Closed,
        Self::Final,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listens => "listens",
            Self::Keepalive => "keepalive",
            Self::CutBefore => "cut before the first event",
            Self::CutAfter => "cut after an event",
            Self::CutLines => "cut in 1 MiB of lines",
            Self::CutLine => "cut in a line of 1 MiB",
            Self::Gap => "gap",
            Self::Killed => "server killed",
            Self::Drained => "server drains",
            Self::ComesInDrain => "comes during a drain",
            Self::Closed => "`close`",
            Self::Final => "204",
        }
    }

    /// Runs it with a server of its own.
    pub(crate) async fn run(self, client: Client, server: &Path, programs: &Path) -> Outcome<Cell> {
        let mut world = World::start(client, server, programs, self.options()).await?;
        match self {
            Self::Listens => listens(&mut world).await,
            Self::Keepalive => keepalive(&mut world).await,
            Self::CutBefore => cut_before(&mut world).await,
            Self::CutAfter => cut_after(&mut world).await,
            Self::CutLines => cut_in(&mut world, &lines()).await,
            Self::CutLine => cut_in(&mut world, &"x".repeat(MIB)).await,
            Self::Gap => gap(&mut world).await,
            Self::Killed => killed(&mut world).await,
            Self::Drained => drained(&mut world).await,
            Self::ComesInDrain => comes_in_drain(&mut world).await,
            Self::Closed => closed(&mut world).await,
            Self::Final => is_final(&mut world).await,
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Listens => &[],
            Self::CutBefore | Self::CutAfter | Self::CutLines | Self::CutLine | Self::Killed => {
                &["--history", "100"]
            }
            Self::Keepalive => &["--history", "100", "--keepalive", "200"],
            Self::Gap => &["--history", "2"],
            Self::Drained => &["--drain", "2000"],
            Self::ComesInDrain => &["--drain", "3000", "--drain-accept"],
            Self::Closed | Self::Final => &["--history", "100", "--closed-ttl", "60000"],
        }
    }
}

async fn listens(world: &mut World) -> Outcome<Cell> {
    world.open().await?;
    world.publish("one").await?;
    world.pinged("one").await;
    world.publish("two").await?;
    world.pinged("two").await;
    Ok(judge(world.reports.seen(), &["one", "two"], "at once"))
}

/// Ten comments between two events; the one after them says that they have been read.
async fn keepalive(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    sleep(Duration::from_millis(2_500)).await;
    world.publish("one").await?;
    world.pinged("one").await;
    Ok(judge(world.reports.seen(), &["zero", "one"], "not seen"))
}

async fn cut_before(world: &mut World) -> Outcome<Cell> {
    world.open().await?;
    world.settle().await;
    world.relay.cut_and_hold();
    world.publish("one").await?;
    world.relay.let_in();
    comes_back(world, &["one"]).await
}

async fn cut_after(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.relay.cut_and_hold();
    world.publish("one").await?;
    world.publish("two").await?;
    world.relay.let_in();
    comes_back(world, &["zero", "one", "two"]).await
}

async fn cut_in(world: &mut World, data: &str) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.relay.cut_after(MIB / 2);
    world.publish(data).await?;
    comes_back(world, &["zero", data]).await
}

/// Waits for what was published meanwhile, and for one event more to know that nothing follows.
async fn comes_back(world: &mut World, published: &[&str]) -> Outcome<Cell> {
    if !came_back(world).await {
        return Ok(Cell::wrong("does not come back"));
    }
    world.settle().await;
    world.publish("last").await?;
    // Some take long over a long event.
    world.pinged_within("last", 3 * PATIENCE).await;
    let expected = [published, &["last"]].concat();
    let mut cell = judge(world.reports.seen(), &expected, "resumes");
    if !cell.right {
        cell.text.push_str(&asked(world));
    }
    Ok(cell)
}

/// Where it wanted to go on; the epoch differs from run to run.
fn asked(world: &World) -> String {
    let exchanges = world.relay.exchanges();
    let second = exchanges.iter().filter(|exchange| exchange.status == Some(200)).nth(1);
    match second.and_then(Exchange::last_event_id) {
        Some(id) => format!("; asks behind {}", id.split('.').next().unwrap_or(id)),
        None => "; asks without an id".to_owned(),
    }
}

async fn came_back(world: &World) -> bool {
    for _look in 0..PATIENCE.as_millis() / 20 {
        let exchanges = world.relay.exchanges();
        if 2 <= exchanges.iter().filter(|exchange| exchange.status == Some(200)).count() {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn gap(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.relay.cut_and_hold();
    for data in ["one", "two", "three", "four", "five"] {
        world.publish(data).await?;
    }
    world.relay.let_in();
    let kept = comes_back(world, &["zero", "four", "five"]).await?;
    Ok(with_gap(world, kept))
}

async fn killed(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.server.kill().await?;
    let successor = world.server.start_successor().await?;
    world.server = successor;
    let back = comes_back(world, &["zero"]).await?;
    Ok(with_gap(world, back))
}

fn with_gap(world: &mut World, otherwise: Cell) -> Cell {
    let told = world.reports.seen().iter().any(|report| report.is_event("sse.gap"));
    match (otherwise.right, told) {
        (true, true) => Cell::right("told"),
        (true, false) => Cell::wrong("not told"),
        (false, true) => Cell::wrong(format!("told; {}", otherwise.text)),
        (false, false) => Cell::wrong(format!("not told; {}", otherwise.text)),
    }
}

async fn drained(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.server.terminate()?;
    hand_over(world, &["zero"]).await
}

/// A second process takes the place of the first, which is to end by itself.
async fn hand_over(world: &mut World, before: &[&str]) -> Outcome<Cell> {
    let successor = world.server.start_successor().await?;
    let mut drained = std::mem::replace(&mut world.server, successor);
    if !world.server.publish_when_heard(TOKEN, "one", PATIENCE).await? {
        let stopped = world.reports.seen().iter().any(|report| report.kind == "closed");
        let text = if stopped { "stops for good" } else { "does not come back" };
        return Ok(Cell::wrong(text));
    }
    drained.ended().await?;
    world.pinged("one").await;
    let expected = [before, &["one"]].concat();
    Ok(judge(world.reports.seen(), &expected, "comes back"))
}

async fn comes_in_drain(world: &mut World) -> Outcome<Cell> {
    let crowd = crowd(world).await?;
    world.relay.hold();
    world.start_client().await?;
    world.server.terminate()?;
    world.settle().await;
    world.relay.let_in();
    let refused = world.relay.until_status(200, Duration::from_millis(500)).await;
    let cell = hand_over(world, &[]).await;
    drop(crowd);
    let cell = cell?;
    let how = if refused { "`sse.refused`" } else { "503" };
    match cell.right {
        true => Ok(Cell::right(format!("{how}, comes again"))),
        false => Ok(Cell::wrong(format!("{how}, {}", cell.text))),
    }
}

/// Listeners that a drain has to wait for.
async fn crowd(world: &World) -> Outcome<Vec<crate::http::Stream>> {
    let mut crowd = Vec::new();
    for number in 0..20 {
        crowd.push(listener(world, &format!("crowd-{number}")).open(PATIENCE).await?);
    }
    Ok(crowd)
}

fn listener(world: &World, token: &str) -> Listen {
    Listen::new(world.server.addr(), Version::Http1, token)
}

async fn closed(world: &mut World) -> Outcome<Cell> {
    world.open_with_event().await?;
    world.server.close(TOKEN).await?;
    let ended = world.told("sse.end").await;
    let stops = stops_at_204(world).await;
    match ended {
        true => Ok(stops),
        false => Ok(Cell::wrong(format!("not told the end, {}", stops.text))),
    }
}

async fn is_final(world: &mut World) -> Outcome<Cell> {
    let first = listener(world, TOKEN).open(PATIENCE).await?;
    world.server.close(TOKEN).await?;
    drop(first);
    world.start_client().await?;
    Ok(stops_at_204(world).await)
}

async fn stops_at_204(world: &mut World) -> Cell {
    if !world.relay.until_status(204, PATIENCE).await {
        return Cell::wrong("never asks again");
    }
    let asked = world.relay.exchanges().len();
    // Several times what the server, or a library of its own accord, has it wait.
    sleep(Duration::from_secs(5)).await;
    let again = world.relay.exchanges().len() - asked;
    let odd = odd_messages(world.reports.seen());
    match (again, odd) {
        (0, None) => Cell::right("stops"),
        (0, Some(odd)) => Cell::wrong(format!("stops; {odd}")),
        (again, _) => Cell::wrong(format!("asks {again} times more in 5 s")),
    }
}

/// An event that fills many lines, so that a cut leaves whole lines of it.
fn lines() -> String {
    let line = "x".repeat(1023);
    let mut lines = vec![line.as_str(); 1024].join("\n");
    lines.truncate(MIB);
    lines
}

const MIB: usize = 1 << 20;
