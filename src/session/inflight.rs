//! Outbound QoS 1 and 2 messages between PUBLISH and the end of their handshake, in the order they were sent.

use super::step::OutboundRecords;
use crate::packet::{PacketId, QoS};
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

/// What an outbound message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// QoS 1: the acknowledgement.
    PubAck,
    /// QoS 2: the server's receipt.
    PubRec,
    /// QoS 2: the end, after PUBREL was sent.
    PubComp,
}

/// One unfinished outbound message.
#[derive(Clone, Debug)]
pub struct Inflight {
    /// Packet identifier and delivery token.
    pub id: PacketId,
    /// 1 or 2.
    pub qos: QoS,
    /// What must come next.
    pub awaiting: Awaiting,
    /// The PUBLISH as on the wire, DUP 0, with its full topic.
    pub packet: Bytes,
    /// `packet` is in MQTT 5 form.
    pub packet_v5: bool,
    /// The records known to exist in the store.
    pub records: OutboundRecords,
    /// When it was last sent on this connection; `None` while it still waits to be resent.
    pub sent_at: Option<Instant>,
}

/// All unfinished outbound messages. Acknowledgements mostly come in order, which makes finding them one step.
#[derive(Debug, Default)]
pub(super) struct InflightList {
    slots: VecDeque<Slot>,
    unfinished: usize,
}

#[derive(Debug)]
struct Slot {
    id: PacketId,
    entry: Option<Inflight>,
}

impl InflightList {
    /// How many messages are unfinished.
    pub(super) fn len(&self) -> usize {
        self.unfinished
    }

    /// Adds a message at the end.
    pub(super) fn push(&mut self, entry: Inflight) {
        self.slots.push_back(Slot {
            id: entry.id,
            entry: Some(entry),
        });
        self.unfinished += 1;
    }

    /// Finds a message by its identifier.
    pub(super) fn get_mut(&mut self, id: PacketId) -> Option<&mut Inflight> {
        let position = self.position(id)?;
        self.slots[position].entry.as_mut()
    }

    /// Whether the identifier belongs to an unfinished message.
    pub(super) fn contains(&self, id: PacketId) -> bool {
        self.position(id).is_some()
    }

    /// Takes a finished message out.
    pub(super) fn remove(&mut self, id: PacketId) -> Option<Inflight> {
        let position = self.position(id)?;
        let entry = self.slots[position].entry.take();
        self.unfinished -= 1;
        while self.slots.front().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_front();
        }
        while self.slots.back().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_back();
        }
        if self.slots.is_empty() {
            self.slots.shrink_to(16);
        }
        entry
    }

    /// All unfinished messages in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Inflight> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    /// All unfinished messages in order, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Inflight> {
        self.slots.iter_mut().filter_map(|slot| slot.entry.as_mut())
    }

    /// Forgets all messages.
    pub(super) fn clear(&mut self) {
        self.slots = VecDeque::new();
        self.unfinished = 0;
    }

    fn position(&self, id: PacketId) -> Option<usize> {
        let first = self.slots.front()?.id;
        // Identifiers run 1..=65535 in a circle and are handed out in order, so the distance is usually the position.
        let guess = (usize::from(id.get()) + 65535 - usize::from(first.get())) % 65535;
        let holds = |slot: &Slot| slot.id == id && slot.entry.is_some();
        match self.slots.get(guess) {
            Some(slot) if holds(slot) => Some(guess),
            _ => self.slots.iter().position(holds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u16) -> Inflight {
        Inflight {
            id: PacketId::new(id).unwrap(),
            qos: QoS::AtLeastOnce,
            awaiting: Awaiting::PubAck,
            packet: Bytes::new(),
            packet_v5: false,
            records: OutboundRecords::default(),
            sent_at: None,
        }
    }

    fn ids(list: &InflightList) -> Vec<u16> {
        list.iter().map(|entry| entry.id.get()).collect()
    }

    #[test]
    fn order_is_kept_whatever_the_order_of_removal() {
        let mut list = InflightList::default();
        for id in [65534, 65535, 1, 2, 9, 3] {
            list.push(entry(id));
        }
        assert!(list.remove(PacketId::new(1).unwrap()).is_some());
        assert!(list.remove(PacketId::new(65534).unwrap()).is_some());
        assert!(list.remove(PacketId::new(3).unwrap()).is_some());
        assert!(list.remove(PacketId::new(3).unwrap()).is_none());
        assert_eq!(ids(&list), [65535, 2, 9]);
        assert_eq!(list.len(), 3);
        assert!(list.contains(PacketId::new(9).unwrap()));
        assert!(!list.contains(PacketId::new(1).unwrap()));
    }

    #[test]
    fn an_identifier_used_again_is_found_at_its_new_place() {
        let mut list = InflightList::default();
        list.push(entry(1));
        list.push(entry(2));
        list.remove(PacketId::new(2).unwrap());
        list.push(entry(2));
        assert_eq!(ids(&list), [1, 2]);
        assert!(list.get_mut(PacketId::new(2).unwrap()).is_some());
    }
}
