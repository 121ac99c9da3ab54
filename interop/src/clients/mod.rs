mod client;
mod judge;
mod known;
mod reports;
mod scenario;
mod world;

use std::{path::Path, sync::Arc};

use client::Client;
use scenario::Scenario;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Args, Outcome, http,
    table::{Cell, Table},
};

/// Runs every client through every scenario.
pub(crate) async fn run(args: &Args, programs: &Path) -> Outcome<Table> {
    let clients: Vec<_> =
        Client::ALL.into_iter().filter(|client| client.name().contains(&args.only)).collect();
    let turns = Arc::new(Semaphore::new(args.jobs));
    let mut running = JoinSet::new();
    for (row, &client) in clients.iter().enumerate() {
        for (column, scenario) in Scenario::ALL.into_iter().enumerate() {
            let (turns, server, programs) =
                (Arc::clone(&turns), args.server.clone(), programs.to_owned());
            running.spawn(async move {
                let _turn = turns.acquire_owned().await.expect("it is never closed");
                let cell = scenario.run(client, &server, &programs).await;
                let cell = cell.unwrap_or_else(|error| Cell::wrong(http::explain(&*error)));
                eprintln!("{}, {}: {}", client.name(), scenario.name(), cell.text);
                (row, column, cell)
            });
        }
    }
    let empty = Cell::wrong("did not run");
    let mut cells = vec![vec![empty; Scenario::ALL.len()]; clients.len()];
    while let Some(done) = running.join_next().await {
        let (row, column, cell) = done?;
        cells[row][column] = cell;
    }
    let columns = Scenario::ALL.map(Scenario::name).to_vec();
    let mut table = Table::new(INTRO, "client", columns, known::KNOWN);
    for (client, cells) in clients.iter().zip(cells) {
        table.add(client.version(programs).await?, cells);
    }
    Ok(table)
}

const INTRO: &str = include_str!("intro.md");
