//! What a Redis has to be and to permit.

use sse_core::{channel::Mode, history::History};
use sse_redis::{RedisConfig, StartError, Status, Store};
use sse_testkit::{
    Log,
    cluster::{Link, RedisServer},
    until,
};
use tracing::Level;

use crate::support::{Node, until_synchronous};

async fn start(config: RedisConfig) -> Result<Store, StartError> {
    let store = Store::start(config)?;
    store.ready().await?;
    Ok(store)
}

fn with_user(redis: &RedisServer, user: &str, rules: &[&str]) -> RedisConfig {
    let rules = [&["ACL", "SETUSER", user, "on", ">s3cret"], rules].concat();
    assert!(!redis.command(&rules).is_error());
    RedisConfig::new(format!("redis://{user}:s3cret@{}", redis.addr()))
}

#[tokio::test]
async fn a_user_with_the_rights_that_are_named_can_be_used() {
    let redis = RedisServer::start(&[]);
    let config = with_user(&redis, "node", &RIGHTS);
    let history = History::new(7);

    let node = Node::not_ready(config, history, |config| config.with_mode(Mode::Shared));
    node.store.ready().await.unwrap();
    let mut listener = node.listen("news", "").await;
    node.publish("news", "hi").await;

    assert_eq!(listener.data(1).await, ["hi"]);
}

