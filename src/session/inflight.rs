//! Outbound QoS 1 and 2 messages between PUBLISH and the end of their handshake, in the order they were sent.

use super::after_burst::AfterBurst;
use super::packet_id::{distance, id_after};
use super::sent_packet::{PacketBuffers, SentPacket};
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
    /// It is finished, and only its place is left.
    Nothing,
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

impl Inflight {
    fn is_finished(&self) -> bool {
        self.awaiting == Awaiting::Nothing
    }
}

/// Where a message stands in the list, until the list changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// Places of finished messages that are kept at least, so that short lists are not compacted all the time.
const KEPT_PLACES: usize = 32;

/// All unfinished outbound messages. Identifiers are handed out in order and acknowledgements mostly come in order, which
/// makes finding them one step.
#[derive(Debug, Default)]
pub(super) struct InflightList {
    /// Those at both ends are unfinished.
    places: VecDeque<Inflight>,
    after_burst: AfterBurst,
    unfinished: usize,
    /// The identifier at the front, or one between it and that of the last message there.
    first: u16,
    /// So many steps from `first` on lie all identifiers, in the order of the list; or [`LAPPED`].
    reach: usize,
}

/// Identifiers have gone past the first one in their circle, so that their order is not that of the list.
const LAPPED: usize = usize::MAX;

impl InflightList {
    /// How many messages are unfinished.
    pub(super) fn len(&self) -> usize {
        self.unfinished
    }

    /// Adds a message at the end.
    #[inline(always)]
    pub(super) fn push(&mut self, message: Inflight) {
        let id = message.id.get();
        if self.reach == 0 {
            self.first = id;
        }
        let steps = distance(self.first, id);
        self.reach = match steps >= self.reach {
            true => steps + 1,
            false => LAPPED,
        };
        self.unfinished += 1;
        self.places.push_back(message);
    }

    /// The message at the end.
    pub(super) fn last(&self) -> Option<&Inflight> {
        self.places.back()
    }

    /// Finds a message by its identifier.
    #[inline]
    pub(super) fn find(&self, id: PacketId) -> Option<(Place, &Inflight)> {
        let place = distance(self.first, id.get());
        match self.places.get(place) {
            Some(message) if message.id == id && !message.is_finished() => {
                Some((Place(place), message))
            }
            _ => self.search(id),
        }
    }

