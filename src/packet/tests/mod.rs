pub(super) mod arbitrary;
mod limits;
mod malformed;
mod properties;
mod round_trip;
mod vectors;

use bytes::{Bytes, BytesMut};

use super::publish::record_parts;
use super::*;

const V3: [ProtocolVersion; 2] = [ProtocolVersion::V3_1, ProtocolVersion::V3_1_1];
const ALL_VERSIONS: [ProtocolVersion; 3] = [
    ProtocolVersion::V3_1,
    ProtocolVersion::V3_1_1,
    ProtocolVersion::V5,
];

/// The bytes of `10 0f ..`.
fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// Cuts the only packet out of `bytes`.
fn frame(bytes: &[u8]) -> Frame {
    let mut buf = BytesMut::from(bytes);
    let frame = next_frame(&mut buf, u32::MAX).unwrap().unwrap();
    assert!(buf.is_empty(), "bytes follow the packet");
    frame
}

/// Interprets a PUBLISH from the server.
pub(super) fn decode_message(bytes: &[u8], version: ProtocolVersion) -> Result<Message, Malformed> {
    let Frame { first_byte, body } = frame(bytes);
    Message::decode(first_byte, body, version)
}

fn decode(bytes: &[u8], version: ProtocolVersion, sender: Sender) -> Result<Packet, Malformed> {
    Packet::decode(frame(bytes), version, sender)
}

fn encode(packet: &Packet, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).unwrap();
    out.to_vec()
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn text(string: &'static str) -> Bytes {
    Bytes::from_static(string.as_bytes())
}

fn property(id: u8, value: PropertyValue) -> Property {
    Property { id, value }
}

fn user_property(name: &'static str, value: &'static str) -> Property {
    property(
        Property::USER_PROPERTY,
        PropertyValue::Utf8StringPair(text(name), text(value)),
    )
}

fn properties(list: impl IntoIterator<Item = Property>) -> Properties {
    list.into_iter().collect()
}
