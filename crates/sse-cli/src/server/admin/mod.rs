//! The operator's address: what can be seen there, and what can be done. `route` lists it.

mod args;
pub(super) use args::AdminArgs;

mod seen;
pub(super) use seen::{Drains, Seen};

mod actions;
mod address;
mod answer;
mod asker;
mod door;
mod form;
mod metrics;
mod process;
mod readiness;
mod request_body;
mod route;
mod service;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sse_access::{Authentication, Passwords, PasswordsError, limits::Limits};
use sse_hyper::{Server, ServerHandle, ServerTls};
use tokio::{net::lookup_host, task::JoinHandle};

use self::{address::AdminAddress, door::Door, service::Service};
use super::config::{AllowedHosts, tls};
use crate::exit::Failure;

/// What the arguments about the operator's address mean.
#[derive(Debug)]
pub(super) struct AdminConfig {
    address: AdminAddress,
    passwords: Option<Passwords>,
    tls: Option<ServerTls>,
}

impl AdminConfig {
    /// `None` if there is to be no such address.
    pub(super) fn new(args: AdminArgs) -> Result<Option<Self>, Failure> {
        let Some(address) = args.admin else {
            return Ok(None);
        };
        let tls = match (&args.admin_keyfile, &args.admin_certfile) {
            (Some(key), Some(certificates)) => {
                Some(tls(key, certificates).map_err(Failure::usage)?)
            }
            _ => None,
        };
        let passwords = args.admin_passwords.as_deref().map(passwords).transpose()?;
        Ok(Some(Self { address, passwords, tls }))
    }

    /// Listens on the address, and answers there.
    pub(super) async fn serve(self, hosts: &AllowedHosts, seen: Seen) -> Result<Admin, Failure> {
        let server = self.bind().await?;
        let address = server.local_addr().map_err(Failure::failed)?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        // They are its own: a crowd that has used up the places of the public address must not keep the operator out.
        let limits = Arc::new(Limits::new());
        let authentication = self.passwords.map(|passwords| {
            Authentication::new().with_passwords(passwords).with_limits(limits.clone())
        });
        let door = Door::new(hosts.at_admin(address.ip()), authentication);
        let mut server = server
            .with_engines(0)
            .with_shutdown_timeout(SHUTDOWN_TIMEOUT)
            .with_connection_filter(move |remote| limits.connect(remote, Instant::now()));
        if let Some(tls) = self.tls {
            server = server.with_tls(tls);
        }
        let handle = server.handle();
        let serving = server.serve(Service::new(door, seen));
        let serving = tokio::spawn(async {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the address of --admin is not served any more");
            }
        });
        Ok(Admin { url: format!("{scheme}://{address}"), handle, serving })
    }

    async fn bind(&self) -> Result<Server, Failure> {
        let Self { address, passwords, tls } = self;
        let failed = |source| Failure::failed(BindError { address: address.clone(), source });
        let found = lookup_host((address.host.as_str(), address.port)).await.map_err(failed)?;
        let found: Vec<SocketAddr> = found.collect();
        let is_reachable = !found.iter().all(|found| found.ip().to_canonical().is_loopback());
        let missing = match (passwords, tls) {
            (None, None) => "--admin-passwords, --admin-keyfile and --admin-certfile",
            (None, Some(_)) => "--admin-passwords",
            (Some(_), None) => "--admin-keyfile and --admin-certfile",
            (Some(_), Some(_)) => "",
        };
        if is_reachable && !missing.is_empty() {
            return Err(Failure::usage(format!(
                "--admin {address} can be reached from other machines, so it needs {missing}"
            )));
        }
        Server::bind(&found[..]).await.map_err(failed)
    }
}

/// The operator's address while it is served.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) url: String,
    handle: ServerHandle,
    serving: JoinHandle<()>,
}

impl Admin {
    /// Ends it, once what was asked for is answered: whoever had the server drain is to be told so.
    pub(super) async fn end(self) {
        self.handle.shutdown();
        // It has logged why it failed, if it did.
        let _ended = self.serving.await;
    }
}

fn passwords(file: &Path) -> Result<Passwords, Failure> {
    Passwords::from_file(file).map_err(|source| match source {
        PasswordsError::Read { .. } => Failure::usage(ReadError { source }),
        _ => Failure::usage(UseError { file: file.to_owned(), source }),
    })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (--admin)")]
struct BindError {
    address: AdminAddress,
    source: io::Error,
}

#[derive(Debug, thiserror::Error)]
#[error("--admin-passwords")]
struct ReadError {
    source: PasswordsError,
}

#[derive(Debug, thiserror::Error)]
#[error("--admin-passwords: cannot use {}", file.display())]
struct UseError {
    file: PathBuf,
    source: PasswordsError,
}

/// How long the end of the process waits for answers of this address.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
