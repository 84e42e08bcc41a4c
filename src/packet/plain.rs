//! The PUBLISH that nearly all are, recognised in one look: the way of [`Message::decode`] is longer.

use super::message::Parts;
use super::primitives::{any_word, has_high_bit, peek_variable_byte_integer};
use super::publish::{DUP, has_wildcard};
use super::{Message, PacketId, ProtocolVersion};
use bytes::Bytes;

/// A whole PUBLISH that is valid, of QoS 0 or 1, with a topic of ASCII characters, and without properties.
#[derive(Clone, Copy)]
pub struct PlainPublish {
    parts: Parts,
    length: usize,
}

impl PlainPublish {
    /// The one at the front of `bytes`; `None` if there is none, or one of more than `maximum` bytes.
    #[inline(always)]
    pub fn peek(bytes: &[u8], version: ProtocolVersion, maximum: u32) -> Option<PlainPublish> {
        const PUBLISH: u8 = 3;
        let (&first_byte, rest) = bytes.split_first()?;
        if first_byte >> 4 != PUBLISH {
            return None;
        }
        let (remaining_length, length_size) = match rest.first() {
            Some(&length) if length < 0x80 => (u32::from(length), 1),
            _ => peek_variable_byte_integer(rest).ok()??,
        };
        let header_length = 1 + length_size;
        let length = header_length + remaining_length as usize;
        if length > maximum as usize {
            return None;
        }
        let packet = bytes.get(..length)?;
        let (topic_length, rest) = packet[header_length..].split_first_chunk()?;
        let topic_length = u16::from_be_bytes(*topic_length);
        let (topic, rest) = rest.split_at_checked(topic_length.into())?;
        if topic.is_empty() || any_word(topic, |word| has_high_bit(word) | has_wildcard(word)) {
            return None;
        }
        let (packet_id, mut payload) = match first_byte >> 1 & 0b11 {
            0 if first_byte & DUP == 0 => (None, rest),
            1 => {
                let (id, rest) = rest.split_first_chunk()?;
                (Some(PacketId::new(u16::from_be_bytes(*id))?), rest)
            }
            _ => return None,
        };
        if version == ProtocolVersion::V5 {
            payload = payload.strip_prefix(&[0])?;
        }
        let parts = Parts {
            first_byte,
            packet_id,
            topic_length,
            topic_start: header_length as u32 + 2,
            payload_start: (length - payload.len()) as u32,
        };
        Some(PlainPublish { parts, length })
    }

    /// Some with QoS 1.
    #[inline]
    pub fn packet_id(self) -> Option<PacketId> {
        self.parts.packet_id
    }

    /// The message; shares the bytes at which it was found.
    #[cold]
    pub fn message(self, bytes: &Bytes) -> Message {
        Message::from_parts(self.parts, bytes.slice(..self.length))
    }

    /// Takes the packet off the front of the bytes at which it was found.
    #[inline(always)]
    pub fn take(self, bytes: &mut Bytes) -> Message {
        Message::from_parts(self.parts, bytes.split_to(self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::tests::{arbitrary, decode_message};
    use crate::packet::{Packet, PacketType, QoS};
    use proptest::prelude::*;

    const MAXIMUM: u32 = u32::MAX;

    fn take(packet: &[u8], version: ProtocolVersion, maximum: u32) -> (Option<Message>, usize) {
        let mut bytes = Bytes::from([packet, b"next"].concat());
        let message = next_message(&mut bytes, version, maximum);
        (message, packet.len() + 4 - bytes.len())
    }

    fn next_message(bytes: &mut Bytes, version: ProtocolVersion, maximum: u32) -> Option<Message> {
        PlainPublish::peek(bytes, version, maximum).map(|publish| publish.take(bytes))
    }

    /// Plain or not, what is taken is what [`Message::decode`] makes of it, and nothing else is taken.
    fn check(packet: &[u8], version: ProtocolVersion) -> Option<Message> {
        let (message, taken) = take(packet, version, MAXIMUM);
        match &message {
            Some(message) => {
                assert_eq!(decode_message(packet, version).as_ref(), Ok(message));
                assert_eq!(taken, packet.len());
            }
            None => assert_eq!(taken, 0),
        }
        message
    }

    #[test]
    fn a_plain_message_is_taken_in_every_version() {
        let v3 = b"\x33\x07\0\x03a/b\0\x09".as_slice();
        let v5 = b"\x30\x08\0\x03a/b\0hi".as_slice();
        for version in [ProtocolVersion::V3_1, ProtocolVersion::V3_1_1] {
            let message = check(v3, version).unwrap();
            assert_eq!(
                (message.topic(), message.payload()),
                (&b"a/b"[..], &b""[..])
            );
            assert_eq!(message.packet_id, PacketId::new(9));
        }
        let message = check(v5, ProtocolVersion::V5).unwrap();
        assert_eq!(
            (message.topic(), message.payload()),
            (&b"a/b"[..], &b"hi"[..])
        );
    }

    #[test]
    fn what_is_not_plain_is_left() {
        let v3_1_1 = ProtocolVersion::V3_1_1;
        let others: [&[u8]; 10] = [
            b"\x30\x04\0\x02\xc3\xa4", // not ASCII
            b"\x30\x03\0\x01#",
            b"\x30\x03\0\x01+",
            b"\x30\x02\0\0",          // no topic
            b"\x30\x03\0\x02a",       // a topic that is longer than the packet
            b"\x38\x03\0\x01a",       // DUP with QoS 0
            b"\x34\x05\0\x01a\0\x01", // QoS 2
            b"\x36\x05\0\x01a\0\x01", // QoS 3
            b"\x32\x05\0\x01a\0\0",   // packet identifier 0
            b"\x32\x04\0\x01a\0",
        ];
        for packet in others {
            assert_eq!(check(packet, v3_1_1), None, "{packet:x?}");
        }
        let with_properties = b"\x30\x06\0\x01a\x02\x01\x01";
        assert_eq!(check(with_properties, ProtocolVersion::V5), None);
        assert_eq!(check(b"\x30\x03\0\x01a", ProtocolVersion::V5), None);
        assert_eq!(take(b"\x30\x03\0\x01a", v3_1_1, 4), (None, 0));
        assert_eq!(take(b"\x30\x03\0\x01a", v3_1_1, 5).1, 5);
    }

    proptest! {
        #[test]
        fn all_that_is_taken_is_what_the_whole_decoder_says((version, packet) in arbitrary::packet(), cut in 0..40usize) {
            let mut wire = Vec::new();
            packet.encode(version, &mut wire).unwrap();
            let message = check(&wire, version);
            let is_publish = packet.packet_type() == PacketType::Publish;
            prop_assert!(is_publish || message.is_none());
            if let Packet::Publish(publish) = &packet {
                let is_plain = publish.qos < QoS::ExactlyOnce && publish.topic.is_ascii() && publish.properties.is_empty();
                prop_assert_eq!(message.is_some(), is_plain);
            }
            let cut = wire.len().saturating_sub(1 + cut);
            let mut beginning = Bytes::copy_from_slice(&wire[..cut]);
            prop_assert_eq!(next_message(&mut beginning, version, MAXIMUM), None);
            prop_assert_eq!(beginning.len(), cut);
        }

        #[test]
        fn no_bytes_are_taken_for_what_they_are_not(version in arbitrary::version(), flags in 0..16u8, body in proptest::collection::vec(0..4u8, 0..12)) {
            let packet = [&[0x30 | flags, body.len() as u8][..], &body].concat();
            check(&packet, version);
        }
    }
}
