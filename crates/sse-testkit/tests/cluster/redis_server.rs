use std::{collections::HashSet, io::ErrorKind, net::TcpStream, thread};

use sse_testkit::cluster::{RedisServer, Reply};

#[test]
fn a_server_answers_when_it_has_started() {
    let redis = RedisServer::start(&[]);

    assert_eq!(redis.command(&["PING"]), Reply::Simple("PONG".into()));
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}", redis.addr().port()));
    assert_eq!(redis.command(&["CONFIG", "GET", "save"]).elements()[1].to_string(), "");
}

#[test]
fn commands_have_all_kinds_of_replies() {
    let redis = RedisServer::start(&[]);

    assert_eq!(redis.command(&["GET", "nothing"]), Reply::Nil);
    assert_eq!(redis.command(&["INCR", "count"]), Reply::Integer(1));
    assert_eq!(redis.command(&["SET", "text", "a b\r\n"]).to_string(), "OK");
    assert_eq!(redis.command(&["GET", "text"]), Reply::Bulk(b"a b\r\n".into()));
    assert_eq!(redis.command(&["KEYS", "c*"]).to_string(), "count");
    assert!(redis.command(&["INCR", "text"]).is_error());
    let long = redis.command(&["EVAL", "return string.rep('x', 1000000)", "0"]);
    assert_eq!(long.to_string().len(), 1_000_000);
}

#[test]
fn many_servers_start_at_once() {
    let servers = thread::scope(|scope| {
        let starting: Vec<_> = (0..8).map(|_| scope.spawn(|| RedisServer::start(&[]))).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect::<Vec<_>>()
    });

    let ports: HashSet<_> = servers.iter().map(RedisServer::addr).collect();
    assert_eq!(ports.len(), 8);
    for (index, server) in servers.iter().enumerate() {
        server.command(&["SET", "mine", &index.to_string()]);
    }
    for (index, server) in servers.iter().enumerate() {
        assert_eq!(server.command(&["GET", "mine"]).to_string(), index.to_string());
    }
}

#[test]
fn a_killed_server_refuses_connections_until_it_is_started_again() {
    let redis = RedisServer::start(&["--appendonly yes", "--appendfsync always"]);
    redis.command(&["SET", "greeting", "hi"]);
    let addr = redis.addr();
    let connection = TcpStream::connect(addr).unwrap();

    redis.kill();
    let refused = redis.try_command(&["PING"]).unwrap_err();
    redis.restart();

    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(redis.addr(), addr);
    assert_eq!(redis.command(&["GET", "greeting"]).to_string(), "hi");
    drop(connection);
}

#[test]
fn a_server_without_files_has_forgotten_everything_after_a_restart() {
    let redis = RedisServer::start(&[]);
    redis.command(&["SET", "greeting", "hi"]);

    redis.restart();

    assert_eq!(redis.command(&["GET", "greeting"]), Reply::Nil);
}

#[test]
fn a_server_is_loading_until_it_has_read_its_files() {
    let slowly =
        ["--save 3600 1", "--key-load-delay 1000", "--loading-process-events-interval-bytes 1024"];
    let redis = RedisServer::start(&slowly);
    redis.command(&["DEBUG", "POPULATE", "500"]);
    redis.command(&["SAVE"]);

    redis.restart_without_waiting();
    let is_loading = || match redis.try_command(&["GET", "key:1"]) {
        Ok(reply) => {
            assert!(reply.to_string().starts_with("LOADING"), "{reply}");
            true
        }
        Err(_refused) => false,
    };
    while !is_loading() {
        thread::yield_now();
    }
    redis.wait_until_ready();

    assert_eq!(redis.command(&["DBSIZE"]).integer(), 500);
}

#[test]
fn a_paused_server_answers_when_it_is_resumed() {
    let redis = RedisServer::start(&[]);

    redis.pause();
    let answered = thread::scope(|scope| {
        let asking = scope.spawn(|| redis.command(&["PING"]).to_string());
        // It cannot have been answered: who would has no time.
        assert!(!asking.is_finished());
        redis.resume();
        asking.join().unwrap()
    });

    assert_eq!(answered, "PONG");
}

#[test]
fn a_paused_server_can_be_killed() {
    let redis = RedisServer::start(&[]);
    redis.pause();

    redis.restart();

    assert_eq!(redis.command(&["PING"]).to_string(), "PONG");
}

#[test]
fn a_replica_has_what_its_primary_has_and_can_take_over() {
    let primary = RedisServer::start(&["--requirepass secret"]);
    primary.command(&["SET", "greeting", "hi"]);

    let replica = RedisServer::start_replica_of(&primary);
    let read = replica.command(&["GET", "greeting"]).to_string();
    let refused = replica.command(&["SET", "greeting", "ho"]);
    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]);

    assert_eq!(read, "hi");
    assert!(refused.to_string().starts_with("READONLY"), "{refused}");
    assert_eq!(replica.command(&["SET", "greeting", "ho"]).to_string(), "OK");
}

#[test]
fn a_dropped_server_is_gone() {
    let redis = RedisServer::start(&[]);
    let addr = redis.addr();

    drop(redis);

    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
#[should_panic(expected = "no-such-setting")]
fn a_server_that_does_not_start_says_why() {
    RedisServer::start(&["--no-such-setting 1"]);
}
