mod access;
mod activation;
mod admin;
mod args;
mod config;
mod data;
mod files;
mod held;
mod histories;
mod identity;
mod limits;
mod readiness;
mod redis;
mod reload;
mod settings;
#[cfg(feature = "__fuzz")]
pub use settings::fuzz::{__FuzzedConfig, __fuzz_config};

use std::{
    env,
    future::ready,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::CommandFactory;
use sse_access::limits::Limits;
use sse_core::{Gateway, Hub, access::Access};
use sse_hyper::{EventService, Server};
use tokio::{
    runtime::{Builder, Runtime},
    select,
    sync::{oneshot, watch},
    time::sleep,
};

use crate::{
    exit::{self, Failure},
    logging, open_files,
    signals::Signals,
};
use access::{AccessConfig, Kept};
use activation::{Handed, Place};
use admin::{Admin, AdminServing, Drains, Seen};
use args::Args;
use config::Config;
use data::{Data, Task};
use histories::Histories;
use reload::{Ends, Live, Read, Reload};
use settings::Settings;

/// The command `eventsource-server`, on the arguments of this process.
pub fn eventsource_server() -> ExitCode {
    exit::ended(start())
}

fn start() -> Result<(), Failure> {
    let settings = Settings::new(env::args_os(), env::vars_os())?;
    let args = settings.args()?;
    // Before there are threads: it changes the environment.
    let handed = Handed::take().map_err(Failure::failed)?;
    let _flush = logging::init_batches(args.debug, args.log_format);
    settings.warn_of_unknown();
    if let Some(task) = Task::new(&args.data) {
        return task.run();
    }
    let is_check = args.check_config;
    let mut config = Config::new(args).map_err(|failure| settings.located(failure))?;
    config.access.iter().for_each(AccessConfig::warn);
    if is_check {
        return write!(io::stdout(), "{settings}").map_err(Failure::stdout);
    }
    let data = config.data.take().map(|data| Data::open(&data)).transpose()?;
    let runtime = runtime(config.workers).map_err(Failure::failed)?;
    let outcome = runtime.block_on(serve(settings, config, handed, data.clone()));
    // What has not ended by now is not waited for.
    match data {
        Some(data) => data.end(runtime, outcome),
        None => {
            runtime.shutdown_background();
            outcome
        }
    }
}

/// The options and the help of `eventsource-server`.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

fn runtime(workers: Option<usize>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().build()
}

async fn serve(
    settings: Settings,
    mut config: Config,
    handed: Option<Handed>,
    data: Option<Arc<Data>>,
) -> Result<(), Failure> {
    let mut begun = Begun::new(&mut config, data).await?;
    let (histories, admin_serving) = (begun.histories.clone(), begun.admin_serving.take());
    let outcome = match begun.wait(&settings).await {
        Ok(true) => serve_publicly(settings, config, handed, begun).await,
        Ok(false) => Ok(()),
        Err(failure) => Err(failure),
    };
    if outcome.is_ok()
        && let Some(serving) = admin_serving
    {
        serving.end().await;
    }
    histories.end(outcome).await
}

/// What there is before the public address is bound.
struct Begun {
    open_files: u64,
    limits: Arc<Limits>,
    kept: Kept,
    access: Option<Access>,
    signals: Signals,
    histories: Histories,
    hub: Arc<Hub>,
    seen: Seen,
    drains: Drains,
    admin: Option<Admin>,
    admin_serving: Option<AdminServing>,
}

impl Begun {
    async fn new(config: &mut Config, data: Option<Arc<Data>>) -> Result<Self, Failure> {
        let open_files = open_files::raise_limit();
        let limits = Arc::new(config.limits.limits(open_files));
        let mut kept = Kept::new()?;
        let access = config.access.take().map(|access| access.access(&mut kept, limits.clone()));
        let (access, dependencies) = access.transpose()?.unzip();
        let signals = Signals::new().map_err(Failure::failed)?;
        let histories = Histories::new(data, config.redis.as_ref())?;
        let hub = Hub::new(histories.hub(config.hub.clone()));
        held::log_on_signal(hub.clone(), histories.clone()).map_err(Failure::failed)?;
        let (seen, drains) = Seen::new(hub.clone(), limits.clone(), histories.clone());
        histories.guard(&seen);
        seen.depend_on(dependencies.unwrap_or_default());
        let (admin, admin_serving) = match config.admin.take() {
            Some(admin) => Some(admin.serve(&config.hosts, seen.clone()).await?).unzip(),
            None => (None, None),
        };
        Ok(Self {
            open_files,
            limits,
            kept,
            access,
            signals,
            histories,
            hub,
            seen,
            drains,
            admin,
            admin_serving,
        })
    }

    /// Waits until histories can be used. False if the server is to end before.
    async fn wait(&mut self, settings: &Settings) -> Result<bool, Failure> {
        match self.histories.in_redis() {
            Some(redis) => {
                let admin = self.admin.as_ref().map(Admin::url);
                let reloads = settings.files().next().is_some();
                redis.wait(&mut self.signals, reloads, admin.as_deref()).await
            }
            None => Ok(true),
        }
    }
}

async fn serve_publicly(
    settings: Settings,
    mut config: Config,
    handed: Option<Handed>,
    begun: Begun,
) -> Result<(), Failure> {
    let Begun { open_files, limits, kept, access, signals, hub, seen, drains, admin, .. } = begun;
    let (server, place) = match handed {
        Some(handed) => handed.server(&limits).map_err(Failure::failed)?,
        None => bind(&config.host, config.port).await?,
    };
    let server = served(server, &place, &config, limits.clone());
    warn_of_everybody(access.as_ref(), config.is_open, &place);
    let gateway = config.gateway_at(&place, access.clone(), &limits);
    let gateway = Gateway::new(hub, gateway);
    seen.serve(server.handle(), gateway.clone());
    let service = EventService::new(gateway.clone());
    let urls = [
        ("listening", Some(place.url(if config.identity.is_some() { "https" } else { "http" }))),
        ("admin", admin.as_ref().map(Admin::url)),
    ];
    let ready = || {
        for (what, url) in urls {
            url.inspect(|url| announce(what, url));
        }
        readiness::ready();
    };
    let (drain, drain_time) = watch::channel(config.drain);
    let names_files = settings.files().next().is_some();
    let started = Read::new(settings, &mut config);
    let identity = config.identity;
    let live = Live {
        gateway,
        limits,
        open_files,
        access,
        kept,
        place,
        identity,
        admin,
        drain,
        seen: seen.clone(),
    };
    let reloading = names_files.then(|| Reload::new(live, started).spawn());
    let ends = Ends::new(signals, drains, reloading);
    let drain = (drain_time, config.drain_accept);
    run(server, service, drain, ends, (ready, || seen.drain())).await
}

fn served(server: Server, place: &Place, config: &Config, limits: Arc<Limits>) -> Server {
    let server = server
        // What the filter returns says the address too, but it is asked about TCP alone.
        .with_remote_addr(matches!(place, Place::Local(_)))
        .with_connection_filter(move |remote| limits.connect(remote, Instant::now()))
        .with_stall_timeout(config.stall_timeout)
        .with_tcp_user_timeout(config.stall_timeout);
    match &config.identity {
        Some(identity) => server.with_tls(identity.tls.clone()),
        None => server,
    }
}

async fn bind(host: &str, port: u16) -> Result<(Server, Place), Failure> {
    let bound = Server::bind((host, port)).await;
    let server = bound.map_err(|source| {
        let host = host.to_owned();
        Failure::failed(BindError { host, port, source })
    })?;
    let address = server.local_addr().map_err(Failure::failed)?;
    Ok((server, Place::Network(address)))
}

/// Serves until a signal comes or the operator asks for the end, and then ends the streams over the time `drain`, or
/// that which the operator names.
async fn run(
    server: Server,
    service: EventService,
    (drain, accepts_while_draining): (watch::Receiver<Duration>, bool),
    mut ends: Ends,
    (note_ready, note_drain): (impl FnOnce(), impl FnOnce()),
) -> Result<(), Failure> {
    let channels = service.channels();
    let (start_drain, drained) = oneshot::channel::<()>();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server
        .with_drain(async { drop(drained.await) })
        .with_accept_while_draining(accepts_while_draining)
        .with_graceful_shutdown(async { drop(stopped.await) })
        .serve(service);
    let mut serving = Box::pin(serving);
    // Once it is said to be ready, it holds what it needs, such as the descriptors of its engines.
    select! {
        biased;
        ended = &mut serving => return ended.map_err(Failure::failed),
        () = ready(()) => {}
    }
    note_ready();
    // On a thread of the runtime: from this one, each connection would wake one of those.
    let serving = tokio::spawn(serving);
    let serving = async { serving.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) };
    tokio::pin!(serving);
    let asked = select! {
        ended = &mut serving => return ended.map_err(Failure::failed),
        asked = ends.first() => asked,
    };
    let drain = asked.unwrap_or_else(|| *drain.borrow());
    readiness::draining(channels.hub().counts().listeners, drain);
    note_drain();
    // A proxy in front leads clients here for the whole window, also when all streams have ended.
    let accepting = async {
        if accepts_while_draining {
            sleep(drain).await;
        }
    };
    let ending = async {
        drop(start_drain);
        select! {
            // Until then publishers are served, and new listeners are told when to try again.
            ((), ()) = async { tokio::join!(channels.drain(drain), accepting) } => (),
            ended = &mut serving => return ended,
        }
        readiness::ending();
        drop(stop);
        serving.await
    };
    select! {
        ended = ending => ended.map_err(Failure::failed),
        () = ends.second() => Err(Failure::failed("ended at once by a second signal")),
    }
}