    /// Finds a message to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, id: PacketId) -> Option<&mut Inflight> {
        let (Place(place), _) = self.find(id)?;
        self.places.get_mut(place)
    }

    /// Whether the identifier belongs to an unfinished message.
    #[inline]
    pub(super) fn contains(&self, id: PacketId) -> bool {
        // The next identifier to be used mostly is out of reach.
        distance(self.first, id.get()) < self.reach && self.holds(id)
    }

    #[cold]
    fn holds(&self, id: PacketId) -> bool {
        self.find(id).is_some()
    }

    /// The message at a place just found is finished; its packet's buffer goes to the others.
    #[inline(always)]
    pub(super) fn finish(&mut self, Place(place): Place, buffers: &mut PacketBuffers) {
        if place > 0 {
            return self.finish_behind_first(place, buffers);
        }
        let Some(message) = self.places.pop_front() else {
            return;
        };
        self.unfinished -= 1;
        let id = message.id.get();
        buffers.give_back(message.packet);
        if id == self.first && self.places.len() == self.unfinished && self.reach != LAPPED {
            // The next one is likely to be the first now.
            self.first = id_after(id);
            self.reach -= 1;
        } else {
            self.give_up_first();
        }
        if self.places.is_empty() {
            buffers.shrink();
            self.after_burst.shrink(&mut self.places);
        }
    }

    #[cold]
    fn finish_behind_first(&mut self, place: usize, buffers: &mut PacketBuffers) {
        let Some(message) = self.places.get_mut(place) else {
            return;
        };
        message.awaiting = Awaiting::Nothing;
        buffers.give_back(std::mem::take(&mut message.packet));
        self.unfinished -= 1;
        while self.places.back().is_some_and(Inflight::is_finished) {
            self.places.pop_back();
        }
        self.measure();
        if self.places.len() > 2 * self.unfinished + KEPT_PLACES {
            // A message that is never acknowledged must not make the list grow with all that come after it.
            self.places.retain(|message| !message.is_finished());
        }
    }

    /// Gives up the places of finished messages at the front.
    #[cold]
    fn give_up_first(&mut self) {
        while self.places.front().is_some_and(Inflight::is_finished) {
            self.places.pop_front();
        }
        self.measure();
    }

    /// The messages at the ends have changed.
    fn measure(&mut self) {
        let ends = (self.places.front(), self.places.back());
        let (Some(first), Some(last)) = ends else {
            self.reach = 0;
            return;
        };
        self.first = first.id.get();
        if self.reach != LAPPED {
            self.reach = distance(self.first, last.id.get()) + 1;
        }
    }

    /// All unfinished messages in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Inflight> {
        let places = self.places.iter();
        places.filter(|message| !message.is_finished())
    }

    /// All unfinished messages in order, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Inflight> {
        let places = self.places.iter_mut();
        places.filter(|message| !message.is_finished())
    }

    /// Forgets all messages.
    pub(super) fn clear(&mut self) {
        *self = InflightList::default();
    }

    /// How many places the list holds, those of finished messages included.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    #[cold]
    fn search(&self, id: PacketId) -> Option<(Place, &Inflight)> {
        let holds = |message: &Inflight| message.id == id && !message.is_finished();
        let place = match self.reach {
            LAPPED => self.places.iter().position(holds)?,
            _ => {
                let steps = |id: PacketId| distance(self.first, id.get());
                let places = &self.places;
                let found = places.binary_search_by_key(&steps(id), |message| steps(message.id));
                found.ok()?
            }
        };
        let message = self.places.get(place).filter(|message| holds(message))?;
        Some((Place(place), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn remove(list: &mut InflightList, id: PacketId) {
        let (place, _) = list.find(id).unwrap();
        list.finish(place, &mut PacketBuffers::default());
    }

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
        for id in [1, 65534, 3] {
            remove(&mut list, PacketId::new(id).unwrap());
        }
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
            assert!(list.contains(id));
            remove(&mut list, id);
            assert!(!list.contains(id));
        }
        assert_eq!(list.len(), 0);
    }

    proptest! {
        /// Identifiers are handed out with gaps and around the circle, and messages end in any order, mostly the first one first.
        #[test]
        fn it_is_a_list_of_identifiers(
            first in 1..=u16::MAX,
            steps in prop::collection::vec((0..8u8, any::<prop::sample::Index>(), 1..9000u16), 1..300),
        ) {
            let (mut list, mut model, mut last) = (InflightList::default(), Vec::new(), first);
            for (choice, index, gap) in steps {
                match (choice, model.len()) {
                    (0..=3, _) | (_, 0) => {
                        for _ in 0..if choice == 0 { gap } else { 1 } {
                            last = id_after(last);
                        }
                        while model.contains(&last) {
                            last = id_after(last);
                        }
                        prop_assert!(!list.contains(PacketId::new(last).unwrap()));
                        list.push(entry(last));
                        model.push(last);
                    }
                    (4..=6, _) => remove(&mut list, PacketId::new(model.remove(0)).unwrap()),
                    (_, len) => {
                        let id = model.remove(index.index(len));
                        remove(&mut list, PacketId::new(id).unwrap());
                        prop_assert!(!list.contains(PacketId::new(id).unwrap()));
                    }
                }
                prop_assert_eq!(&ids(&list), &model);
                prop_assert_eq!(list.len(), model.len());
                for id in &model {
                    let (_, found) = list.find(PacketId::new(*id).unwrap()).unwrap();
                    prop_assert_eq!(found.id.get(), *id);
                    prop_assert!(list.contains(found.id));
                }
            }
        }
    }

    #[test]
    fn messages_are_found_behind_identifiers_that_were_left_out() {
        let mut list = InflightList::default();
        for id in [65534, 2, 3, 7] {
            list.push(entry(id));
        }
        for (id, left) in [(65534, &[2, 3, 7][..]), (2, &[3, 7]), (3, &[7]), (7, &[])] {
            remove(&mut list, PacketId::new(id).unwrap());
            assert_eq!(ids(&list), left);
            for id in [65533, 65534, 65535, 1, 2, 3, 4, 7, 8] {
                assert_eq!(
                    list.contains(PacketId::new(id).unwrap()),
                    left.contains(&id)
                );
            }
        }
    }

    #[test]
    fn messages_are_found_after_places_were_given_up() {
        let mut list = InflightList::default();
        for id in 1..=200 {
            list.push(entry(id));
        }
        for id in (2..200).filter(|id| id % 50 != 0) {
            remove(&mut list, PacketId::new(id).unwrap());
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
        remove(&mut list, PacketId::new(2).unwrap());
        list.push(entry(2));
        assert_eq!(ids(&list), [1, 2]);
        assert!(list.get_mut(PacketId::new(2).unwrap()).is_some());
    }
}
