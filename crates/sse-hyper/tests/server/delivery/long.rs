//! More than one write takes, and more than a socket holds.

use sse_core::{channel::OnOverrun, history::History};
use sse_testkit::{Connection, Listener, head};

use super::support::{Delivering, ENGINES, event, listen_on, shared};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_that_were_missed_come_whole_with_what_is_published_meanwhile() {
    for engines in ENGINES {
        let history = History::new(42).with_max_bytes(64 << 20);
        let config = shared().with_history(history);
        let server = Delivering::start_with(config, |it| it.with_engines(engines)).await;
        let mut first = server.listen("42").await;
        let anchor = first.head().field("sse-last-event-id").unwrap().to_owned();
        let epoch = anchor.split_once('.').unwrap().1.to_owned();
        let expected = |number: usize| {
            format!("event: ping\ndata: {}\nid: {number}.{epoch}\n\n", piece(number))
        };
        for number in 1..=300 {
            server.publish("42", &piece(number));
            first.expect(&expected(number)).await;
        }

        let mut late = Vec::new();
        for narrow in [false, true, true] {
            let connection = if narrow {
                Connection::open_narrow(server.addr).await
            } else {
                Connection::open(server.addr).await
            };
            late.push(resume(connection, &anchor).await);
        }
        // They have read nothing of it yet.
        for number in 301..=310 {
            server.publish("42", &piece(number));
            first.expect(&expected(number)).await;
        }

        for late in &mut late {
            let open = late.block().await;
            assert!(open.contains("{\"resume\":\"ok\"}"), "{open}");
            for number in 1..=310 {
                late.expect(&expected(number)).await;
            }
        }
        drop((first, late));
        server.until_deserted().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_megabyte_come_whole_at_a_client_that_reads_late() {
    for engines in ENGINES {
        let config = shared().with_on_overrun(OnOverrun::Close);
        let server = Delivering::start_with(config, |it| it.with_engines(engines)).await;
        let mut reads = server.listen("42").await;
        let mut late = listen_on(Connection::open_narrow(server.addr).await, "42").await;
        let long = "x".repeat(1 << 20);
        for number in 0..5 {
            for data in [&long[..], &number.to_string()] {
                server.publish("42", data);
                reads.expect(&event(data)).await;
            }
        }
        server.close("42");

        reads.expect_end().await;
        for number in 0..5 {
            late.expect(&event(&long)).await;
            late.expect(&event(&number.to_string())).await;
        }
        late.expect_end().await;
        drop((reads, late));
        server.until_deserted().await;
    }
}

async fn resume(mut connection: Connection, id: &str) -> Listener {
    connection.send(head("GET", "/poll/42", &[("last-event-id", id)])).await;
    let head = connection.head().await;
    assert_eq!(head.field("sse-resume"), Some("ok"));
    Listener::new(connection, head)
}

/// Some are longer than a write, most are not.
fn piece(number: usize) -> String {
    format!("{number:0width$}", width = 1 + number * 4_099 % 40_000)
}
