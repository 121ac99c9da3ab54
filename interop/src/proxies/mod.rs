mod check;
mod drain;
mod known;
mod proxy;

use std::{path::Path, sync::Arc};

use check::Check;
use proxy::Proxy;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Args, Outcome,
    http::{self, Version},
    table::{Cell, Table},
};

/// Runs every check through every proxy, in both versions of HTTP, and without one.
pub(crate) async fn run(args: &Args, templates: &Path) -> Outcome<Table> {
    let mut rows = Vec::new();
    for proxy in Proxy::ALL {
        for (version, name) in [(Version::Http1, "HTTP/1.1"), (Version::Http2, "HTTP/2")] {
            let name = format!("{}, {name}", proxy.version().await?);
            if name.contains(&args.only) {
                rows.push((proxy, version, name));
            }
        }
    }
    let turns = Arc::new(Semaphore::new(args.jobs));
    let mut running = JoinSet::new();
    for (row, (proxy, version, name)) in rows.iter().enumerate() {
        for (column, check) in Check::ALL.into_iter().enumerate() {
            let (turns, name) = (Arc::clone(&turns), name.clone());
            let (server, templates) = (args.server.clone(), templates.to_owned());
            let (proxy, version) = (*proxy, *version);
            running.spawn(async move {
                let _turn = turns.acquire_owned().await.expect("it is never closed");
                let cell = check.run(proxy, version, &server, &templates).await;
                let cell = cell.unwrap_or_else(|error| Cell::wrong(http::explain(&*error)));
                eprintln!("{name}, {}: {}", check.name(), cell.text);
                (row, column, cell)
            });
        }
    }
    let mut cells = vec![vec![Cell::wrong("did not run"); Check::ALL.len()]; rows.len()];
    while let Some(done) = running.join_next().await {
        let (row, column, cell) = done?;
        cells[row][column] = cell;
    }
    let columns = Check::ALL.map(Check::name).to_vec();
    let mut table = Table::new(INTRO, "proxy", columns, known::KNOWN);
    for ((_, _, name), cells) in rows.into_iter().zip(cells) {
        table.add(name, cells);
    }
    Ok(table)
}

const INTRO: &str = include_str!("intro.md");
