//! The connection goes on when its stream has ended.

use sse_testkit::{Connection, End, Listener, OPEN, head, post, until};

use super::support::{Delivering, ENGINES, event};

#[tokio::test]
async fn a_request_that_was_sent_while_the_stream_ran_is_answered_at_its_end() {
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        let (listen, next) = (head("GET", "/poll/42", &[]), post("/ping/43", b"hi"));
        let mut other = server.listen("43").await;
        for cut in 0..=next.len() {
            let mut connection = Connection::open(server.addr).await;
            // What comes with the request to listen, and what comes while the stream runs.
            let (early, late) = next.split_at(cut);
            connection.send([listen.as_bytes(), early].concat()).await;
            let head = connection.head().await;
            let mut listener = Listener::new(connection, head).opened().await;
            listener.connection().send(late).await;
            server.publish("42", "1");
            listener.expect(&event("1")).await;

            server.close("42");

            listener.expect_end().await;
            let answer = listener.connection().response().await;
            assert_eq!(answer.status(), 200, "cut at {cut}, {engines} engines");
            other.expect(&event("hi")).await;
        }
        drop(other);
        server.until_deserted().await;
    }
}

#[tokio::test]
async fn a_connection_can_listen_again_and_again() {
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        let mut connection = Connection::open(server.addr).await;
        let request = head("GET", "/poll/42", &[]);
        for round in 0..20 {
            // Some wait in a row for the end of the one before.
            let in_a_row = 1 + round % 3;
            connection.send(request.repeat(in_a_row)).await;
            for _ in 0..in_a_row {
                until("nobody listens", async || server.counts().listeners == 1).await;
                server.publish("42", "1");
                server.close("42");

                let answer = connection.response().await;
                assert_eq!(answer.text(), OPEN.to_owned() + &event("1"), "{engines} engines");
            }
        }
        connection.send(head("HEAD", "/poll/42", &[])).await;
        assert_eq!(connection.head().await.status, 200);
        connection.send(head("GET", "/", &[("connection", "close")])).await;
        assert_eq!(connection.response().await.status(), 200);
        assert_eq!(connection.end().await, End::Closed);
        drop(connection);
        server.until_deserted().await;
    }
}

#[tokio::test]
async fn a_stream_that_is_the_last_answer_ends_with_its_connection() {
    let close = head("GET", "/poll/42", &[("connection", "close")]);
    let old = "GET /poll/42 HTTP/1.0\r\nhost: test\r\n\r\n".to_owned();
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        for request in [&close, &old] {
            let mut connection = Connection::open(server.addr).await;
            // What follows is not answered.
            connection.send(format!("{request}{}", head("GET", "/", &[]))).await;
            until("nobody listens", async || server.counts().listeners == 1).await;
            server.publish("42", "1");
            server.close("42");

            let answer = connection.response().await;
            assert_eq!(answer.text(), OPEN.to_owned() + &event("1"), "{engines} engines");
            assert_eq!(connection.end().await, End::Closed, "{engines} engines: {request}");
        }
        server.until_deserted().await;
    }
}