#[tokio::test]
async fn rights_that_are_missing_are_named() {
    let redis = RedisServer::start(&[]);
    for (without, expected) in [
        ("-info", "INFO"),
        ("-evalsha", "EVALSHA"),
        ("-script", "SCRIPT"),
        ("-subscribe", "SUBSCRIBE"),
        ("-xadd", "XADD"),
        ("-publish", "PUBLISH"),
        ("-pexpire", "PEXPIRE"),
    ] {
        let rights = [&RIGHTS[..], &[without]].concat();
        let config = with_user(&redis, &format!("no{expected}"), &rights);

        let error = start(config).await.err();

        let Some(StartError::Rights { commands, .. }) = &error else {
            panic!("{without}: {error:?}")
        };
        assert_eq!(commands, &[expected], "{without}");
        let told = error.unwrap().to_string();
        assert!(told.contains("~{sse*") && !told.contains("s3cret"), "{told}");
    }
    let elsewhere = ["~{other*", "&{other*", "+@all"];
    let error = start(with_user(&redis, "elsewhere", &elsewhere)).await.err();
    let Some(StartError::Rights { commands, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(commands, &["the keys"]);
    let keys_alone = ["~{sse*", "+@all"];
    let error = start(with_user(&redis, "keys", &keys_alone)).await.err();
    let Some(StartError::Rights { commands, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(commands, &["PUBLISH"], "to the channels of nodes");
}

#[tokio::test]
async fn a_login_that_is_refused_is_said_at_once() {
    let redis = RedisServer::start(&["--requirepass right"]);
    for url in [
        redis.url(),
        format!("redis://:wrong@{}", redis.addr()),
        format!("redis://nobody:right@{}", redis.addr()),
    ] {
        let error = start(RedisConfig::new(&url)).await.err();
        assert!(matches!(error, Some(StartError::Login(_))), "{url}: {error:?}");
    }
    start(RedisConfig::new(format!("redis://:right@{}", redis.addr()))).await.unwrap();
}

#[tokio::test]
async fn nodes_with_other_settings_are_refused() {
    let redis = RedisServer::start(&[]);
    let config = || RedisConfig::new(redis.url()).with_setting("mode", "shared");
    let _first = start(config()).await.unwrap();
    let _second = start(config()).await.unwrap();

    for (other, name) in [
        (config().with_partitions(64), "partitions"),
        (RedisConfig::new(redis.url()).with_setting("mode", "exclusive"), "mode"),
    ] {
        let error = start(other).await.err();
        let Some(StartError::Settings { name: told, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(told, name);
    }
    start(config().with_partitions(64).with_prefix("other")).await.unwrap();
}

#[tokio::test]
async fn deployments_with_another_prefix_share_nothing() {
    let redis = RedisServer::start(&[]);
    let node = async |prefix: &str| {
        let config = RedisConfig::new(redis.url()).with_prefix(prefix);
        let node = Node::not_ready(config, History::new(7), |hub| hub.with_mode(Mode::Shared));
        node.store.ready().await.unwrap();
        node
    };
    let (one, other) = (node("one").await, node("other").await);
    let mut listener = other.listen("news", "").await;

    one.publish("news", "for one").await;
    other.publish("news", "for the other").await;

    assert_eq!(listener.data(1).await, ["for the other"]);
}

#[tokio::test]
async fn a_member_of_a_cluster_is_refused() {
    let redis = RedisServer::start(&["--cluster-enabled yes"]);

    assert_eq!(start(RedisConfig::new(redis.url())).await.err(), Some(StartError::Cluster));
}

#[tokio::test]
async fn a_redis_that_may_drop_histories_is_warned_of() {
    let redis = RedisServer::start(&["--maxmemory 100mb", "--maxmemory-policy allkeys-lru"]);
    let (log, _guard) = Log::start(Level::WARN);

    start(RedisConfig::new(redis.url())).await.unwrap();

    let warnings = log.text();
    assert_eq!(log.count("Redis may drop histories"), 1, "{warnings}");
    assert!(warnings.contains("allkeys-lru"), "{warnings}");
}

#[tokio::test]
async fn a_replica_is_waited_for_until_it_is_the_primary() {
    let primary = RedisServer::start(&[]);
    let replica = RedisServer::start_replica_of(&primary);
    let store = Store::start(RedisConfig::new(replica.url())).unwrap();
    until("it to be said", async || {
        matches!(store.status(), Status::Away { reason } if reason.contains("is a replica"))
    })
    .await;

    replica.command(&["REPLICAOF", "NO", "ONE"]);

    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_node_waits_for_a_redis_that_is_not_there_yet() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    link.refuse().await;
    let url = format!("redis://{}", link.addr());
    let node =
        Node::not_ready(RedisConfig::new(url), History::new(7), |hub| hub.with_mode(Mode::Shared));
    assert!(node.try_publish("news", "no").await.is_err());
    assert!(node.try_listen("news", "").await.is_err());

    link.heal();
    node.store.ready().await.unwrap();

    let mut listener = node.listen("news", "").await;
    node.publish("news", "hi").await;
    assert_eq!(listener.data(1).await, ["hi"]);
}

#[tokio::test]
async fn the_primary_that_sentinels_name_is_used_and_the_next_one_after_a_failover() {
    let primary = RedisServer::start(&[]);
    let replica = RedisServer::start_replica_of(&primary);
    let sentinel = RedisServer::start_sentinel_of(&primary, "main");
    let url = format!("redis+sentinel://{}/main", sentinel.addr());
    let node = Node::with(&url, |config| config.with_mode(Mode::Shared)).await;
    let mut listener = node.listen("news", "").await;
    node.publish("news", "before").await;

    until("the sentinel to know the replica", async || {
        !sentinel.command(&["SENTINEL", "REPLICAS", "main"]).elements().is_empty()
    })
    .await;
    until_synchronous(&primary, &replica).await;
    primary.kill();
    sentinel.command(&["SENTINEL", "FAILOVER", "main"]);
    until("the other one to be used", async || {
        let role = replica.try_command(&["INFO", "replication"]);
        let is_primary = role.is_ok_and(|role| role.to_string().contains("role:master"));
        is_primary && node.try_publish("news", "after").await.is_ok()
    })
    .await;

    assert_eq!(listener.data(2).await, ["before", "after"]);
}

#[tokio::test]
async fn redis_is_reached_over_tls() {
    let identity = sse_testkit::TlsIdentity::self_signed();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), &identity.certificate).unwrap();
    std::fs::write(path("key.pem"), &identity.key).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = [
        format!("--tls-port {port}"),
        format!("--tls-cert-file {}", path("cert.pem")),
        format!("--tls-key-file {}", path("key.pem")),
        "--tls-auth-clients no".to_owned(),
    ];
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let _redis = RedisServer::start(&options);
    let config = || RedisConfig::new(format!("rediss://localhost:{port}"));

    let known =
        Store::start(config().with_root_certificates(identity.certificate.as_str())).unwrap();
    until("Redis to be reached", async || known.status().is_ready()).await;

    let unknown = Store::start(config()).unwrap();
    until("the certificate to be refused", async || {
        matches!(unknown.status(), Status::Away { reason } if reason.contains("certificate"))
    })
    .await;
}

/// All that a user of Redis has to be permitted, as the error says that names what is missing.
const RIGHTS: [&str; 9] = [
    "~{sse*",
    "&{sse*",
    "+@read",
    "+@write",
    "+@pubsub",
    "+@scripting",
    "-@dangerous",
    "+info",
    "+time",
];
