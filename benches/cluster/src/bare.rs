//! Redis without the library: what can be reached with the `redis` crate alone.

use std::sync::Arc;

use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, PushInfo,
    PushKind, Value, aio::MultiplexedConnection, cmd,
};
use sse_core::{Event, event::EventName, store::Append};
use sse_testkit::cluster::RedisServer;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{Result, node::token};

/// The script that publishes, called as a store calls it, for channels whose names are known before.
pub(crate) struct Bare {
    connection: MultiplexedConnection,
    hash: String,
    channels: Vec<Channel>,
}

struct Channel {
    keys: [String; 3],
    lives: String,
    name: String,
}

impl Bare {
    pub(crate) async fn connect(redis: &RedisServer, channels: usize) -> Result<Arc<Self>> {
        let mut connection = client(redis)?.get_multiplexed_async_connection().await?;
        let hash = cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query_async(&mut connection).await?;
        let channels = (0..channels).map(|number| {
            let (tag, id) = (format!("{{bar:{}}}:", number % 128), format!("{number:032x}"));
            Channel {
                keys: ["s", "m", "n"].map(|kind| format!("{tag}{kind}:{id}")),
                lives: format!("{tag}l:"),
                name: format!("{tag}c:{id}"),
            }
        });
        Ok(Arc::new(Self { connection, hash, channels: channels.collect() }))
    }

    /// Where the messages of the first channel come.
    pub(crate) fn channel(&self) -> &str {
        &self.channels[0].name
    }

    pub(crate) async fn publish(&self, number: usize, draft: &[u8]) -> Result<()> {
        let Channel { keys, lives, name } = &self.channels[number % self.channels.len()];
        let mut call = cmd("EVALSHA");
        call.arg(&self.hash).arg(keys.len()).arg(keys).arg(NODE).arg(lives).arg(name).arg(EPOCH);
        call.arg(1_000).arg(4 << 20).arg(3_600_000).arg(3_600_000).arg(86_400_000);
        call.arg(format!("{NODE}.{number}")).arg("").arg("").arg("").arg("").arg(draft);
        let answer: Value = call.query_async(&mut self.connection.clone()).await?;
        match answer {
            Value::Array(parts) if parts.len() == 5 => Ok(()),
            other => Err(format!("nothing was published: {other:?}").into()),
        }
    }
}

/// A connection that subscribes to `channel`, and all that comes on it.
pub(crate) async fn subscribe(
    redis: &RedisServer,
    channel: &str,
) -> Result<(MultiplexedConnection, UnboundedReceiver<Vec<u8>>)> {
    let (sender, receiver) = unbounded_channel();
    let push = move |info: PushInfo| {
        if let (PushKind::Message, Some(Value::BulkString(payload))) =
            (info.kind, info.data.into_iter().nth(1))
        {
            // Nobody may listen any more.
            let _is_heard = sender.send(payload);
        }
        Ok::<_, redis::aio::SendError>(())
    };
    let config = AsyncConnectionConfig::new().set_push_sender(push);
    let connecting = client(redis)?;
    let mut connection = connecting.get_multiplexed_async_connection_with_config(&config).await?;
    connection.subscribe(channel).await?;
    Ok((connection, receiver))
}

pub(crate) fn client(redis: &RedisServer) -> Result<Client> {
    let info: ConnectionInfo = redis.url().into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
    Ok(Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp))?)
}

/// What a store sends of an event with this data.
pub(crate) fn draft(data: &str) -> Result<Vec<u8>> {
    let event = Event::data(data.to_owned()).with_name(EventName::new("ping")?);
    Ok(Append::of(token("any"), [event]).drafts()[0].as_bytes().to_owned())
}

const SCRIPT: &str = concat!(
    include_str!("../../../crates/sse-redis/src/scripts/common.lua"),
    include_str!("../../../crates/sse-redis/src/scripts/publish.lua"),
);

const NODE: &str = "k3f9x2q1ab";
const EPOCH: &str = "k3f9x2q1abc";
