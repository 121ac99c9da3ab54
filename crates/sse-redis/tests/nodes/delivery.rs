use sse_testkit::cluster::RedisServer;

use crate::support::Node;

#[tokio::test]
async fn what_is_published_at_one_node_is_delivered_at_all() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    let mut at_b = b.listen("news", "").await;

    let mut positions = Vec::new();
    for number in 0..50 {
        let node = if number % 2 == 0 { &a } else { &b };
        positions.push(node.publish("news", &number.to_string()).await.seq());
    }

    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(at_a.data(50).await, expected);
    assert_eq!(at_b.data(50).await, expected);
    assert_eq!(positions, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_resumes_at_another_node() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    assert_eq!(at_a.next().await.unwrap().name, "sse.open");
    a.publish("news", "1").await;
    let last = at_a.next().await.unwrap().id;
    drop(at_a);
    for data in ["2", "3", "4"] {
        a.publish("news", data).await;
    }

    let mut at_b = b.listen("news", &last).await;

    let opening = at_b.next().await.unwrap();
    assert_eq!((opening.name.as_str(), opening.data.as_str()), ("sse.open", r#"{"resume":"ok"}"#));
    assert_eq!(at_b.data(3).await, ["2", "3", "4"]);
}
