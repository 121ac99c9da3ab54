//! That this node is there, and which channels are its own: exclusive ones, and those that a listener took over.
//!
//! A claim does not end with its time. A node that was away for longer takes it again, unless another has it by then;
//! and tells the listener nothing until it knows.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{Driver, jobs::Job};
use crate::{keys::Id, reply::Checked, scripts::SCRIPTS};

#[derive(Debug)]
pub(super) struct Leases {
    partitions: Vec<Partition>,
    next: Instant,
    /// How many answers are waited for before claims are sure again.
    doubts: usize,
    /// Whether others have believed for a while that this node was gone.
    has_lapsed: bool,
}

#[derive(Clone, Debug)]
struct Partition {
    /// The channels that are claimed.
    claimed: HashSet<Id>,
    is_used: bool,
    /// Until when nobody takes what is claimed here.
    until: Instant,
    /// How many claims may have been taken.
    doubts: usize,
    is_asked: bool,
    /// Whether others know in this session that this node is there.
    is_known: bool,
}

impl Leases {
    pub(super) fn new(partitions: u16, now: Instant) -> Self {
        let partition = Partition {
            claimed: HashSet::new(),
            is_used: false,
            until: now,
            doubts: 0,
            is_asked: false,
            is_known: false,
        };
        Self {
            partitions: vec![partition; partitions.into()],
            next: now,
            doubts: 0,
            has_lapsed: false,
        }
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether others have believed for a while that this node was gone, and so have forgotten who listens here.
    pub(super) fn take_lapsed(&mut self) -> bool {
        std::mem::take(&mut self.has_lapsed)
    }

    /// Whether it is known of all claims whether they hold.
    pub(super) fn are_sure(&self) -> bool {
        self.doubts == 0
    }
}

impl Driver {
    /// Asks at the beginning of a session whether what is claimed still is.
    pub(super) fn renew_all(&mut self, now: Instant) {
        self.leases.doubts = 0;
        for partition in &mut self.leases.partitions {
            (partition.doubts, partition.is_asked, partition.is_known) = (0, false, false);
        }
        self.leases.next = now;
        self.renew(now);
    }

    /// Says in all partitions in use that this node is there.
    pub(super) fn renew(&mut self, now: Instant) {
        if now < self.leases.next || self.session.is_none() {
            return;
        }
        self.leases.next = now + BETWEEN_RENEWALS;
        for partition in 0..self.leases.partitions.len() {
            if self.leases.partitions[partition].is_used {
                self.renew_one(partition, now);
            }
        }
    }

    /// Others are to know that this node is there, before they are told who listens here on a channel: they forget what
    /// nodes have told that are gone.
    pub(super) fn be_there(&mut self, id: Id) {
        let partition = self.shared.keys.partition_of(id);
        if !std::mem::replace(&mut self.leases.partitions[partition].is_used, true) {
            self.renew_one(partition, Instant::now());
        }
    }

    fn renew_one(&mut self, partition: usize, now: Instant) {
        if std::mem::replace(&mut self.leases.partitions[partition].is_asked, true) {
            return;
        }
        let key = self.shared.keys.life(partition, &self.shared.node);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(1).arg("PX").arg(LEASE.as_millis() as u64).arg("GET");
        self.leases.doubts += 1;
        self.outgoing.push_back((set, Job::Renew { partition, sent: now }));
    }

    /// Redis takes nothing now. What is claimed in `partition` is not sure once its time is over.
    pub(super) fn renew_later(&mut self, partition: usize) {
        self.leases.doubts = self.leases.doubts.saturating_sub(1);
        self.leases.partitions[partition].is_asked = false;
    }

    pub(super) fn handle_renewed(&mut self, partition: usize, sent: Instant, was_there: bool) {
        self.leases.doubts = self.leases.doubts.saturating_sub(1);
        let known = &mut self.leases.partitions[partition];
        known.is_asked = false;
        known.until = sent + LEASE;
        let was_known = std::mem::replace(&mut known.is_known, true);
        if was_there {
            self.settle_claims(partition, Instant::now());
        } else {
            self.leases.has_lapsed |= was_known;
            self.ask_whether_all_are_held(partition);
        }
    }

    /// What has come of channels that are claimed can be told, unless a claim is in doubt.
    fn settle_claims(&mut self, partition: usize, now: Instant) {
        let claimed: Vec<_> = self.leases.partitions[partition].claimed.iter().copied().collect();
        for id in claimed {
            self.settle(id, now);
        }
    }

    /// Others may have taken what is claimed in `partition`.
    fn ask_whether_all_are_held(&mut self, partition: usize) {
        let claimed: Vec<_> = self.leases.partitions[partition].claimed.iter().copied().collect();
        for id in claimed {
            if let Some(fence) = self.channels.get(id).and_then(|channel| channel.fence) {
                self.ask_whether_held(id, fence);
            }
        }
    }

