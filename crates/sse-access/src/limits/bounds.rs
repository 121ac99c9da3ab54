use super::{bucket::Rate, clients::Clients};

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
