//! Packets from the server, each handed to the part of the session that it concerns.

use super::{Event, Session, State, connect};
use crate::packet::{Ack, Frame, Malformed, Packet, PacketId, PacketType, ReasonCode, Sender};
use std::time::Instant;

/// A packet that does not belong where it came.
const UNEXPECTED: Malformed = Malformed {
    reason: ReasonCode::PROTOCOL_ERROR,
    detail: "packet of a type that is not expected here",
};

impl Session {
    /// Whether something that begins with this byte can become a packet from the server, so that the rest is worth waiting
    /// for. On error the connection is to be ended as by [`handle_frame`](Self::handle_frame).
    #[cold]
    pub fn check_beginning(&self, first_byte: u8) -> Result<(), Malformed> {
        let packet_type = Packet::type_by_first_byte(first_byte, self.version, Sender::Server)?;
        match (self.state, packet_type) {
            (State::Connecting, PacketType::ConnAck | PacketType::Auth) => Ok(()),
            (State::Connecting, _) => Err(connect::NOT_CONNACK),
            _ => Ok(()),
        }
    }

    /// Handles one packet from the server. On error the connection is to be ended, with DISCONNECT and this reason
    /// first if it speaks MQTT 5 ([`send_disconnect_for`](Self::send_disconnect_for)).
    pub fn handle_frame(&mut self, now: Instant, frame: Frame) -> Result<(), Malformed> {
        self.begin_step();
        self.keep_alive.received(now);
        if frame.packet_type() == Some(PacketType::Publish) && self.state == State::Connected {
            return self.handle_publish(frame);
        }
        let packet = Packet::decode(frame, self.version, Sender::Server)?;
        if matches!(packet, Packet::Auth(_)) && self.client_limits.authentication {
            // The program has no way to answer. What becomes of the connection is for the server to say.
            return Ok(());
        }
        match self.state {
            State::Connected => {}
            State::Connecting => return self.handle_first_packet(now, packet),
            State::Disconnected => {
                return Err(Malformed {
                    reason: ReasonCode::PROTOCOL_ERROR,
                    detail: "a packet after the connection was refused",
                });
            }
        }
        self.check_problem_information(&packet)?;
        match packet {
            Packet::PubAck(ack) => self.handle_puback(now, ack),
            Packet::PubRec(ack) => self.handle_pubrec(now, ack),
            Packet::PubRel(ack) => self.handle_pubrel(ack),
            Packet::PubComp(ack) => self.handle_pubcomp(now, ack),
            Packet::SubAck(ack) => self.handle_suback(ack),
            Packet::UnsubAck(ack) => self.handle_unsuback(ack),
            Packet::PingResp => {
                self.trace_in(|| "PINGRESP".to_owned());
                self.keep_alive.handle_pingresp();
                Ok(())
            }
            Packet::Disconnect(disconnect) => {
                self.events.push_back(Event::ServerDisconnect(disconnect));
                Ok(())
            }
            // PUBLISH is handled above; a second CONNACK [MQTT-3.2.0-2]; AUTH that nobody asked for [MQTT-4.12.0-6].
            _ => Err(UNEXPECTED),
        }
    }

    /// Handles a PUBACK, PUBREC, PUBREL or PUBCOMP that reports success without properties; otherwise as
    /// [`handle_frame`](Self::handle_frame).
    #[inline]
    pub fn handle_ack(
        &mut self,
        now: Instant,
        packet_type: PacketType,
        id: PacketId,
    ) -> Result<(), Malformed> {
        if self.state != State::Connected {
            return Err(UNEXPECTED);
        }
        self.begin_step();
        self.keep_alive.received(now);
        let ack = Ack::new(id);
        match packet_type {
            PacketType::PubAck => self.handle_puback(now, ack),
            PacketType::PubRec => self.handle_pubrec(now, ack),
            PacketType::PubRel => self.handle_pubrel(ack),
            PacketType::PubComp => self.handle_pubcomp(now, ack),
            _ => Err(UNEXPECTED),
        }
    }
}
