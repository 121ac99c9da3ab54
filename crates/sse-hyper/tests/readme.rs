//! The programs that the READMEs show, served.

use sse_testkit::{cluster::RedisServer, examples::Program, run, words};

#[test]
fn a_browser_that_has_all_comes_back_once() {
    run(words::a_browser_that_has_all_comes_back_once("hyper_words"));
}

#[test]
fn what_the_process_publishes_is_heard() {
    run(async {
        let mut program = Program::start("embed", ANY_PORT);
        let target = program.target();
        let mut listener = target.listen("clock").await;

        let tick = listener.block().await;

        assert!(tick.starts_with("event: ping\ndata: "), "{tick:?}");
    });
}

#[test]
fn the_first_who_listens_is_spoken_of() {
    run(async {
        let mut program = Program::start("presence", ANY_PORT);
        let target = program.target();

        let _news = target.listen_at("/poll/news:42").await;

        assert_eq!(program.line(), "news:42 has a listener; 1 in all");
        let _more_news = target.listen_at("/poll/news:42").await;
        let _else = target.listen_at("/poll/42").await;
        assert_eq!(program.line(), "42 has a listener; 3 in all");
        assert_eq!(target.get("/poll/42").await.status(), 423);
    });
}

#[test]
fn what_was_published_is_there_after_a_start() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let args = ["127.0.0.1:0", dir.path().to_str().unwrap()];
        let mut program = Program::start("durable", &args);
        program.target().publish("ping", "42", "hello").await;
        drop(program);

        let mut program = Program::start("durable", &args);
        let target = program.target();
        let mut listener = target.listen_at("/poll/42?since=earliest").await;

        assert!(listener.block().await.starts_with("event: sse.open\n"));
        assert!(listener.block().await.starts_with("event: ping\ndata: hello\nid: 1."));
    });
}

#[test]
fn what_is_published_at_one_node_is_heard_at_the_other() {
    run(async {
        let redis = RedisServer::start(&[]);
        let args = ["127.0.0.1:0", &redis.url()];
        let (mut one, mut other) = (Program::start("nodes", &args), Program::start("nodes", &args));
        let mut listener = one.target().listen_at("/poll/42").await;

        other.target().publish("ping", "42", "hello").await;

        assert!(listener.block().await.starts_with("event: sse.open\n"));
        assert!(listener.block().await.starts_with("event: ping\ndata: hello\nid: 1."));
    });
}

#[test]
fn a_format_joins_lines() {
    run(async {
        let mut program = Program::start("joined", ANY_PORT);
        let target = program.target();
        let mut listener = target.listen("42").await;

        target.publish("ping", "42", "a\r\nb\nc").await;

        listener.expect("event: ping\ndata: a;b;c\nid: 0\n\n").await;
    });
}

#[test]
fn a_client_prints_what_it_hears_until_it_has_all() {
    let mut server = Program::start("hyper_words", ANY_PORT);
    let address = format!("http://{}/words", server.target().addr());

    let mut client = Program::start("listen", &[&address]);

    for word in ["to", "be", "or", "not"] {
        assert_eq!(client.line(), format!("message: {word}"));
    }
}

#[test]
fn a_reader_prints_what_a_server_sent() {
    run(async {
        let mut server = Program::start("hyper_words", ANY_PORT);
        let answer = server.target().get("/words").await;
        let mut reader = Program::start("print_tokens", &[]);

        reader.feed(answer.text());

        for word in ["to", "be", "or", "not", ""] {
            assert_eq!(reader.line(), word);
        }
    });
}

const ANY_PORT: &[&str] = &["127.0.0.1:0"];
