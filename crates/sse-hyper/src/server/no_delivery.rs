//! Where there are no engines, every event stream is written by the task of its connection.

use std::{
    convert::Infallible,
    future::pending,
    io,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use super::{filter::Guard, handover::HandedOver, listener::Peer, released::Released};

pub(super) struct Engines(Infallible);

pub(super) struct Running;

pub(super) enum News {
    Released(Released),
    Ended(io::Result<()>),
}

impl Engines {
    pub(super) fn start(
        _count: Option<usize>,
        _stall_timeout: Option<Duration>,
        _streams: Arc<AtomicUsize>,
    ) -> io::Result<(Option<Self>, Running)> {
        Ok((None, Running))
    }

    pub(super) fn drive(&self, _stream: HandedOver, _peer: Peer, _guard: Guard) {
        match self.0 {}
    }
}

impl Running {
    pub(super) fn streams(&self) -> usize {
        0
    }

    pub(super) fn is_over(&self) -> bool {
        true
    }

    pub(super) async fn next(&mut self) -> News {
        pending().await
    }

    pub(super) async fn cut(&mut self) {}
}
