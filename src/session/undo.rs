//! Taking back what the input being handled has done, when a record of it cannot be stored.

use super::packet_id::PacketIds;
use super::received::{QueuedMark, Received};
use super::{Awaiting, Session, StoreOp};
use crate::packet::PacketId;
use bytes::Bytes;

/// How to take back the input being handled when its record cannot be stored.
#[derive(Debug)]
pub(super) enum Undo {
    /// Only the answer is withheld.
    Nothing,
    /// The message is not taken over, and its alias stands for what it stood for before.
    Publish(PacketId, Option<(u16, Option<Bytes>)>),
    /// The exchange is not begun.
    Received(PacketId),
    /// The exchange is not ended.
    Released(PacketId, Box<Received>),
    /// PUBREC is not accepted.
    PubRel(PacketId),
}

/// What there was before the input being handled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StepStart {
    pub(super) bytes: usize,
    pub(super) events: usize,
    pub(super) ids: PacketIds,
    pub(super) next_queue_seq: u32,
    pub(super) last_queued: Option<QueuedMark>,
}

impl Session {
    /// A store operation of the last input failed. `true`: the input has been taken back, its bytes and events are
    /// forgotten, and its remaining store operations are dropped; one that removes a record may take their place. `false`:
    /// it was a removal, a mere refresh, or nothing that was promised to last; go on.
    #[must_use]
    pub fn store_failed(&mut self) -> bool {
        let Some(undo) = self.undo.take() else {
            return false;
        };
        let queued = self.queued_in_step();
        self.store_ops.clear();
        self.send.truncate(self.step_start.bytes);
        self.events.truncate(self.step_start.events);
        // The next records get the same names, and replace what a failed write may have left.
        self.ids = self.step_start.ids;
        self.next_queue_seq = self.step_start.next_queue_seq;
        self.last_queued = self.step_start.last_queued;
        match undo {
            Undo::Nothing => {}
            Undo::Publish(id, alias) => {
                if let Some((place, _)) = self.inflight.find(id) {
                    self.inflight.finish(place, &mut self.packet_buffers);
                }
                if let Some((alias, topic)) = alias {
                    self.outbound_aliases.put_back(alias, topic);
                }
            }
            Undo::Received(id) => {
                self.received.remove(&id);
                if let Some(seq) = queued {
                    let v5 = self.is_v5();
                    self.store(|| StoreOp::RemoveQueued { v5, seq });
                }
            }
            Undo::Released(id, received) => {
                self.received.insert(id, *received);
            }
            Undo::PubRel(id) => {
                if let Some(message) = self.inflight.get_mut(id) {
                    message.awaiting = Awaiting::PubRec;
                }
            }
        }
        true
    }

    /// The sequence number of the message that the step has queued, if that is stored: with the next version its name would
    /// not be used again, and a new process would hand the message on, which the server repeats.
    fn queued_in_step(&self) -> Option<u32> {
        let seq = self.step_start.next_queue_seq;
        // The record of the identifier comes behind it.
        (self.next_queue_seq != seq && self.store_ops.is_empty()).then_some(seq)
    }

    #[inline(always)]
    pub(super) fn begin_step(&mut self) {
        // Without records nothing can fail.
        if self.keeps_records {
            self.note_step_start();
        }
    }

    fn note_step_start(&mut self) {
        self.undo = None;
        self.step_start = StepStart {
            bytes: self.send.len(),
            events: self.events.len(),
            ids: self.ids,
            next_queue_seq: self.next_queue_seq,
            last_queued: self.last_queued,
        };
    }

    /// What is to be taken back if a record of this step cannot be stored.
    #[inline(always)]
    pub(super) fn set_undo(&mut self, undo: impl FnOnce() -> Undo) {
        if self.keeps_records {
            self.undo = Some(undo());
        }
    }
}
