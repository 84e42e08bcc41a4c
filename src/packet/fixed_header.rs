//! The Fixed Header (3.1.1: 2.2, 5: 2.1): packet type, flags and Remaining Length.

use super::primitives::{MAX_VARIABLE_BYTE_INTEGER, fill_variable_byte_integer};
use super::{Malformed, ProtocolVersion, Sender, TooLarge};

/// MQTT Control Packet types, with the number in bits 7 to 4 of the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketType {
    /// Client: request to open a session.
    Connect = 1,
    /// Server: answer to CONNECT.
    ConnAck = 2,
    /// Both: an application message.
    Publish = 3,
    /// Both: receipt of a QoS 1 message.
    PubAck = 4,
    /// Both: receipt of a QoS 2 message, step 1.
    PubRec = 5,
    /// Both: release of a QoS 2 message, step 2.
    PubRel = 6,
    /// Both: completion of a QoS 2 message, step 3.
    PubComp = 7,
    /// Client: request to subscribe.
    Subscribe = 8,
    /// Server: answer to SUBSCRIBE.
    SubAck = 9,
    /// Client: request to unsubscribe.
    Unsubscribe = 10,
    /// Server: answer to UNSUBSCRIBE.
    UnsubAck = 11,
    /// Client: sign of life.
    PingReq = 12,
    /// Server: answer to PINGREQ.
    PingResp = 13,
    /// Client, and in 5 both: the end of the connection.
    Disconnect = 14,
    /// Both, 5 only: a step of an enhanced authentication.
    Auth = 15,
}

impl PacketType {
    /// The type in a packet's first byte; `None` for the reserved number 0.
    #[inline]
    pub const fn from_first_byte(first_byte: u8) -> Option<PacketType> {
        Some(match first_byte >> 4 {
            1 => PacketType::Connect,
            2 => PacketType::ConnAck,
            3 => PacketType::Publish,
            4 => PacketType::PubAck,
            5 => PacketType::PubRec,
            6 => PacketType::PubRel,
            7 => PacketType::PubComp,
            8 => PacketType::Subscribe,
            9 => PacketType::SubAck,
            10 => PacketType::Unsubscribe,
            11 => PacketType::UnsubAck,
            12 => PacketType::PingReq,
            13 => PacketType::PingResp,
            14 => PacketType::Disconnect,
            15 => PacketType::Auth,
            _ => return None,
        })
    }

    /// The first byte of a packet of this type; for PUBLISH the one with all flags 0.
    pub const fn first_byte(self) -> u8 {
        (self as u8) << 4 | self.reserved_flags()
    }

    /// The flags that every type but PUBLISH has to carry.
    const fn reserved_flags(self) -> u8 {
        match self {
            // [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1]
            PacketType::PubRel | PacketType::Subscribe | PacketType::Unsubscribe => 0b0010,
            _ => 0,
        }
    }

    /// Whether the direction of flow allows the type (3.1.1: 2.2.1, 5: 2.1.2).
    const fn may_come_from(self, sender: Sender, version: ProtocolVersion) -> bool {
        let v5 = matches!(version, ProtocolVersion::V5);
        let client = matches!(sender, Sender::Client);
        match self {
            PacketType::Publish
            | PacketType::PubAck
            | PacketType::PubRec
            | PacketType::PubRel
            | PacketType::PubComp => true,
            PacketType::Connect
            | PacketType::Subscribe
            | PacketType::Unsubscribe
            | PacketType::PingReq => client,
            PacketType::ConnAck
            | PacketType::SubAck
            | PacketType::UnsubAck
            | PacketType::PingResp => !client,
            PacketType::Disconnect => client || v5,
            PacketType::Auth => v5,
        }
    }
}

/// The type in a first byte, if `sender` may send it and its flags are right.
#[inline]
pub(super) fn check_first_byte(
    first_byte: u8,
    version: ProtocolVersion,
    sender: Sender,
) -> Result<PacketType, Malformed> {
    let packet_type = PacketType::from_first_byte(first_byte)
        .ok_or(Malformed::protocol("packet type 0 is reserved"))?;
    if !packet_type.may_come_from(sender, version) {
        return Err(Malformed::protocol("this packet type is not allowed here"));
    }
    check_reserved_flags(packet_type, first_byte, version)?;
    Ok(packet_type)
}

/// Flags other than the reserved ones make a packet malformed ([MQTT-2.1.3-1]; 3.1.1: [MQTT-2.2.2-1], [MQTT-2.2.2-2]).
/// In 3.1 they are "not used" and say nothing. The flags of PUBLISH are its own business.
#[inline]
pub(super) fn check_reserved_flags(
    packet_type: PacketType,
    first_byte: u8,
    version: ProtocolVersion,
) -> Result<(), Malformed> {
    let are_reserved = packet_type != PacketType::Publish && version > ProtocolVersion::V3_1;
    if !are_reserved || first_byte & 0x0f == packet_type.reserved_flags() {
        Ok(())
    } else {
        Err(Malformed::packet("reserved flags in the fixed header"))
    }
}

/// A whole fixed header, up to five bytes, on the stack.
pub struct FixedHeader {
    bytes: [u8; 5],
    length: usize,
    /// Bytes that follow the header.
    pub(super) remaining_length: usize,
}

impl FixedHeader {
    /// Fails if the packet is larger than MQTT allows.
    #[inline]
    pub fn new(first_byte: u8, remaining_length: u64) -> Result<FixedHeader, TooLarge> {
        if remaining_length > MAX_VARIABLE_BYTE_INTEGER.into() {
            return Err(TooLarge);
        }
        let remaining_length = remaining_length as u32;
        let mut bytes = [first_byte, 0, 0, 0, 0];
        let length = 1 + fill_variable_byte_integer(remaining_length, &mut bytes[1..]);
        Ok(FixedHeader {
            bytes,
            length,
            remaining_length: remaining_length as usize,
        })
    }

    /// Its one to five bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Appends the header of a packet that `remaining_length` bytes will follow, and reserves room for them.
pub(super) fn put_fixed_header(
    first_byte: u8,
    remaining_length: u64,
    out: &mut Vec<u8>,
) -> Result<(), TooLarge> {
    let header = FixedHeader::new(first_byte, remaining_length)?;
    out.reserve(header.as_slice().len() + header.remaining_length);
    out.extend_from_slice(header.as_slice());
    Ok(())
}
