use std::sync::Arc;

use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use super::process::{Crowd, Process};
use crate::{Listener, StreamEnd, Target, head};

/// "Kill the connection of every listener at random 1,000 times while publishing: with resume, nobody
/// misses an event."
pub async fn who_comes_back_misses_nothing() {
    let process = Arc::new(Process::start(Crowd::Remembered));
    let target = &process.target;
    let cuts = Arc::new(Semaphore::new(0));
    let (cut, mut is_cut) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (process, cuts, cut) = (process.clone(), cuts.clone(), cut.clone());
        clients.spawn(async move { client(&process.target, number, &cuts, &cut).await });
    }
    drop(cut);
    let mut published = 0;
    for _ in 0..CUTS {
        cuts.add_permits(1);
        // A publication between each two cuts, and sometimes more.
        while target.post("ping", "42", published.to_string()).await.status() == 200 {
            published += 1;
            if published % 3 != 0 {
                break;
            }
        }
        is_cut.recv().await.expect("the clients are there");
    }
    target.publish("ping", "42", "last").await;
    while let Some(client) = clients.join_next().await {
        let data = client.expect("a client does not fail");
        assert_eq!(data.len(), published, "every event once");
        let in_order = data.iter().enumerate().all(|(n, data)| *data == n.to_string());
        assert!(in_order, "in order");
    }
}

/// Reads to the event `last`, and is cut off whenever there is a permit to; returns all data before.
async fn client(
    target: &Target,
    number: usize,
    cuts: &Semaphore,
    cut: &mpsc::UnboundedSender<()>,
) -> Vec<String> {
    let (mut id, mut data) = (String::new(), Vec::new());
    loop {
        let mut connection = target.connect().await;
        let fields = [("Last-Event-ID", &*id)];
        let fields = if id.is_empty() { &[][..] } else { &fields };
        let since = if id.is_empty() { "?since=earliest" } else { "" };
        connection.send(head("GET", &format!("/poll/42{since}"), fields)).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200);
        let verdict = head.field("sse-resume").map(str::to_owned);
        let expected = if id.is_empty() { "fresh" } else { "ok" };
        assert_eq!(verdict.as_deref(), Some(expected), "client {number} at {id}");
        let mut listener = Listener::new(connection, head);
        loop {
            let block = tokio::select! {
                block = listener.next_block() => block,
                permit = cuts.acquire() => {
                    permit.expect("it is never closed").forget();
                    listener.reset();
                    let _over = cut.send(());
                    break;
                }
            };
            let block = match block {
                Ok(block) => block,
                Err(StreamEnd::Clean | StreamEnd::Cut) => panic!("nobody ends it"),
            };
            let field = |name| block.lines().find_map(|line| line.strip_prefix(name));
            id = field("id: ").expect("every block has an id").to_owned();
            match (field("event: "), field("data: ")) {
                (Some("ping"), Some("last")) => return data,
                (Some("ping"), Some(new)) => data.push(new.to_owned()),
                _ => assert!(block.starts_with("event: sse.open\n"), "{block}"),
            }
        }
    }
}

const CLIENTS: usize = 20;
const CUTS: usize = 1_000;
