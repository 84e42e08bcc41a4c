//! Outbound QoS 1 and 2 messages between PUBLISH and the end of their handshake, in the order they were sent.

use super::SentPacket;
use super::step::OutboundRecords;
use crate::packet::{PacketId, QoS};
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
    /// The PUBLISH as on the wire when it was last sent, with its full topic.
    pub packet: SentPacket,
    /// `packet` is in MQTT 5 form.
    pub packet_v5: bool,
    /// The records known to exist in the store.
    pub records: OutboundRecords,
    /// When it was last sent on this connection; `None` while it still waits to be resent.
    pub sent_at: Option<Instant>,
}

/// Where a message stands in the list, until the list changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// Places of finished messages that are kept at least, so that short lists are not compacted all the time.
const KEPT_PLACES: usize = 32;

/// All unfinished outbound messages. Acknowledgements mostly come in order, which makes finding them one step.
#[derive(Debug, Default)]
pub(super) struct InflightList {
    slots: VecDeque<Slot>,
    unfinished: usize,
    /// Identifiers have gone past the first one in their circle, so that their order is not that of the list.
    lapped: bool,
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
        if let (Some(first), Some(last)) = (self.slots.front(), self.slots.back()) {
            self.lapped |= distance(first.id, entry.id) <= distance(first.id, last.id);
        }
        self.slots.push_back(Slot {
            id: entry.id,
            entry: Some(entry),
        });
        self.unfinished += 1;
    }

    /// Finds a message by its identifier.
    #[inline]
    pub(super) fn find(&self, id: PacketId) -> Option<(Place, &Inflight)> {
        let position = self.position(id)?;
        let entry = self.slots[position].entry.as_ref()?;
        Some((Place(position), entry))
    }

    /// Finds a message to be changed.
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
        let place = Place(self.position(id)?);
        self.remove_at(place)
    }

    /// Takes out the message at a place just found.
    pub(super) fn remove_at(&mut self, place: Place) -> Option<Inflight> {
        let entry = match place.0 {
            0 => self.slots.pop_front()?.entry?,
            place => self.slots.get_mut(place)?.entry.take()?,
        };
        self.unfinished -= 1;
        while self.slots.front().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_front();
        }
        if self.slots.is_empty() {
            self.lapped = false;
            if self.slots.capacity() > KEPT_PLACES {
                self.slots.shrink_to(KEPT_PLACES);
            }
        } else if place.0 > 0 {
            self.compact();
        }
        Some(entry)
    }

    fn compact(&mut self) {
        while self.slots.back().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_back();
        }
        if self.slots.len() > 2 * self.unfinished + KEPT_PLACES {
            // A message that is never acknowledged must not make the list grow with all that come after it.
            self.slots.retain(|slot| slot.entry.is_some());
        }
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
        *self = InflightList::default();
    }

    /// How many places the list holds, those of finished messages included.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    fn position(&self, id: PacketId) -> Option<usize> {
        let first = self.slots.front()?.id;
        // Identifiers are handed out in order, so the distance is usually the position.
        let guess = distance(first, id);
        match self.slots.get(guess) {
            Some(slot) if slot.id == id && slot.entry.is_some() => Some(guess),
            // Behind all others, as the next identifier to be used mostly is.
            None if !self.lapped && guess > distance(first, self.slots.back()?.id) => None,
            _ => self.search(first, guess, id),
        }
    }

    #[cold]
    fn search(&self, first: PacketId, guess: usize, id: PacketId) -> Option<usize> {
        let holds = |slot: &Slot| slot.id == id && slot.entry.is_some();
        if self.lapped {
            return self.slots.iter().position(holds);
        }
        let position = self
            .slots
            .binary_search_by_key(&guess, |slot| distance(first, slot.id))
            .ok()?;
        holds(&self.slots[position]).then_some(position)
    }
}

/// Steps from one identifier to another in the circle of 1 to 65535.
#[inline]
fn distance(from: PacketId, to: PacketId) -> usize {
    let (from, to) = (usize::from(from.get()), usize::from(to.get()));
    if to >= from {
        to - from
    } else {
        to + 65535 - from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn entry(id: u16) -> Inflight {
        Inflight {
            id: PacketId::new(id).unwrap(),
            qos: QoS::AtLeastOnce,
            awaiting: Awaiting::PubAck,
            packet: Bytes::new().into(),
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
    fn messages_are_found_after_identifiers_have_lapped_the_first() {
        let mut list = InflightList::default();
        for id in [5, 65535, 3, 6, 7, 2] {
            list.push(entry(id));
        }
        for id in [2, 7, 65535, 6, 5, 3] {
            let id = PacketId::new(id).unwrap();
            assert!(list.remove(id).is_some());
            assert!(!list.contains(id));
        }
        assert_eq!(list.len(), 0);
    }

    #[test]
    fn messages_are_found_after_places_were_given_up() {
        let mut list = InflightList::default();
        for id in 1..=200 {
            list.push(entry(id));
        }
        for id in (2..200).filter(|id| id % 50 != 0) {
            list.remove(PacketId::new(id).unwrap());
        }
        assert_eq!(ids(&list), [1, 50, 100, 150, 200]);
        assert!(list.places() <= 5 * 2 + KEPT_PLACES);
        for id in 1..=201 {
            let unfinished = id == 1 || (id % 50 == 0);
            assert_eq!(list.contains(PacketId::new(id).unwrap()), unfinished);
        }
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
