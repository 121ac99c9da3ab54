use std::time::Duration;

use sse_testkit::{MemoryServer, Step};

use super::{config, contract, next};
use crate::support::{builder, held, ids, stream};

contract! {
    restart: "caller can trigger a restart" => {
        let server = MemoryServer::new([held("data: Hello\n\n"), held("data: World\n\n")]);
        let mut source = builder(&server).with_config(config()).build().unwrap();
        assert_eq!(next(&mut source).await, "Hello");

        source.restart();

        assert_eq!(next(&mut source).await, "World");
    }

    id: "sends ID of last received event" => {
        assert_eq!(ids_behind("id: abc\ndata: Hello\n\n").await, [None, Some("abc".to_owned())]);
    }

    id_without_later: "sends ID of last received event that had an ID if later events did not" => {
        let events = "id: abc\ndata: Hello\n\ndata: World\n\n";
        assert_eq!(ids_behind(events).await, [None, Some("abc".to_owned())]);
    }

    emptied_id: "last event ID can be explicitly overridden with an empty value" => {
        let events = "id: abc\ndata: Hello\n\nid:\ndata: World\n\n";
        assert_eq!(ids_behind(events).await, [None, None]);
    }

    body: "resends request body if any when reconnecting" => {
        let head = [Step::ExpectHead, Step::ExpectBody, Step::stream_head()];
        let first = [&head[..], &[Step::send("data: Hello\n\n")]].concat();
        let second = [&head[..], &[Step::send("data: World\n\n"), Step::Hold]].concat();
        let server = MemoryServer::new([first, second]);
        let mut source = builder(&server)
            .with_config(config())
            .with_method(http::Method::POST)
            .with_body("body")
            .build()
            .unwrap();

        assert_eq!(next(&mut source).await, "Hello");
        assert_eq!(next(&mut source).await, "error: the stream ended");
        assert_eq!(next(&mut source).await, "World");

        assert!(server.requests().iter().all(|request| request.body == b"body"));
    }

    read_timeout: "can set read timeout" => {
        let server = MemoryServer::new([held("data: Hello\n\n"), held("data: World\n\n")]);
        let config = config().with_idle_timeout(Duration::from_millis(500));
        let mut source = builder(&server).with_config(config).build().unwrap();

        assert_eq!(next(&mut source).await, "Hello");
        assert_eq!(next(&mut source).await, "error: nothing came for 500ms");
        assert_eq!(next(&mut source).await, "World");
    }

    partial: "discards partial messages on retry" => {
        let first = "data: Hello\n\nid: never\nevent: x\ndata: half";
        let server = MemoryServer::new([stream(first), held("data: World\n\n")]);
        let mut source = builder(&server).with_config(config()).build().unwrap();

        assert_eq!(next(&mut source).await, "Hello");
        assert_eq!(next(&mut source).await, "error: the stream ended");
        assert_eq!(next(&mut source).await, "World");
    }

    functional: "new connection established after breaking previous is functional" => {
        let server = MemoryServer::new([stream("data: 1\n\n"), held("data: 2\n\ndata: 3\n\n")]);
        let mut source = builder(&server).with_config(config()).build().unwrap();

        for expected in ["1", "error: the stream ended", "2", "3"] {
            assert_eq!(next(&mut source).await, expected);
        }
    }
}

async fn ids_behind(events: &str) -> Vec<Option<String>> {
    let server = MemoryServer::new([stream(events), held("data: end\n\n")]);
    let mut source = builder(&server).with_config(config()).build().unwrap();
    while !next(&mut source).await.contains("end") {}
    while server.requests().len() < 2 {
        next(&mut source).await;
    }
    ids(&server)
}
