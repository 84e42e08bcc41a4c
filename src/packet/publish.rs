//! PUBLISH (3.1.1 and 5: section 3.3).

use bytes::{BufMut, Bytes};

use super::primitives::{
    MAX_VARIABLE_BYTE_INTEGER, any_word, binary_length, peek_variable_byte_integer,
    put_variable_byte_integer,
};
use super::{
    Malformed, PacketId, PacketType, Properties, Property, ProtocolVersion, QoS, ReasonCode,
    TooLarge,
};

pub(super) const DUP: u8 = 0b1000;
pub(super) const RETAIN: u8 = 0b0001;
/// Bytes of the first byte and the longest Remaining Length.
const LONGEST_FIXED_HEADER: usize = 5;

/// An application message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Whether this may be a repetition. 0 with QoS 0.
    pub dup: bool,
    /// The level the sender delivers with.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// UTF-8; may contain U+0000, and be empty in 5 if a Topic Alias stands for it.
    pub topic: Bytes,
    /// Some exactly when qos > 0.
    pub packet_id: Option<PacketId>,
    /// Empty below 5.
    pub properties: Properties,
    /// The application's data.
    pub payload: Bytes,
}

/// A [`Publish`] without its payload; the fields are the same.
#[derive(Clone, Copy, Debug)]
pub struct PublishHead<'a> {
    /// Whether this may be a repetition.
    pub dup: bool,
    /// The level the sender delivers with.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// UTF-8.
    pub topic: &'a [u8],
    /// Some exactly when qos > 0.
    pub packet_id: Option<PacketId>,
    /// Not written below 5.
    pub properties: &'a Properties,
}

impl PublishHead<'_> {
    fn first_byte(&self) -> u8 {
        PacketType::Publish.first_byte()
            | if self.dup { DUP } else { 0 }
            | (self.qos as u8) << 1
            | if self.retain { RETAIN } else { 0 }
    }
}

/// Appends all of a PUBLISH that precedes its payload; `payload_length` bytes have to follow on the wire. Returns the length
/// of the whole packet in bytes. On error `out` is as it was. Whether there is a Packet Identifier follows from the QoS; a missing one is a
/// programming error, caught in debug builds and written as 0 in others.
#[inline(always)]
pub fn encode_head(
    head: &PublishHead<'_>,
    payload_length: usize,
    version: ProtocolVersion,
    out: &mut Vec<u8>,
) -> Result<usize, TooLarge> {
    debug_assert_eq!(head.packet_id.is_some(), head.qos > QoS::AtMostOnce);
    let start = out.len();
    let mut length = binary_length(head.topic)? + head.properties.block_length(version)?;
    if head.qos > QoS::AtMostOnce {
        length += 2;
    }
    let remaining_length = length + payload_length as u64;
    if remaining_length > MAX_VARIABLE_BYTE_INTEGER.into() {
        return Err(TooLarge);
    }
    let remaining_length = remaining_length as u32;
    let [high, low] = (head.topic.len() as u16).to_be_bytes();
    if remaining_length <= 0x7f {
        out.extend_from_slice(&[head.first_byte(), remaining_length as u8, high, low]);
    } else {
        out.reserve(LONGEST_FIXED_HEADER + length as usize);
        out.push(head.first_byte());
        put_variable_byte_integer(remaining_length, out);
        out.extend_from_slice(&[high, low]);
    }
    out.extend_from_slice(head.topic);
    if head.qos > QoS::AtMostOnce {
        out.put_u16(head.packet_id.map_or(0, PacketId::get));
    }
    if version >= ProtocolVersion::V5 {
        head.properties.put_block(version, out);
    }
    Ok(out.len() - start + payload_length)
}

impl Publish {
    /// All but the payload.
    #[inline]
    pub fn head(&self) -> PublishHead<'_> {
        PublishHead {
            dup: self.dup,
            qos: self.qos,
            retain: self.retain,
            topic: &self.topic,
            packet_id: self.packet_id,
            properties: &self.properties,
        }
    }

    /// Appends the whole packet; on error `out` is as it was.
    pub fn encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let payload_length = self.payload.len();
        encode_head(&self.head(), payload_length, version, out)?;
        out.extend_from_slice(&self.payload);
        Ok(())
    }
}

/// The rules for the topic of a PUBLISH from a peer: not empty, no wildcards.
#[inline]
pub(super) fn check_topic_name(
    topic: &[u8],
    properties: &Properties,
    version: ProtocolVersion,
) -> Result<(), Malformed> {
    let may_be_empty =
        version == ProtocolVersion::V5 && properties.get(Property::TOPIC_ALIAS).is_some();
    if topic.is_empty() && !may_be_empty {
        return Err(Malformed {
            // Section 3.3.2.1 of 5; [MQTT-4.7.3-1] of 3.1.1.
            reason: match version {
                ProtocolVersion::V5 => ReasonCode::PROTOCOL_ERROR,
                _ => ReasonCode::TOPIC_NAME_INVALID,
            },
            detail: "the topic name is empty",
        });
    }
    check_no_wildcards(topic)
}

/// A Topic Name without wildcards ([MQTT-3.3.2-2]; for a Will Topic [MQTT-4.7.0-1], 3.1.1: [MQTT-4.7.1-1]).
#[inline]
pub(super) fn check_no_wildcards(topic: &[u8]) -> Result<(), Malformed> {
    if contains_wildcard(topic) {
        return Err(Malformed {
            reason: ReasonCode::TOPIC_NAME_INVALID,
            detail: "the topic name contains a wildcard",
        });
    }
    Ok(())
}

/// Whether there is a `#` or `+`.
#[inline]
fn contains_wildcard(topic: &[u8]) -> bool {
    any_word(topic, has_wildcard)
}

