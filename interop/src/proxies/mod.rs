mod check;
mod drain;
mod guide;
mod known;
mod proxy;

mod configs;
pub(crate) use configs::Configs;

use std::sync::Arc;

use check::Check;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Args, Outcome, http,
    table::{Cell, Table},
};

/// Runs every check through every proxy that `configs` has, in both versions of HTTP.
pub(crate) async fn run(args: &Args, configs: Configs) -> Outcome<Table> {
    let mut rows = Vec::new();
    for &proxy in configs.proxies() {
        for (version, name) in configs.versions() {
            let name = format!("{}, {name}", proxy.version().await?);
            if name.contains(&args.only) {
                rows.push((proxy, version, name));
            }
        }
    }
    let checks = Check::of(&configs);
    let turns = Arc::new(Semaphore::new(args.jobs));
    let mut running = JoinSet::new();
    for (row, (proxy, version, name)) in rows.iter().enumerate() {
        for (column, check) in checks.iter().copied().enumerate() {
            let (turns, name) = (Arc::clone(&turns), name.clone());
            let (server, configs) = (args.server.clone(), configs.clone());
            let (proxy, version) = (*proxy, *version);
            running.spawn(async move {
                let _turn = turns.acquire_owned().await.expect("it is never closed");
                let cell = check.run(proxy, version, &server, &configs).await;
                let cell = cell.unwrap_or_else(|error| Cell::wrong(http::explain(&*error)));
                eprintln!("{name}, {}: {}", check.name(), cell.text);
                (row, column, cell)
            });
        }
    }
    let mut cells = vec![vec![Cell::wrong("did not run"); checks.len()]; rows.len()];
    while let Some(done) = running.join_next().await {
        let (row, column, cell) = done?;
        cells[row][column] = cell;
    }
    let columns = checks.iter().map(|check| check.name()).collect();
    let (intro, known) = match configs {
        Configs::Templates(_) => (INTRO, known::TEMPLATES),
        Configs::Guide(_) => (GUIDE_INTRO, known::GUIDE),
    };
    let mut table = Table::new(intro, "proxy", columns, known);
    for ((_, _, name), cells) in rows.into_iter().zip(cells) {
        table.add(name, cells);
    }
    Ok(table)
}

const INTRO: &str = include_str!("intro.md");
const GUIDE_INTRO: &str = include_str!("guide.md");
