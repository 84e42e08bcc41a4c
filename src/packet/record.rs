//! Packets kept over a restart.

use bytes::{Buf, Bytes};

use super::fixed_header::check_reserved_flags;
use super::primitives::peek_variable_byte_integer;
use super::{Ack, Malformed, Message, Packet, PacketType, ProtocolVersion, Sender};

/// Interprets a record: exactly one PUBLISH or PUBREL, whichever side wrote it.
///
/// The topic of a PUBLISH has to be UTF-8 but may be empty or contain wildcards, because an application may have
/// published it so.
pub fn decode_record(bytes: Bytes, version: ProtocolVersion) -> Result<Packet, Malformed> {
    const INCOMPLETE: Malformed = Malformed::packet("the record is not a whole packet");
    let first_byte = *bytes.first().ok_or(INCOMPLETE)?;
    let (remaining_length, length_size) =
        peek_variable_byte_integer(&bytes[1..])?.ok_or(INCOMPLETE)?;
    let mut body = bytes;
    body.advance(1 + length_size);
    if body.len() != remaining_length as usize {
        return Err(INCOMPLETE);
    }
    match PacketType::from_first_byte(first_byte) {
        // Server: a received PUBLISH may carry what only a Server sends.
        Some(PacketType::Publish) => {
            Message::decode_by(first_byte, body, version, Sender::Server, |_, _, _| Ok(()))
                .map(|message| Packet::Publish(message.into()))
        }
        Some(PacketType::PubRel) => {
            check_reserved_flags(PacketType::PubRel, first_byte, version)?;
            Ack::decode(PacketType::PubRel, &body, version).map(Packet::PubRel)
        }
        _ => Err(Malformed::protocol(
            "the record is neither PUBLISH nor PUBREL",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProtocolVersion::{V3_1_1, V5};

    fn decode(record: &'static [u8], version: ProtocolVersion) -> Result<Packet, Malformed> {
        decode_record(Bytes::from_static(record), version)
    }

    #[test]
    fn records_of_both_directions_are_read() {
        for (record, version) in [
            (&b"\x33\x0e\x00\x05t/one\x00\x01hello"[..], V3_1_1),
            (b"\x34\x11\x00\x05in/q2\x00\x4dinbound2", V3_1_1),
            (b"\x34\x09\x00\x02in\x00\x4d\x00Q2", V5),
            (b"\x34\x0b\x00\x02in\x00\x4d\x04\x0b\x05\x0b\x06", V5),
        ] {
            assert!(matches!(decode(record, version), Ok(Packet::Publish(_))));
        }
        for version in [V3_1_1, V5] {
            let record = decode(b"\x62\x02\x00\x05", version);
            assert!(matches!(record, Ok(Packet::PubRel(_))));
        }
    }

    #[test]
    fn own_topics_may_be_empty_or_contain_wildcards() {
        assert!(decode(b"\x32\x04\x00\x00\x00\x01", V3_1_1).is_ok());
        assert!(decode(b"\x32\x06\x00\x02+#\x00\x01", V3_1_1).is_ok());
        assert!(decode(b"\x32\x05\x00\x01\xff\x00\x01", V3_1_1).is_err());
    }

    #[test]
    fn anything_but_one_whole_packet_is_refused() {
        let record = b"\x33\x0e\x00\x05t/one\x00\x01hello";
        for length in 0..record.len() {
            assert!(decode(&record[..length], V3_1_1).is_err());
        }
        for bad in [
            &b"\x62\x02\x00\x05\x00"[..],
            b"\x60\x02\x00\x05",
            b"\x62\x02\x00\x00",
            b"\xc0\x00",
            b"\x32\xff\xff\xff\xff\x7f",
        ] {
            assert!(decode(bad, V3_1_1).is_err(), "{bad:x?}");
        }
    }
}