/// Whether one of a word's bytes is `#` or `+`.
#[inline]
pub(super) fn has_wildcard(word: u64) -> bool {
    const LOW_BITS: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = LOW_BITS << 7;
    // The two characters differ in this bit alone.
    const DIFFERENCE: u8 = b'#' ^ b'+';
    let word = word & !(LOW_BITS * u64::from(DIFFERENCE));
    let zero_at_match = word ^ (LOW_BITS * u64::from(b'#' & !DIFFERENCE));
    zero_at_match.wrapping_sub(LOW_BITS) & !zero_at_match & HIGH_BITS != 0
}

/// Cuts an encoded PUBLISH with QoS > 0 as records are cut: fixed header, topic length, topic, Packet Identifier with
/// the properties of 5, payload. `None` if `packet` is no such packet.
pub fn record_parts(packet: &[u8], version: ProtocolVersion) -> Option<[&[u8]; 5]> {
    let first_byte = *packet.first()?;
    let is_publish = PacketType::from_first_byte(first_byte) == Some(PacketType::Publish);
    if !is_publish || matches!(first_byte >> 1 & 0b11, 0 | 3) {
        return None;
    }
    let (remaining_length, length_size) = peek_variable_byte_integer(&packet[1..]).ok()??;
    let (header, body) = packet.split_at_checked(1 + length_size)?;
    if body.len() != remaining_length as usize {
        return None;
    }
    let (topic_length, body) = body.split_first_chunk::<2>()?;
    let (topic, body) = body.split_at_checked(u16::from_be_bytes(*topic_length).into())?;
    let mut id_length = 2;
    if version == ProtocolVersion::V5 {
        let (properties, length_size) = peek_variable_byte_integer(body.get(2..)?).ok()??;
        id_length += length_size + properties as usize;
    }
    let (id, payload) = body.split_at_checked(id_length)?;
    Some([header, topic_length, topic, id, payload])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Message;

    fn publish(version: ProtocolVersion, qos: QoS) -> Publish {
        let mut properties = Properties::new();
        if version == ProtocolVersion::V5 {
            properties.push(Property {
                id: Property::PAYLOAD_FORMAT_INDICATOR,
                value: super::super::PropertyValue::Byte(1),
            });
        }
        Publish {
            dup: false,
            qos,
            retain: true,
            topic: Bytes::from_static(b"t/1"),
            packet_id: PacketId::new(if qos == QoS::AtMostOnce { 0 } else { 7 }),
            properties,
            payload: Bytes::from_static(b"hello"),
        }
    }

    #[test]
    fn the_head_and_the_payload_make_the_packet() {
        for version in [ProtocolVersion::V3_1_1, ProtocolVersion::V5] {
            for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                let publish = publish(version, qos);
                let mut whole = Vec::new();
                publish.encode(version, &mut whole).unwrap();
                let mut parts = Vec::new();
                let length = publish.payload.len();
                encode_head(&publish.head(), length, version, &mut parts).unwrap();
                parts.extend_from_slice(&publish.payload);
                assert_eq!(whole, parts);
            }
        }
    }

    #[test]
    fn decoding_copies_neither_topic_nor_payload() {
        let body = Bytes::copy_from_slice(b"\x00\x03t/1hello");
        let message = Message::decode(0x30, body.clone(), ProtocolVersion::V3_1_1).unwrap();
        assert_eq!(message.topic().as_ptr(), body[2..].as_ptr());
        assert_eq!(message.payload().as_ptr(), body[5..].as_ptr());
        let publish = Publish::from(message);
        assert_eq!(publish.topic.as_ptr(), body[2..].as_ptr());
        assert_eq!(publish.payload.as_ptr(), body[5..].as_ptr());
    }

    #[test]
    fn wildcards_are_found_at_every_place_and_nothing_else_is_taken_for_one() {
        for length in 0..40 {
            for other in (0..=255).filter(|byte| !b"#+".contains(byte)) {
                assert!(!contains_wildcard(&vec![other; length]));
            }
            for at in 0..length {
                for wildcard in *b"#+" {
                    let mut topic = vec![b'"'; length];
                    topic[at] = wildcard;
                    assert!(contains_wildcard(&topic));
                }
            }
        }
    }

    #[test]
    fn a_record_is_cut_into_the_five_parts_of_the_original() {
        for (version, id) in [
            (ProtocolVersion::V3_1_1, &b"\x00\x07"[..]),
            (ProtocolVersion::V5, b"\x00\x07\x02\x01\x01"),
        ] {
            let mut packet = Vec::new();
            publish(version, QoS::ExactlyOnce)
                .encode(version, &mut packet)
                .unwrap();
            let remaining_length = packet.len() as u8 - 2;
            assert_eq!(
                record_parts(&packet, version),
                Some([
                    &[0x35, remaining_length][..],
                    b"\x00\x03",
                    b"t/1",
                    id,
                    b"hello"
                ])
            );
        }
    }

    #[test]
    fn only_a_whole_publish_with_qos_1_or_2_is_cut() {
        let version = ProtocolVersion::V5;
        let mut packet = Vec::new();
        publish(version, QoS::AtLeastOnce)
            .encode(version, &mut packet)
            .unwrap();
        for length in 0..packet.len() {
            assert_eq!(record_parts(&packet[..length], version), None);
        }
        packet.put_u8(0);
        assert_eq!(record_parts(&packet, version), None);
        for other in [
            &b"\x62\x02\x00\x07"[..],
            b"\x30\x03\x00\x01t",
            b"\x36\x05\x00\x01t\x00\x01",
        ] {
            assert_eq!(record_parts(other, ProtocolVersion::V3_1_1), None);
        }
    }
}
