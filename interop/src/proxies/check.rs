use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{
    configs::Configs,
    drain, guide,
    proxy::{Front, Proxy},
};
use crate::{
    Outcome,
    http::{Listen, Seen, Stream, Version},
    server::Server,
    table::Cell,
    tls,
};

/// What is looked at.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    Head,
    Events,
    Gzip,
    Resume,
    Leaving,
    LeavingKeepalive,
    Silence,
    Keepalive,
    Drain,
    DrainAccept,
    Compression,
    PublicName,
    Addresses,
    End,
    Crowd,
    Crash,
    Delay,
}

impl Check {
    /// Those that every configuration is put to.
    const COMMON: [Self; 10] = [
        Self::Head,
        Self::Events,
        Self::Gzip,
        Self::Resume,
        Self::Leaving,
        Self::LeavingKeepalive,
        Self::Silence,
        Self::Keepalive,
        Self::Drain,
        Self::DrainAccept,
    ];

    /// Those too that hold only where a proxy is configured for the server.
    const GUIDE: [Self; 17] = [
        Self::Head,
        Self::Events,
        Self::Gzip,
        Self::Delay,
        Self::Compression,
        Self::Resume,
        Self::PublicName,
        Self::Addresses,
        Self::Leaving,
        Self::LeavingKeepalive,
        Self::End,
        Self::Silence,
        Self::Keepalive,
        Self::Crowd,
        Self::Drain,
        Self::DrainAccept,
        Self::Crash,
    ];

    /// What a proxy with one of these configurations is put to.
    pub(crate) fn of(configs: &Configs) -> &'static [Self] {
        match configs {
            Configs::Templates(_) => &Self::COMMON,
            Configs::Guide(_) => &Self::GUIDE,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Events => "events",
            Self::Gzip => "for `gzip`",
            Self::Resume => "resume",
            Self::Leaving => "client leaves, `-k 0`",
            Self::LeavingKeepalive => "client leaves, `-k 1000`",
            Self::Silence => "`-k 0`",
            Self::Keepalive => "`-k 2000`",
            Self::Drain => "`--drain`",
            Self::DrainAccept => "`--drain-accept`",
            Self::Compression => "compression",
            Self::PublicName => "public name",
            Self::Addresses => "addresses",
            Self::End => "end",
            Self::Crowd => "crowd",
            Self::Crash => "crash",
            Self::Delay => "delay",
        }
    }

    /// Looks at it with a proxy and a server of its own.
    pub(crate) async fn run(
        self,
        proxy: Proxy,
        version: Version,
        server: &Path,
        configs: &Configs,
    ) -> Outcome<Cell> {
        match self {
            Self::Drain => return drain::in_place(proxy, version, server, configs).await,
            Self::DrainAccept => return drain::beside(proxy, version, server, configs).await,
            Self::Crash => return drain::after_crash(proxy, version, server, configs).await,
            _ => {}
        }
        let server = Server::start(server, self.options()).await?;
        let front = proxy.start(configs, server.addr()).await?;
        let mut world = World { server, front, version };
        match self {
            Self::Head => head(&world, false).await,
            Self::Events => events(&world, false).await,
            Self::Gzip => gzip(&world).await,
            Self::Resume => resume(&world).await,
            Self::Leaving => leaving(&world, 2).await,
            // The first comment finds the client gone, the second the connection.
            Self::LeavingKeepalive => leaving(&world, 8).await,
            Self::Silence => silence(&world, configs).await,
            Self::Compression => guide::compression(&world).await,
            Self::PublicName => guide::public_name(&world).await,
            Self::Addresses => guide::addresses(&world).await,
            Self::Delay => guide::delay(&world).await,
            Self::End => guide::end(&mut world).await,
            Self::Crowd => guide::crowd(&world).await,
            _ => keepalive(&world).await,
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Resume => &["-k", "0", "--history", "100", "--mode", "shared"],
            Self::LeavingKeepalive => &["-k", "1000"],
            Self::Keepalive => &["-k", "2000"],
            Self::PublicName => &["--allow-host", tls::NAME, "--max-body", "4194304"],
            Self::Addresses => {
                &["--trusted-proxy", "127.0.0.1", "--max-listeners-per-address", "1"]
            }
            Self::Crowd => &["-k", "1000", "--mode", "shared"],
            _ => &["-k", "0"],
        }
    }
}

/// What a check looks at: a server behind a proxy, and how its clients speak.
pub(super) struct World {
    pub(super) server: Server,
    front: Front,
    version: Version,
}

impl World {
    /// What a client asks for through the proxy.
    pub(super) fn listen(&self, token: &str) -> Listen {
        Listen::new(self.front.addr(self.version), self.version, token)
    }

    async fn open(&self, token: &str, gzip: bool) -> Outcome<Stream> {
        self.resume(token, gzip, "").await
    }

    async fn resume(&self, token: &str, gzip: bool, id: &str) -> Outcome<Stream> {
        let last_event_id = id.to_owned();
        let listen = Listen { last_event_id, gzip, browser: true, ..self.listen(token) };
        let stream = listen.open(PATIENCE).await?;
        match stream.status {
            200 => Ok(stream),
            status => Err(format!("answered {status}").into()),
        }
    }

    pub(super) async fn publish(&self, token: &str, data: &str) -> Outcome {
        match self.server.publish_when_heard(token, data, PATIENCE).await? {
            true => Ok(()),
            false => Err("the server has no listener".into()),
        }
    }
}

