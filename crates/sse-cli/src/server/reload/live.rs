use std::{fmt, sync::Arc, time::Duration};

use sse_access::limits::Limits;
use sse_core::{Gateway, access::Access};
use tokio::sync::watch;

use super::Watched;
use crate::{
    exit::Failure,
    server::{
        access::Kept,
        activation::Place,
        admin::{Admin, Seen},
        config::Config,
        files::Files,
        identity::Identity,
        warn_of_everybody,
    },
};

/// What serves and can change meanwhile.
pub(in crate::server) struct Live {
    pub(in crate::server) gateway: Gateway,
    pub(in crate::server) limits: Arc<Limits>,
    /// How many files may be open.
    pub(in crate::server) open_files: u64,
    pub(in crate::server) access: Option<Access>,
    pub(in crate::server) kept: Kept,
    pub(in crate::server) place: Place,
    pub(in crate::server) identity: Option<Identity>,
    pub(in crate::server) admin: Option<Admin>,
    pub(in crate::server) drain: watch::Sender<Duration>,
    pub(in crate::server) seen: Seen,
}

impl Live {
    /// Serves with `config` from now on, as far as it can change, or as before if there is an error. Access is made
    /// anew only if it `has_changed`: it remembers credentials that were checked.
    pub(super) fn reconfigure(
        &mut self,
        mut config: Config,
        access_has_changed: bool,
    ) -> Result<(), Failure> {
        let admin = self.admin.as_mut().filter(|admin| !admin.is_moved(config.admin.as_ref()));
        if let (Some(admin), Some(config)) = (&admin, &config.admin) {
            admin.check(config)?;
        }
        if access_has_changed {
            let mut kept = self.kept.clone();
            let access =
                config.access.take().map(|access| access.access(&mut kept, self.limits.clone()));
            let (access, dependencies) = access.transpose()?.unzip();
            (self.access, self.kept) = (access, kept);
            self.seen.depend_on(dependencies.unwrap_or_default());
        }
        // From here on nothing can fail.
        if let (Some(admin), Some(admin_config)) = (admin, config.admin.take()) {
            admin.reconfigure(admin_config, &config.hosts);
        }
        if let (Some(identity), Some(read)) = (&mut self.identity, config.identity.take()) {
            identity.replace(read);
        }
        self.limits.reconfigure(config.limits.limits(self.open_files));
        let hub = self.gateway.hub();
        hub.set_max_channels(config.places.channels);
        hub.set_max_listeners(config.places.listeners);
        hub.set_max_channel_listeners(config.places.channel_listeners);
        hub.set_max_batch(config.places.batch);
        let gateway = config.gateway_at(&self.place, self.access.clone(), &self.limits);
        self.gateway.reconfigure(gateway);
        self.drain.send_replace(config.drain);
        if access_has_changed {
            warn_of_everybody(self.access.as_ref(), config.is_open, &self.place);
        }
        Ok(())
    }

    /// The certificates that are served, which were read with `files`.
    pub(super) fn watched(&self, files: &Files) -> Vec<Watched> {
        let identities = self.identity.iter().chain(self.admin.iter().flat_map(Admin::identity));
        identities.map(|identity| Watched::new(identity, files)).collect()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("place", &self.place).finish_non_exhaustive()
    }
}
