//! The operator's address: what can be seen there, and what can be done. `route` lists it.

mod args;
pub(super) use args::AdminArgs;

mod running;
pub(super) use running::{Admin, AdminServing};

mod seen;
pub(super) use seen::{Drains, Seen};

mod actions;
mod address;
mod answer;
mod asker;
mod door;
mod form;
mod live;
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

use sse_access::{Passwords, PasswordsError, limits::Limits};
use sse_hyper::Server;
use tokio::net::lookup_host;

use self::{address::AdminAddress, running::door, service::Service};
use super::{
    config::AllowedHosts,
    files::{Files, ReadError},
    identity::Identity,
};
use crate::exit::Failure;

/// What the arguments about the operator's address mean.
#[derive(Debug)]
pub(super) struct AdminConfig {
    address: AdminAddress,
    passwords: Option<Passwords>,
    identity: Option<Identity>,
}

impl AdminConfig {
    /// `None` if there is to be no such address.
    pub(super) fn new(args: AdminArgs, files: &mut Files) -> Result<Option<Self>, Failure> {
        let Some(address) = args.admin else {
            return Ok(None);
        };
        let (key, certificates) = (args.admin_keyfile, args.admin_certfile);
        let named = (("--admin-keyfile", key), ("--admin-certfile", certificates));
        let identity = Identity::new(named.0, named.1, files).map_err(Failure::usage)?;
        let passwords = args.admin_passwords.map(|file| passwords(&file, files)).transpose()?;
        Ok(Some(Self { address, passwords, identity }))
    }

    /// Listens on the address, and answers there. The second ends that.
    pub(super) async fn serve(
        self,
        hosts: &AllowedHosts,
        seen: Seen,
    ) -> Result<(Admin, AdminServing), Failure> {
        let server = self.bind().await?;
        let address = server.local_addr().map_err(Failure::failed)?;
        // They are its own: a crowd that has used up the places of the public address must not keep the operator out.
        let limits = Arc::new(Limits::new());
        let door = door(hosts.at_admin(address.ip()), self.passwords, &limits);
        let mut server = server
            .with_engines(0)
            .with_shutdown_timeout(SHUTDOWN_TIMEOUT)
            .with_connection_filter({
                let limits = limits.clone();
                move |remote| limits.connect(remote, Instant::now())
            });
        if let Some(Identity { tls, .. }) = &self.identity {
            server = server.with_tls(tls.clone());
        }
        let handle = server.handle();
        let service = Service::new(door.clone(), seen);
        let live = service.live();
        let serving = server.serve(service);
        let serving = tokio::spawn(async {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the address of --admin is not served any more");
            }
        });
        let serving = AdminServing { handle, live, serving };
        let (typed, identity) = (self.address, self.identity);
        Ok((Admin { typed, address, door, identity, limits }, serving))
    }

    async fn bind(&self) -> Result<Server, Failure> {
        let Self { address, passwords, identity } = self;
        let failed = |source| Failure::failed(BindError { address: address.clone(), source });
        let found = lookup_host((address.host.as_str(), address.port)).await.map_err(failed)?;
        let found: Vec<SocketAddr> = found.collect();
        let is_reachable = !found.iter().all(|found| found.ip().to_canonical().is_loopback());
        match needed(passwords.is_some(), identity.is_some()) {
            Some(missing) if is_reachable => Err(self.refused(missing)),
            _ => Server::bind(&found[..]).await.map_err(failed),
        }
    }

    fn refused(&self, missing: &str) -> Failure {
        let address = &self.address;
        Failure::usage(format!(
            "--admin {address} can be reached from other machines, so it needs {missing}"
        ))
    }
}

/// What an address that other machines can reach lacks.
fn needed(has_passwords: bool, has_tls: bool) -> Option<&'static str> {
    match (has_passwords, has_tls) {
        (false, false) => Some("--admin-passwords, --admin-keyfile and --admin-certfile"),
        (false, true) => Some("--admin-passwords"),
        (true, false) => Some("--admin-keyfile and --admin-certfile"),
        (true, true) => None,
    }
}

fn passwords(file: &Path, files: &mut Files) -> Result<Passwords, Failure> {
    let option = "--admin-passwords";
    let contents = files.read(option, file);
    let contents = contents.map_err(|source| Failure::usage(UnreadError { source }))?;
    Passwords::from_contents(&contents)
        .map_err(|source| Failure::usage(UseError { file: file.to_owned(), source }))
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (--admin)")]
struct BindError {
    address: AdminAddress,
    source: io::Error,
}

#[derive(Debug, thiserror::Error)]
#[error("--admin-passwords")]
struct UnreadError {
    source: ReadError,
}

#[derive(Debug, thiserror::Error)]
#[error("--admin-passwords: cannot use {}", file.display())]
struct UseError {
    file: PathBuf,
    source: PasswordsError,
}

/// How long the end of the process waits for answers of this address.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