    fn ask_whether_held(&mut self, id: Id, fence: u64) {
        let partition = self.shared.keys.partition_of(id);
        self.leases.partitions[partition].doubts += 1;
        self.leases.doubts += 1;
        self.send_hold(id, fence);
    }

    pub(super) fn send_hold(&mut self, id: Id, fence: u64) {
        let mut call = SCRIPTS.hold.on(&[self.shared.keys.meta(id)]);
        call.arg(&*self.shared.node).arg(fence);
        self.outgoing.push_back((call, Job::Hold { id, fence }));
    }

    pub(super) fn handle_held(&mut self, id: Id, fence: u64, is_held: bool, now: Instant) {
        let partition = self.shared.keys.partition_of(id);
        let known = &mut self.leases.partitions[partition];
        known.doubts = known.doubts.saturating_sub(1);
        self.leases.doubts = self.leases.doubts.saturating_sub(1);
        let is_sure = known.doubts == 0;
        if !is_held && self.channels.get(id).is_some_and(|channel| channel.fence == Some(fence)) {
            self.replace(id, now);
        }
        if is_sure {
            self.settle_claims(partition, now);
        }
    }

    /// Whether what comes of a channel may be told: not while another node may have claimed it.
    pub(super) fn is_claim_sure(&mut self, id: Id, now: Instant) -> bool {
        if self.channels.get(id).is_none_or(|channel| channel.fence.is_none()) {
            return true;
        }
        let partition = self.shared.keys.partition_of(id);
        let known = &self.leases.partitions[partition];
        let is_sure = now < known.until && known.doubts == 0;
        if known.until <= now {
            self.renew_one(partition, now);
        }
        is_sure
    }

    /// The channel is this node's, by a claim that was asked for at `asked`.
    pub(super) fn note_claim(&mut self, id: Id, fence: u64, asked: Instant, now: Instant) {
        let partition = self.shared.keys.partition_of(id);
        let known = &self.leases.partitions[partition];
        // Redis has noted with the claim that this node is there, which hides that others may have lapsed before.
        if known.until <= now && !known.claimed.is_empty() {
            self.ask_whether_all_are_held(partition);
        }
        let known = &mut self.leases.partitions[partition];
        known.is_used = true;
        known.until = known.until.max(asked + LEASE);
        known.claimed.insert(id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.fence = channel.fence.max(Some(fence));
        }
    }

    pub(super) fn forget_claim(&mut self, id: Id) {
        self.leases.partitions[self.shared.keys.partition_of(id)].claimed.remove(&id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.fence = None;
        }
    }

    /// Nobody listens any more on a channel that was claimed.
    pub(super) fn release(&mut self, id: Id, fence: u64) {
        self.forget_claim(id);
        let mut call = SCRIPTS.release.on(&[self.shared.keys.meta(id)]);
        call.arg(&*self.shared.node).arg(fence);
        self.outgoing.push_back((call, Job::Nothing));
        self.settle(id, Instant::now());
    }

    /// A node has claimed a channel.
    pub(super) fn hear_claim(&mut self, id: Id, node: &[u8], fence: u64, now: Instant) {
        let ours = self.channels.get(id).and_then(|channel| channel.fence);
        if node != self.shared.node.as_bytes() && ours.is_some_and(|ours| ours < fence) {
            self.replace(id, now);
        }
    }

    /// Compares a claim with what Redis says of it.
    pub(super) fn check_claim(&mut self, id: Id, fence: u64, answer: &Checked, now: Instant) {
        let is_taken = answer.fence.is_some_and(|theirs| fence < theirs)
            && answer.holder != self.shared.node.as_bytes()
            && !answer.holder.is_empty();
        if is_taken {
            self.replace(id, now);
        } else if answer.holder.is_empty() {
            self.ask_whether_held(id, fence);
        }
    }

    /// The listener is told that another has come, elsewhere.
    fn replace(&mut self, id: Id, now: Instant) {
        if let (Some(feed), Some(channel)) = (&self.feed, self.channels.get(id)) {
            self.told.push(feed.replace(&channel.token));
        }
        self.forget_claim(id);
        self.settle(id, now);
    }

    /// Lets other nodes know that this one is gone, and its claims with it.
    pub(super) async fn say_goodbye(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        let mut gone = redis::pipe();
        for (partition, known) in self.leases.partitions.iter().enumerate() {
            if known.is_used {
                gone.cmd("DEL").arg(self.shared.keys.life(partition, &self.shared.node)).ignore();
            }
        }
        if !gone.is_empty()
            && let Err(error) = gone.exec_async(&mut session.commands).await
        {
            tracing::warn!(%error, "other nodes learn in a few seconds that this one is gone");
        }
    }
}

/// How long others believe that a node is there without hearing of it.
pub(super) const LEASE: Duration = Duration::from_secs(5);

const BETWEEN_RENEWALS: Duration = Duration::from_millis(1_250);
