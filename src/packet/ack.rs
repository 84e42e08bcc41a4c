//! PUBACK, PUBREC, PUBREL and PUBCOMP (3.1.1 and 5: sections 3.4 to 3.7), which share one form.

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::Reader;
use super::{
    Malformed, PacketId, PacketType, Properties, PropertyPlace, ProtocolVersion, ReasonCode,
    Sender, TooLarge,
};

/// PUBACK, PUBREC, PUBREL or PUBCOMP (which one: the `Packet` variant).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// That of the PUBLISH.
    pub packet_id: PacketId,
    /// `SUCCESS` below 5.
    pub reason: ReasonCode,
    /// Empty below 5.
    pub properties: Properties,
}

/// Appends a PUBACK, PUBREC, PUBREL or PUBCOMP that reports success: the form that all versions share.
#[inline]
pub fn encode_ack(packet_type: PacketType, packet_id: PacketId, out: &mut Vec<u8>) {
    let [high, low] = packet_id.get().to_be_bytes();
    out.extend_from_slice(&[packet_type.first_byte(), 2, high, low]);
}

/// The acknowledgement at the front of `bytes`, if that is one in the form of [`encode_ack`].
#[inline]
pub fn peek_ack(bytes: &[u8]) -> Option<(PacketType, PacketId)> {
    let &[first_byte, 2, high, low, ..] = bytes else {
        return None;
    };
    let packet_type = match first_byte {
        0x40 => PacketType::PubAck,
        0x50 => PacketType::PubRec,
        0x62 => PacketType::PubRel,
        0x70 => PacketType::PubComp,
        _ => return None,
    };
    Some((packet_type, PacketId::new(u16::from_be_bytes([high, low]))?))
}

/// The length of what [`encode_ack`] appends, in bytes.
pub const ACK_LENGTH: usize = 4;

impl Ack {
    /// Reports success, without properties.
    pub const fn new(packet_id: PacketId) -> Ack {
        Ack {
            packet_id,
            reason: ReasonCode::SUCCESS,
            properties: Properties::new(),
        }
    }

    pub(super) fn encode(
        &self,
        packet_type: PacketType,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let has_reason = self.reason != ReasonCode::SUCCESS || !self.properties.is_empty();
        if version < ProtocolVersion::V5 || !has_reason {
            encode_ack(packet_type, self.packet_id, out);
            return Ok(());
        }
        let properties_length = if self.properties.is_empty() {
            0
        } else {
            self.properties.block_length(version)?
        };
        put_fixed_header(packet_type.first_byte(), 3 + properties_length, out)?;
        out.put_u16(self.packet_id.get());
        out.put_u8(self.reason.0);
        if !self.properties.is_empty() {
            self.properties.put_block(version, out);
        }
        Ok(())
    }

    pub(super) fn decode(
        packet_type: PacketType,
        body: &Bytes,
        version: ProtocolVersion,
    ) -> Result<Ack, Malformed> {
        let mut reader = Reader::new(body);
        let mut ack = Ack::new(reader.packet_id()?);
        // Reason Code and Property Length may be left out (5: sections 3.4.2.1 and 3.4.2.2.1).
        if version == ProtocolVersion::V5 && !reader.is_empty() {
            ack.reason = ReasonCode(reader.byte()?);
            check_reason(packet_type, ack.reason)?;
            if !reader.is_empty() {
                // The rules for these properties are the same for both senders.
                ack.properties = Properties::read(&mut reader, place(packet_type), Sender::Server)?;
            }
        }
        reader.finish()?;
        Ok(ack)
    }
}

fn place(packet_type: PacketType) -> PropertyPlace {
    match packet_type {
        PacketType::PubAck => PropertyPlace::PubAck,
        PacketType::PubRec => PropertyPlace::PubRec,
        PacketType::PubRel => PropertyPlace::PubRel,
        _ => PropertyPlace::PubComp,
    }
}

fn check_reason(packet_type: PacketType, reason: ReasonCode) -> Result<(), Malformed> {
    let allowed = match packet_type {
        // [MQTT-3.4.2-1], [MQTT-3.5.2-1]
        PacketType::PubAck | PacketType::PubRec => matches!(
            reason,
            ReasonCode::SUCCESS
                | ReasonCode::NO_MATCHING_SUBSCRIBERS
                | ReasonCode::UNSPECIFIED_ERROR
                | ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
                | ReasonCode::NOT_AUTHORIZED
                | ReasonCode::TOPIC_NAME_INVALID
                | ReasonCode::PACKET_IDENTIFIER_IN_USE
                | ReasonCode::QUOTA_EXCEEDED
                | ReasonCode::PAYLOAD_FORMAT_INVALID
        ),
        // [MQTT-3.6.2-1], [MQTT-3.7.2-1]
        _ => matches!(
            reason,
            ReasonCode::SUCCESS | ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
        ),
    };
    if allowed {
        Ok(())
    } else {
        Err(Malformed::protocol(
            "a reason code that this acknowledgement does not have",
        ))
    }
}
