use std::{net::SocketAddr, sync::Arc};

use sse_access::{Authentication, Passwords, limits::Limits};
use sse_core::gateway::Hosts;
use sse_hyper::ServerHandle;
use tokio::task::JoinHandle;

use super::{AdminConfig, address::AdminAddress, door::Door, live::Live, needed};
use crate::{
    exit::Failure,
    server::{config::AllowedHosts, identity::Identity},
};

/// The operator's address while it is served.
#[derive(Debug)]
pub(in crate::server) struct Admin {
    pub(super) typed: AdminAddress,
    pub(super) address: SocketAddr,
    pub(super) door: Door,
    pub(super) identity: Option<Identity>,
    pub(super) limits: Arc<Limits>,
}

impl Admin {
    pub(in crate::server) fn url(&self) -> String {
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// With which it speaks TLS.
    pub(in crate::server) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Whether `config` is for another address, so that nothing of it is for this one.
    pub(in crate::server) fn is_moved(&self, config: Option<&AdminConfig>) -> bool {
        config.is_none_or(|config| config.address != self.typed)
    }

    /// Whether `config` begins or ends to speak TLS.
    pub(in crate::server) fn switches_tls(&self, config: Option<&AdminConfig>) -> bool {
        config.is_some_and(|config| config.identity.is_some() != self.identity.is_some())
    }

    /// Refuses a configuration that would leave this address without what it needs.
    pub(in crate::server) fn check(&self, config: &AdminConfig) -> Result<(), Failure> {
        let is_reachable = !self.address.ip().to_canonical().is_loopback();
        match needed(config.passwords.is_some(), self.identity.is_some()) {
            Some(missing) if is_reachable => Err(config.refused(missing)),
            _ => Ok(()),
        }
    }

    /// Takes over who may ask here, and the certificate.
    pub(in crate::server) fn reconfigure(&mut self, config: AdminConfig, hosts: &AllowedHosts) {
        self.door.replace(
            hosts.at_admin(self.address.ip()),
            authentication(config.passwords, &self.limits),
        );
        if let (Some(identity), Some(read)) = (&mut self.identity, config.identity) {
            identity.replace(read);
        }
    }
}

/// What answers at the operator's address.
#[derive(Debug)]
pub(in crate::server) struct AdminServing {
    pub(super) handle: ServerHandle,
    pub(super) live: Arc<Live>,
    pub(super) serving: JoinHandle<()>,
}

impl AdminServing {
    /// Ends it once the requests under way are answered: the operator who asked for a drain gets an answer too.
    pub(in crate::server) async fn end(self) {
        self.live.end();
        self.handle.shutdown();
        // It has logged why it failed, if it did.
        let _ended = self.serving.await;
    }
}

pub(super) fn door(
    hosts: Option<Hosts>,
    passwords: Option<Passwords>,
    limits: &Arc<Limits>,
) -> Door {
    Door::new(hosts, authentication(passwords, limits))
}

fn authentication(passwords: Option<Passwords>, limits: &Arc<Limits>) -> Option<Authentication> {
    passwords.map(|passwords| {
        Authentication::new().with_passwords(passwords).with_limits(limits.clone())
    })
}
