//! SUBSCRIBE and UNSUBSCRIBE, and matching their acknowledgements by packet identifier [MQTT-3.8.4-2].

use super::acknowledged::wrong_kind;
use super::{Event, SendError, Session};
use crate::packet::{
    Malformed, Packet, PacketId, Properties, PropertyPlace, SubAck, Subscribe, SubscriptionRequest,
    Unsubscribe,
};
use std::collections::BTreeMap;

/// A request whose acknowledgement has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe { filters: usize },
    Unsubscribe { filters: usize },
}

impl Session {
    /// Asks for subscriptions; the answer comes as [`Event::Acknowledged`] with the same packet identifier.
    pub fn subscribe(
        &mut self,
        filters: Vec<SubscriptionRequest>,
        properties: &Properties,
    ) -> Result<PacketId, SendError> {
        let request = Request::Subscribe {
            filters: filters.len(),
        };
        self.send_request(request, properties, |packet_id, properties| {
            Packet::Subscribe(Subscribe {
                packet_id,
                properties,
                filters,
            })
        })
    }

    /// Asks to end subscriptions; the answer comes as [`Event::Acknowledged`] with the same packet identifier.
    pub fn unsubscribe(
        &mut self,
        filters: Vec<bytes::Bytes>,
        properties: &Properties,
    ) -> Result<PacketId, SendError> {
        let request = Request::Unsubscribe {
            filters: filters.len(),
        };
        self.send_request(request, properties, |packet_id, properties| {
            Packet::Unsubscribe(Unsubscribe {
                packet_id,
                properties,
                filters,
            })
        })
    }

    /// Nobody waits for this request's answer any more.
    pub fn forget_request(&mut self, id: PacketId) {
        self.requests.remove(&id);
        if self.requests.is_empty() {
            // An emptied map would keep its memory.
            self.requests = BTreeMap::new();
        }
    }

    fn send_request(
        &mut self,
        request: Request,
        properties: &Properties,
        packet: impl FnOnce(PacketId, Properties) -> Packet,
    ) -> Result<PacketId, SendError> {
        if !self.is_connected() {
            return Err(SendError::NotConnected);
        }
        let (place, name) = match request {
            Request::Subscribe { .. } => (PropertyPlace::Subscribe, "SUBSCRIBE"),
            Request::Unsubscribe { .. } => (PropertyPlace::Unsubscribe, "UNSUBSCRIBE"),
        };
        let mut sent_properties = Properties::default();
        if self.is_v5() {
            properties
                .check(place)
                .map_err(|_| SendError::NotAllowed("a property is not allowed in this packet"))?;
            sent_properties = properties.clone();
        }
        self.begin_step();
        let ids = self.ids;
        let id = self.next_id()?;
        let start = self.send.len();
        let too_large =
            SendError::NotAllowed("the packet is larger than the server or the protocol allows");
        let encoded = packet(id, sent_properties).encode(self.version, self.send.buffer());
        let size = self.send.len() - start;
        if encoded.is_err() || size > self.server_limits.maximum_packet_size as usize {
            self.send.truncate(start);
            self.ids = ids;
            return Err(too_large);
        }
        self.requests.insert(id, request);
        self.trace_out(format_args!("{name} msgid: {id} "));
        Ok(id)
    }

    /// What nobody waits for leaves no line, as in the original.
    fn trace_answer(&self, name: &str, id: PacketId) {
        if self.requests.contains_key(&id) {
            self.trace_in(|| format!("{name} msgid: {id}"));
        }
    }

    pub(super) fn handle_suback(&mut self, ack: SubAck) -> Result<(), Malformed> {
        let id = ack.packet_id;
        self.trace_answer("SUBACK", id);
        match self.requests.get(&id) {
            // [MQTT-3.8.4-6], 3.1.1: [MQTT-3.8.4-5]: one code for each filter. Below 5 the caller judges.
            Some(Request::Subscribe { filters })
                if !self.is_v5() || *filters == ack.codes.len() => {}
            Some(Request::Subscribe { .. }) => {
                return Err(wrong_kind(
                    "SUBACK with another number of codes than filters",
                ));
            }
            Some(Request::Unsubscribe { .. }) => {
                return Err(wrong_kind("SUBACK for an UNSUBSCRIBE"));
            }
            None if self.inflight.contains(id) => return Err(wrong_kind("SUBACK for a PUBLISH")),
            None => return Ok(()),
        }
        self.finish_request(ack);
        self.subscribed_at = Some(self.last_received());
        Ok(())
    }

    pub(super) fn handle_unsuback(&mut self, ack: SubAck) -> Result<(), Malformed> {
        let (id, v5) = (ack.packet_id, self.is_v5());
        self.trace_answer("UNSUBACK", id);
        match self.requests.get(&id) {
            // [MQTT-3.11.3-1] for 5; 3.1.1 has no codes here.
            Some(Request::Unsubscribe { filters }) if !v5 || *filters == ack.codes.len() => {}
            Some(Request::Unsubscribe { .. }) => {
                return Err(wrong_kind(
                    "UNSUBACK with another number of codes than filters",
                ));
            }
            Some(Request::Subscribe { .. }) => return Err(wrong_kind("UNSUBACK for a SUBSCRIBE")),
            None if self.inflight.contains(id) => return Err(wrong_kind("UNSUBACK for a PUBLISH")),
            None => return Ok(()),
        }
        self.finish_request(ack);
        Ok(())
    }

    fn finish_request(&mut self, ack: SubAck) {
        self.forget_request(ack.packet_id);
        self.events.push_back(Event::Acknowledged(ack));
    }
}
