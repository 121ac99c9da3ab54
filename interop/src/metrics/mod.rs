mod figures;
mod load;

use std::path::Path;

use load::{Load, crowds, history, strangers};

use crate::{
    Args, Outcome,
    table::{Cell, Table},
};

/// Does so much of everything to servers, and looks at what they say of it.
pub(crate) async fn run(args: &Args, bench: &Path) -> Outcome<Table> {
    let mut table = Table::new(INTRO, "figure", vec!["was done", "is said"], &[]);
    let parser = figures::version().await?;
    for load in [
        crowds(&args.server, bench).await?,
        history(&args.server).await?,
        strangers(&args.server).await?,
    ] {
        add(&mut table, &parser, load, &args.only).await?;
    }
    Ok(table)
}

async fn add(table: &mut Table, parser: &str, load: Load, only: &str) -> Outcome {
    let found = figures::settled(load.admin(), &load.expected).await?;
    let complaints = figures::complaints(&figures::scrape(load.admin()).await?).await?;
    let mut rows: Vec<_> = load.expected.iter().collect();
    rows.sort_by_key(|(name, _)| !name.contains("total"));
    for (name, expected) in rows {
        let said = found.get(name).map_or("nothing".to_owned(), f64::to_string);
        let cell = if found.get(name) == Some(expected) { Cell::right } else { Cell::wrong };
        let row = format!("{}: `{name}`", load.name);
        if row.contains(only) {
            table.add(row, vec![Cell::right(expected.to_string()), cell(said)]);
        }
    }
    let is_other = |name: &str| name.contains("_total") && !load.expected.contains_key(name);
    let others = found.iter().filter(|(name, value)| is_other(name) && **value != 0.0);
    let others: Vec<_> = others.map(|(name, value)| format!("{name} {value}")).collect();
    let cell = if others.is_empty() { Cell::right("0") } else { Cell::wrong(others.join(", ")) };
    table.add(format!("{}: every other counter", load.name), vec![Cell::right("0"), cell]);
    let said = if complaints.is_empty() { Cell::right("nothing") } else { Cell::wrong(complaints) };
    table.add(format!("{}: {parser}", load.name), vec![Cell::right("nothing"), said]);
    Ok(())
}

const INTRO: &str = include_str!("intro.md");
