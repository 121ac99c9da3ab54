//! Two connections to the primary: one for what is asked, and one for what other nodes tell. What a server has to be
//! and to permit is looked at whenever they are opened.

use std::{sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisError, RedisResult, TlsCertificates,
    Value, aio::MultiplexedConnection, cmd, from_redis_value, io::tcp::TcpSettings, pipe,
};

use crate::{
    RedisConfig, StartError, address::Address, inbox::Inbox, keys::Keys, scripts::SCRIPTS,
};

/// The connections, and which of all that were opened they are.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) commands: MultiplexedConnection,
    pub(crate) messages: MultiplexedConnection,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum NoSession {
    /// It may be there later.
    Away(String),
    /// Somebody has to change something.
    Never(StartError),
}

/// What opens sessions.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) address: Address,
    pub(crate) config: Arc<RedisConfig>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) node: Arc<str>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Connector {
    /// Opens the session `number`, whose messages come into `inbox`.
    pub(crate) async fn open(self, number: u64, inbox: Arc<Inbox>) -> Result<Session, NoSession> {
        let (host, port) = self.primary().await?;
        let client = self.client(&host, port, self.login())?;
        let config = connection_config();
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let mut commands = connecting.await.map_err(|error| no_session(&error))?;
        self.look_at(&mut commands, &format!("{host}:{port}")).await?;
        self.compare_settings(&mut commands).await?;
        let push = move |info: PushInfo| {
            inbox.push(number, info);
            Ok::<_, redis::aio::SendError>(())
        };
        let config = connection_config().set_push_sender(push);
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let mut messages = connecting.await.map_err(|error| no_session(&error))?;
        let own = [self.keys.own(&self.node), self.keys.everywhere()];
        messages.subscribe(&own[..]).await.map_err(|error| self.refused(&error, "SUBSCRIBE"))?;
        Ok(Session { number, commands, messages })
    }

    /// The host and the port of the primary.
    async fn primary(&self) -> Result<(String, u16), NoSession> {
        let Address { hosts, service, .. } = &self.address;
        let Some(service) = service else {
            return Ok(hosts[0].clone());
        };
        let mut last = None;
        for (host, port) in hosts {
            match self.named_by(host, *port, service).await {
                Ok(Some(primary)) => return Ok(primary),
                Ok(None) => last = Some(format!("the Sentinel {host}:{port} knows no {service:?}")),
                Err(error) => last = Some(format!("the Sentinel {host}:{port}: {error}")),
            }
        }
        Err(NoSession::Away(last.unwrap_or_default()))
    }

    async fn named_by(
        &self,
        host: &str,
        port: u16,
        service: &str,
    ) -> RedisResult<Option<(String, u16)>> {
        let client = self.client(host, port, RedisConnectionInfo::default());
        let client = client.map_err(|_| closed("it cannot be used"))?;
        let config = connection_config();
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut ask = cmd("SENTINEL");
        ask.arg("get-master-addr-by-name").arg(service);
        ask.query_async(&mut connection).await
    }

    fn login(&self) -> RedisConnectionInfo {
        let Address { user, password, db, .. } = &self.address;
        let mut login =
            RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_db(*db);
        if let Some(user) = user {
            login = login.set_username(user);
        }
        if let Some(password) = password {
            login = login.set_password(password);
        }
        login
    }

    fn client(
        &self,
        host: &str,
        port: u16,
        login: RedisConnectionInfo,
    ) -> Result<Client, NoSession> {
        let host = host.to_owned();
        let addr = match self.address.is_tls {
            true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            false => ConnectionAddr::Tcp(host, port),
        };
        let never =
            |error: RedisError| NoSession::Never(StartError::Certificates(error.to_string()));
        let info: ConnectionInfo = addr.into_connection_info().map_err(never)?;
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = info.set_redis_settings(login).set_tcp_settings(tcp);
        match &self.config.root_certificates {
            Some(pem) if self.address.is_tls => {
                let certificates =
                    TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) };
                Client::build_with_tls(info, certificates).map_err(never)
            }
            _ => Client::open(info).map_err(never),
        }
    }

    /// Whether it is a server that can be used, with the rights that are needed.
    async fn look_at(
        &self,
        connection: &mut MultiplexedConnection,
        at: &str,
    ) -> Result<(), NoSession> {
        let info: RedisResult<Value> = cmd("INFO").query_async(connection).await;
        let info = info.map_err(|error| self.refused(&error, "INFO"))?;
        let info: String =
            from_redis_value(info).map_err(|_| NoSession::Away(format!("{at} is no Redis")))?;
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
        };
        let version = field("redis_version");
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < LEAST_VERSION) {
            return Err(NoSession::Never(StartError::Version { version: version.to_owned() }));
        }
        if field("cluster_enabled") == "1" {
            return Err(NoSession::Never(StartError::Cluster));
        }
        if field("loading") == "1" {
            return Err(NoSession::Away(format!("{at} still reads its data")));
        }
        if field("role") != "master" {
            return Err(NoSession::Away(format!("{at} is a replica, and takes nothing")));
        }
        let (max, policy) = (field("maxmemory"), field("maxmemory_policy"));
        if max != "0" && policy != "noeviction" {
            tracing::warn!(
                maxmemory = max,
                policy,
                "Redis may drop histories to make room, of which clients are told; with `maxmemory-policy noeviction` \
                 it refuses publications in their place"
            );
        }
        for step in SCRIPTS.all() {
            let loaded: RedisResult<Value> = step.load().query_async(connection).await;
            loaded.map_err(|error| self.refused(&error, "SCRIPT"))?;
        }
        let mut tried = SCRIPTS.rights.on(&[self.keys.own(&self.node)]);
        tried.arg(self.keys.own(&self.node));
        let missing: RedisResult<Vec<String>> = tried.query_async(connection).await;
        let missing = missing.map_err(|error| self.refused(&error, "EVALSHA"))?;
        if !missing.is_empty() {
            return Err(self.denied(missing));
        }
        Ok(())
    }

    /// Whether all nodes that are there have the same settings.
    async fn compare_settings(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), NoSession> {
        let (key, config) = (self.keys.settings(), &self.config);
        let own = [
            ("format".to_owned(), FORMAT.to_owned()),
            ("partitions".to_owned(), config.partitions.to_string()),
        ];
        for (name, ours) in own.iter().chain(&config.settings) {
            let mut both = pipe();
            both.cmd("HSETNX").arg(&key).arg(name).arg(ours).ignore();
            both.cmd("HGET").arg(&key).arg(name);
            let theirs: RedisResult<(String,)> = both.query_async(connection).await;
            let (theirs,) = theirs.map_err(|error| self.refused(&error, "HSETNX"))?;
            if theirs != *ours {
                let (name, ours) = (name.clone(), ours.clone());
                return Err(NoSession::Never(StartError::Settings { name, ours, theirs }));
            }
        }
        let kept: RedisResult<Value> = self.keep_settings().query_async(connection).await;
        kept.map(drop).map_err(|error| self.refused(&error, "PEXPIRE"))
    }

    /// The settings are forgotten a while after the last node is gone.
    pub(crate) fn keep_settings(&self) -> redis::Cmd {
        let mut keep = cmd("PEXPIRE");
        keep.arg(self.keys.settings()).arg(SETTINGS_TTL.as_millis() as u64);
        keep
    }

    /// What it means that a command failed which has to be permitted.
    fn refused(&self, error: &RedisError, command: &str) -> NoSession {
        if error.code() == Some("NOPERM") {
            let detail = error.detail().unwrap_or_default();
            let missing = match detail {
                _ if detail.contains(" key") => "the keys",
                _ if detail.contains(" channel") => "the channels",
                _ => command,
            };
            return self.denied(vec![missing.to_owned()]);
        }
        no_session(error)
    }

    fn denied(&self, commands: Vec<String>) -> NoSession {
        let pattern = format!("{{{}", self.config.prefix);
        NoSession::Never(StartError::Rights { commands, pattern })
    }
}

/// What it means that a connection was refused.
fn no_session(error: &RedisError) -> NoSession {
    let is_refused = error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"));
    match is_refused {
        true => NoSession::Never(StartError::Login(error.to_string())),
        false => NoSession::Away(error.to_string()),
    }
}

fn closed(why: &'static str) -> RedisError {
    RedisError::from((ErrorKind::InvalidClientConfig, why))
}

fn connection_config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_pipeline_buffer_size(PIPELINE_BUFFER)
}

/// Which layout of keys and messages this is.
const FORMAT: &str = "1";

/// Streams that say how many events they ever had, and errors of scripts with their codes, are there since.
const LEAST_VERSION: u32 = 7;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an answer may take before the connection is given up.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

const PIPELINE_BUFFER: usize = 1_024;

pub(crate) const SETTINGS_TTL: Duration = Duration::from_secs(60);