/// The head, and the first block, before anything is published.
async fn head(world: &World, gzip: bool) -> Outcome<Cell> {
    let Ok(stream) = timeout(HELD, world.open("head", gzip)).await else {
        return Ok(Cell::wrong("held back until an event"));
    };
    match timeout(HELD, stream?.event("sse.open", HELD)).await {
        Ok(Ok(_)) => Ok(Cell::right("at once")),
        Ok(Err(_)) | Err(_) => Ok(Cell::wrong("at once, `sse.open` held back")),
    }
}

/// Each event before the next one is published.
async fn events(world: &World, gzip: bool) -> Outcome<Cell> {
    let mut opening = Box::pin(world.open("events", gzip));
    // Where the head is held back, that is told by the check of the head.
    let opened = timeout(HELD, &mut opening).await;
    world.publish("events", "0").await?;
    let mut stream = match opened {
        Ok(stream) => stream?,
        Err(_elapsed) => opening.await?,
    };
    let how = if stream.is_compressed() { "compressed, " } else { "" };
    for number in 0..EVENTS {
        if 0 < number {
            world.publish("events", &number.to_string()).await?;
        }
        match stream.ping(HELD).await {
            Ok(data) if data == number.to_string() => {}
            Ok(data) => return Err(format!("event {data} in the place of {number}").into()),
            Err(error) => {
                let nth = number + 1;
                return Ok(Cell::wrong(format!("{how}event {nth} held back: {error}")));
            }
        }
    }
    Ok(Cell::right(format!("{how}one by one")))
}

/// Both again for a client that takes what is compressed, as every browser does.
async fn gzip(world: &World) -> Outcome<Cell> {
    let head = head(world, true).await?;
    let events = events(world, true).await?;
    match head.right {
        true => Ok(events),
        false => Ok(Cell::wrong(format!("head {}; {}", head.text, events.text))),
    }
}

/// With short events, then with so much to replay that it is worth compressing.
async fn resume(world: &World) -> Outcome<Cell> {
    let short = resume_with(world, "short", ["one", "two"]).await?;
    let [one, two] = ["1", "2"].map(|digit| digit.repeat(KIB));
    let long = resume_with(world, "long", [&one, &two]).await?;
    Ok(match short {
        _ if short.right && long.right => Cell::right("exact"),
        _ if short.right => Cell::wrong(format!("exact; 2 KiB: {}", long.text)),
        _ => short,
    })
}

async fn resume_with(world: &World, token: &str, missed: [&str; 2]) -> Outcome<Cell> {
    let mut stream = world.open(token, true).await?;
    world.publish(token, "zero").await?;
    if let Err(error) = stream.ping(HELD).await {
        return Ok(Cell::wrong(error.to_string()));
    }
    let id = stream.last_event_id().to_owned();
    drop(stream);
    for data in missed {
        world.publish(token, data).await?;
    }
    let mut stream = world.resume(token, true, &id).await?;
    for data in missed {
        match stream.ping(HELD).await {
            Ok(ping) if ping == data => {}
            Ok(ping) => return Ok(Cell::wrong(format!("gets {ping} in the place of {data}"))),
            Err(error) => return Ok(Cell::wrong(error.to_string())),
        }
    }
    Ok(Cell::right("exact"))
}

/// The channel has one listener at most, so a second one is let in once the first is known to be gone.
async fn leaving(world: &World, bound: u64) -> Outcome<Cell> {
    let mut stream = world.open(TOKEN, true).await?;
    world.publish(TOKEN, "zero").await?;
    stream.ping(PATIENCE).await?;
    drop(stream);
    let left = Instant::now();
    let listen = Listen::new(world.server.addr(), Version::Http1, TOKEN);
    while left.elapsed() < PATIENCE {
        if listen.open(PATIENCE).await?.status == 200 {
            let within = left.elapsed().as_secs() + 1;
            return Ok(match within <= bound {
                true => Cell::right("seen"),
                false => Cell::wrong("seen late"),
            });
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(Cell::wrong("not seen"))
}

/// What the proxy does of its own accord, to know that the next check proves something.
async fn silence(world: &World, configs: &Configs) -> Outcome<Cell> {
    let cut = cut_after(&mut world.open(TOKEN, true).await?).await;
    Ok(match (cut, configs) {
        (Some(seconds), _) => Cell::right(format!("cut after {seconds} s")),
        (None, Configs::Templates(_)) => Cell::right("lives"),
        // The guide says that each of its proxies has a time-out.
        (None, Configs::Guide(_)) => Cell::wrong("lives"),
    })
}

async fn keepalive(world: &World) -> Outcome<Cell> {
    let mut stream = world.open(TOKEN, true).await?;
    if let Some(seconds) = cut_after(&mut stream).await {
        return Ok(Cell::wrong(format!("cut after {seconds} s")));
    }
    world.publish(TOKEN, "late").await?;
    stream.ping(HELD).await?;
    Ok(Cell::right("lives"))
}

/// After how many seconds the stream ends, if it does.
async fn cut_after(stream: &mut Stream) -> Option<u64> {
    let began = Instant::now();
    let end =
        async { while let Ok(Some(Seen::Event { .. } | Seen::Retry(_))) = stream.next().await {} };
    // To the next second, as a time-out is written.
    timeout(SILENCE, end).await.ok().map(|()| (began.elapsed().as_millis() as u64 + 500) / 1000)
}

const TOKEN: &str = "42";
const EVENTS: usize = 6;
const KIB: usize = 1 << 10;

/// Longer than anything takes that is not held back.
pub(super) const HELD: Duration = Duration::from_secs(4);

/// Three times the time-out that the configurations set, and a little.
const SILENCE: Duration = Duration::from_secs(16);

pub(super) const PATIENCE: Duration = Duration::from_secs(20);
