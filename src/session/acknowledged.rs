//! Outbound messages: PUBACK, PUBREC and PUBCOMP, with PUBREL between them, and the end of a message.

use super::inflight::Place;
use super::{Awaiting, Event, Session, StoreOp, Undo};
use crate::packet::{Ack, Malformed, PacketId, PacketType, ReasonCode, ack};
use crate::trace::{self, Level};
use std::time::Instant;

impl Session {
    #[inline(always)]
    pub(super) fn handle_puback(&mut self, now: Instant, ack: Ack) -> Result<(), Malformed> {
        let id = ack.packet_id;
        self.trace_in(|| format!("PUBACK msgid: {id}"));
        self.handle_last(now, PacketType::PubAck, Awaiting::PubAck, ack)
    }

    pub(super) fn handle_pubrec(&mut self, now: Instant, ack: Ack) -> Result<(), Malformed> {
        let (id, v5, keeps_old) = (ack.packet_id, self.is_v5(), self.keeps_old_records);
        self.trace_in(|| format!("PUBREC msgid: {id}"));
        let Some(message) = self.inflight.get_mut(id) else {
            if self.requests.contains_key(&id) {
                return Err(wrong_kind("PUBREC for a subscription request"));
            }
            // An exchange this side has forgotten: let the server end it too. An error has ended it already.
            if !ack.reason.is_error() {
                self.send_pubrel(id);
            }
            return Ok(());
        };
        if message.awaiting == Awaiting::PubAck {
            return Err(wrong_kind("PUBREC for a QoS 1 message"));
        }
        if ack.reason.is_error() {
            // [MQTT-4.3.3-4]: a reason of 0x80 or more ends the message; there is no PUBREL.
            let awaiting = message.awaiting;
            return self.handle_last(now, PacketType::PubRec, awaiting, ack);
        }
        let before = std::mem::replace(&mut message.awaiting, Awaiting::PubComp);
        message.sent_at = Some(now);
        let v5 = message.records.next_is_v5(v5, keeps_old);
        message.records.set_pubrel(v5);
        if before == Awaiting::PubRec {
            self.set_undo(|| Undo::PubRel(id));
        }
        self.store(|| StoreOp::PutPubRel { v5, id });
        self.send_pubrel(id);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn handle_pubcomp(&mut self, now: Instant, ack: Ack) -> Result<(), Malformed> {
        let id = ack.packet_id;
        self.trace_in(|| format!("PUBCOMP msgid:{id}"));
        self.handle_last(now, PacketType::PubComp, Awaiting::PubComp, ack)
    }

    pub(super) fn send_pubrel(&mut self, id: PacketId) {
        ack::encode_ack(PacketType::PubRel, id, self.send.buffer());
        if trace::enabled(Level::Protocol) {
            self.trace_pubrel(id);
        }
    }

    #[cold]
    fn trace_pubrel(&self, id: PacketId) {
        self.trace_out(format_args!("PUBREL msgid: {id} "));
    }

    /// Handles what ends a message that awaits it.
    fn handle_last(
        &mut self,
        now: Instant,
        packet_type: PacketType,
        awaiting: Awaiting,
        ack: Ack,
    ) -> Result<(), Malformed> {
        let id = ack.packet_id;
        let (place, records) = match self.inflight.find(id) {
            Some((place, message)) if message.awaiting == awaiting => (place, message.records),
            found => {
                let awaiting = found.map(|(_, message)| message.awaiting);
                return self.refuse_last(packet_type, id, awaiting);
            }
        };
        self.finish(place, packet_type, id, ack.reason);
        self.store(|| StoreOp::RemoveSent { id, records });
        self.events.push_back(Event::Completed {
            id,
            packet_type: packet_type as u8,
            reason: ack.reason,
            properties: ack.properties,
        });
        self.resend_next(now);
        Ok(())
    }

    /// Handles a PUBACK or PUBCOMP that reports success without properties, if the session
    /// [`hands_on_at_once`](Self::hands_on_at_once) and it ends a message, which the owner tells the application. Otherwise
    /// nothing has happened, and the packet is one for [`handle_ack`](Self::handle_ack).
    #[inline(always)]
    pub fn finish_at_once(&mut self, now: Instant, packet_type: PacketType, id: PacketId) -> bool {
        let awaiting = match packet_type {
            PacketType::PubAck => Awaiting::PubAck,
            PacketType::PubComp => Awaiting::PubComp,
            _ => return false,
        };
        let place = match self.inflight.find(id) {
            Some((place, message)) if message.awaiting == awaiting => place,
            _ => return false,
        };
        match awaiting {
            Awaiting::PubAck => self.trace_in(|| format!("PUBACK msgid: {id}")),
            _ => self.trace_in(|| format!("PUBCOMP msgid:{id}")),
        }
        self.finish(place, packet_type, id, ReasonCode::SUCCESS);
        self.resend_next(now);
        true
    }

    /// Takes a message out of those in flight.
    #[inline(always)]
    fn finish(&mut self, place: Place, packet_type: PacketType, id: PacketId, reason: ReasonCode) {
        self.inflight.finish(place, &mut self.packet_buffers);
        if !self.held_back.is_empty() {
            self.held_back.remove(&id);
        }
        if trace::enabled(Level::Minimum) {
            self.trace_completion(packet_type, id, reason);
        }
    }

    /// The identifier is not that of a message that awaits this. That of no message at all is passed over.
    #[cold]
    fn refuse_last(
        &self,
        packet_type: PacketType,
        id: PacketId,
        awaiting: Option<Awaiting>,
    ) -> Result<(), Malformed> {
        let is_request = self.requests.contains_key(&id);
        Err(wrong_kind(match (packet_type, awaiting) {
            (PacketType::PubAck, Some(_)) => "PUBACK for a QoS 2 message",
            (PacketType::PubAck, None) if is_request => "PUBACK for a subscription request",
            (_, Some(Awaiting::PubAck)) => "PUBCOMP for a QoS 1 message",
            (_, Some(_)) => "PUBCOMP before PUBREC",
            (_, None) if is_request => "PUBCOMP for a subscription request",
            (_, None) => return Ok(()),
        }))
    }

    #[cold]
    fn trace_completion(&self, packet_type: PacketType, id: PacketId, reason: ReasonCode) {
        let (name, reason) = (self.client_name(), reason.0);
        let packet = match packet_type {
            PacketType::PubAck => "PUBACK",
            PacketType::PubComp => "PUBCOMP",
            _ => {
                crate::trace!(
                    Level::Minimum,
                    "Pubrec error {reason} received for client {name} msgid {id}, not sending PUBREL"
                );
                return;
            }
        };
        crate::trace!(
            Level::Minimum,
            "{packet} received from client {name} for message id {id} - removing publication"
        );
    }
}

/// [MQTT-4.3.2-3] and [MQTT-4.3.3-5]: an acknowledgement of the wrong kind for an identifier in use.
pub(super) fn wrong_kind(detail: &'static str) -> Malformed {
    Malformed {
        reason: ReasonCode::PROTOCOL_ERROR,
        detail,
    }
}
