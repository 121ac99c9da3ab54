use std::{sync::Arc, time::Instant};

use http::Method;
use sse_core::access::{AccessRequest, Grant, Limited, Limiter, Operation, Seat};

use super::{Limit, Limits, address::Address, bounds::Bounds};

impl Limiter for Limits {
    /// Takes a place for a listener, of its address and of the subject of its grant, or counts one publication of
    /// its address. A request for a ticket counts as a publication.
    ///
    /// A HEAD request gets the answer that a GET would get, and takes no place.
    fn admit(
        &self,
        request: &AccessRequest<'_>,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Seat, Limited> {
        let bounds = self.bounds();
        let client = self.client_within(&bounds, request.parts());
        if client.is_some_and(|client| !client.is_limited()) {
            return Ok(Seat::none());
        }
        let address = client.map(|client| client.ip().into());
        match request.operation() {
            Operation::Listen => {
                let subject = grant.and_then(Grant::subject);
                let is_head = request.parts().method == Method::HEAD;
                self.listener(&bounds, (address, subject), is_head, now)
            }
            Operation::Publish { .. } | Operation::Ticket => {
                address.map_or(Ok(Seat::none()), |address| self.publication(&bounds, address, now))
            }
            _ => Ok(Seat::none()),
        }
    }
}

impl Limits {
    fn listener(
        &self,
        bounds: &Bounds,
        (address, subject): (Option<Address>, Option<&str>),
        is_head: bool,
        now: Instant,
    ) -> Result<Seat, Limited> {
        let (of_address, of_subject) =
            (bounds.max_listeners_per_address, bounds.max_listeners_per_subject);
        let is_full = |limit, max| {
            self.refusals.add(limit, now);
            Limited::Full { limit: limit.name().into(), max: u64::from(max) }
        };
        let address_is_full = || is_full(Limit::ListenersPerAddress, of_address);
        let subject_is_full = || is_full(Limit::ListenersPerSubject, of_subject);
        if is_head {
            if address.is_some_and(|it| !self.listeners.has_room(&it, of_address)) {
                return Err(address_is_full());
            }
            if subject.is_some_and(|it| !self.subjects.has_room(it, of_subject)) {
                return Err(subject_is_full());
            }
            return Ok(Seat::none());
        }
        let address = address
            .map(|it| self.listeners.take(it, of_address).ok_or_else(address_is_full))
            .transpose()?;
        let subject = subject
            .map(|it| self.subjects.take(Arc::from(it), of_subject).ok_or_else(subject_is_full))
            .transpose()?;
        Ok(match (address, subject) {
            (None, None) => Seat::none(),
            places => Seat::new(places),
        })
    }

    fn publication(
        &self,
        bounds: &Bounds,
        address: Address,
        now: Instant,
    ) -> Result<Seat, Limited> {
        let Some(rate) = bounds.publish_rate else {
            return Ok(Seat::none());
        };
        match self.publications.take(address, rate, now) {
            Ok(()) => Ok(Seat::none()),
            Err(retry_after) => {
                self.refusals.add(Limit::PublishRate, now);
                let limit = Limit::PublishRate.name().into();
                Err(Limited::TooFast { limit, max: rate.max().into(), retry_after })
            }
        }
    }
}
