use super::{Limit, bucket::Rate, clients::Clients};

/// How much there may be of each, and whose it is: what can change while it is counted.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) clients: Clients,
    pub(super) max_connections: u32,
    pub(super) max_connections_per_address: u32,
    pub(super) max_listeners_per_address: u32,
    pub(super) max_listeners_per_subject: u32,
    pub(super) connection_rate: Option<Rate>,
    pub(super) publish_rate: Option<Rate>,
    /// 0 for any number, as above.
    pub(super) max_auth_failures: u32,
}

impl Bounds {
    /// `None` for any number.
    pub(super) fn max(&self, limit: Limit) -> Option<u32> {
        let rate = |rate: Option<Rate>| rate.map_or(0, |rate| rate.max());
        let max = match limit {
            Limit::Connections => self.max_connections,
            Limit::ConnectionsPerAddress => self.max_connections_per_address,
            Limit::ConnectionRate => rate(self.connection_rate),
            Limit::ListenersPerAddress => self.max_listeners_per_address,
            Limit::ListenersPerSubject => self.max_listeners_per_subject,
            Limit::PublishRate => rate(self.publish_rate),
            Limit::AuthFailures => self.max_auth_failures,
        };
        (0 < max).then_some(max)
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            clients: Clients::default(),
            max_connections: 0,
            max_connections_per_address: 1000,
            max_listeners_per_address: 1000,
            max_listeners_per_subject: 100,
            connection_rate: Rate::new(200),
            publish_rate: Rate::new(1000),
            max_auth_failures: 60,
        }
    }
}