/// Warns if nothing restricts who may do what, and nobody has said that this is meant.
fn warn_of_everybody(access: Option<&Access>, is_open: bool, place: &Place) {
    if access.is_none() && !is_open && !place.is_of_this_machine() {
        tracing::warn!(
            "everybody who can reach this address may listen to, publish on and close every channel; the \
             options under Access in --help restrict that, and --open silences this warning"
        );
    }
}

/// Prints where something is: the server `listening`, or `admin`.
fn announce(what: &str, url: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{what} on {url}").and_then(|()| stdout.flush()) {
        tracing::warn!(url, %error, "{what}; cannot say so on standard output");
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {host}:{port}")]
struct BindError {
    host: String,
    port: u16,
    source: io::Error,
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::task::{Poll, Wake, Waker};

    use sse_core::{GatewayConfig, HubConfig, StringFormat};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn an_engine_that_fails_is_why_the_command_fails() {
        let hub = Hub::new(HubConfig::new(StringFormat));
        let mut watcher = hub.watch();
        let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
        let leaves = async {
            client.write_all(b"GET /poll/42 HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
            client.read_u8().await.unwrap();
            while watcher.poll_next(Waker::noop()).is_ready() {}
            // An engine wakes it when the client has left.
            assert_eq!(watcher.poll_next(&Waker::from(Arc::new(Panicking))), Poll::Pending);
            drop(client);
        };
        let (_nobody_asks, drains) = mpsc::channel(1);
        let ends = Ends::new(Signals::new().unwrap(), drains, None);
        let (_, drain) = watch::channel(Duration::ZERO);

        let running = run(server, service, (drain, false), ends, (|| (), || ()));
        let (ended, ()) = tokio::join!(running, leaves);

        let Err(Failure::Failed(reason)) = ended else { panic!("it did not fail: {ended:?}") };
        assert!(reason.to_string().starts_with("a delivery engine failed: "), "{reason}");
    }

    struct Panicking;

    impl Wake for Panicking {
        fn wake(self: Arc<Self>) {
            panic!("it was meant to panic");
        }
    }
}
