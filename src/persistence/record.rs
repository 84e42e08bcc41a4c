//! The layout of a queued message's record: native C integers around payload and topic.

use bytes::{Buf, BufMut, Bytes};

use super::Key;
use crate::packet::primitives::peek_variable_byte_integer;
use crate::packet::publish::record_parts;
use crate::packet::{
    Packet, PacketId, Properties, ProtocolVersion, Publish, QoS, TooLarge, decode_record,
};

/// A received message that waits for the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Topic name. A record keeps it up to its first NUL.
    pub topic: Bytes,
    /// Application message.
    pub payload: Bytes,
    /// Quality of service it came with.
    pub qos: QoS,
    /// Retain flag of the PUBLISH.
    pub retained: bool,
    /// DUP flag of the PUBLISH.
    pub dup: bool,
    /// Packet identifier of the PUBLISH, 0 for QoS 0.
    pub msgid: u16,
    /// Properties, kept in records of MQTT 5 clients (`q5-`) only.
    pub properties: Properties,
}

/// The parts of a `q-` or `q5-` record that are not in the message as such.
#[derive(Debug)]
pub struct QueueRecord<'a> {
    message: &'a QueuedMessage,
    payload_len: [u8; 4],
    qos: [u8; 4],
    retained: [u8; 4],
    dup: [u8; 4],
    msgid: [u8; 4],
    /// Up to the first NUL, with one NUL behind.
    topic: Vec<u8>,
    topic_len: [u8; 4],
    /// Property length and properties; `None` below MQTT 5.
    properties: Option<Bytes>,
}

impl<'a> QueueRecord<'a> {
    /// The record of `message`, for a `q5-` key if `v5`.
    pub fn new(message: &'a QueuedMessage, v5: bool) -> Result<QueueRecord<'a>, TooLarge> {
        let length = |bytes: &[u8]| i32::try_from(bytes.len()).map_err(|_| TooLarge);
        let topic = message.topic.split(|&byte| byte == 0).next();
        let mut topic = topic.unwrap_or_default().to_vec();
        topic.push(0);
        Ok(QueueRecord {
            message,
            payload_len: length(&message.payload)?.to_ne_bytes(),
            qos: (message.qos as i32).to_ne_bytes(),
            retained: i32::from(message.retained).to_ne_bytes(),
            dup: i32::from(message.dup).to_ne_bytes(),
            msgid: i32::from(message.msgid).to_ne_bytes(),
            topic,
            topic_len: length(&message.topic)?.to_ne_bytes(),
            properties: v5
                .then(|| property_block(&message.properties))
                .transpose()?,
        })
    }

    /// The fields in their order, one part each: 8, or 9 with properties.
    pub fn parts(&self) -> Vec<&[u8]> {
        let mut parts = Vec::with_capacity(9);
        parts.extend([
            &self.payload_len[..],
            &self.message.payload,
            &self.qos,
            &self.retained,
            &self.dup,
            &self.msgid,
            &self.topic,
            &self.topic_len,
        ]);
        parts.extend(self.properties.as_deref());
        parts
    }
}

impl QueuedMessage {
    /// Reads a record, of a `q5-` key if `v5`; `None` unless it is exactly as long as its fields say
    /// and each of them holds what it may.
    pub fn decode(mut record: Bytes, v5: bool) -> Option<QueuedMessage> {
        let payload_len = usize::try_from(int(&mut record)?).ok()?;
        let payload = take(&mut record, payload_len)?;
        let qos = match int(&mut record)? {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            2 => QoS::ExactlyOnce,
            _ => return None,
        };
        let retained = int(&mut record)? != 0;
        let dup = int(&mut record)? != 0;
        let msgid = u16::try_from(int(&mut record)?).ok()?;
        let end = record.iter().position(|&byte| byte == 0)?;
        let topic = take(&mut record, end)?;
        record.advance(1);
        // Longer than the text if the topic had a NUL inside; what followed it is not in the record.
        let topic_len = usize::try_from(int(&mut record)?).ok()?;
        if topic_len < topic.len() {
            return None;
        }
        let properties = if v5 {
            properties(&record)?
        } else if record.is_empty() {
            Properties::default()
        } else {
            return None;
        };
        Some(QueuedMessage {
            topic,
            payload,
            qos,
            retained,
            dup,
            msgid,
            properties,
        })
    }
}

/// Whether a file of `length` bytes that begins with `head` can be the record of `key`: a huge file is not read to find
/// out that it is none.
pub(super) fn may_be_this_long(key: Key, head: &[u8], length: u64) -> bool {
    /// All fields of a queued message but payload and properties.
    const FIELDS: u64 = 6 * 4 + 65_536;
    const MAX_PACKET: u64 = 268_435_455 + 5;
    match key {
        Key::Queued { v5, .. } => {
            let Some(payload) = int(&mut Bytes::copy_from_slice(head)) else {
                return false;
            };
            let properties = if v5 { MAX_PACKET } else { 0 };
            let Ok(payload) = u64::try_from(payload) else {
                return false;
            };
            (payload..=payload + FIELDS + properties).contains(&length)
                && length <= MAX_PACKET + FIELDS
        }
        _ => head.split_first().is_some_and(|(_, rest)| {
            matches!(peek_variable_byte_integer(rest),
                Ok(Some((remaining, size))) if 1 + size as u64 + u64::from(remaining) == length)
        }),
    }
}

fn int(record: &mut Bytes) -> Option<i32> {
    record.try_get_i32_ne().ok()
}

fn take(record: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= record.len()).then(|| record.split_to(length))
}

/// Property length and properties, as they stand in a PUBLISH.
fn property_block(properties: &Properties) -> Result<Bytes, TooLarge> {
    if properties.0.is_empty() {
        return Ok(Bytes::from_static(&[0]));
    }
    let publish = Packet::Publish(Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: false,
        topic: Bytes::from_static(b"t"),
        packet_id: Some(PacketId::MIN),
        properties: properties.clone(),
        payload: Bytes::new(),
    });
    let mut packet = Vec::new();
    publish.encode(ProtocolVersion::V5, &mut packet)?;
    let [_, _, _, id_and_block, _] = record_parts(&packet, ProtocolVersion::V5).ok_or(TooLarge)?;
    Ok(Bytes::copy_from_slice(&id_and_block[2..]))
}

/// Reads a property block, which must be all of `block`, by putting it into a PUBLISH.
fn properties(block: &[u8]) -> Option<Properties> {
    if block == [0] {
        return Some(Properties::default());
    }
    const HEAD: &[u8] = b"\x00\x01t\x00\x01";
    let mut packet = Vec::with_capacity(5 + HEAD.len() + block.len());
    packet.put_u8(0x32);
    let mut remaining = u32::try_from(HEAD.len() + block.len()).ok()?;
    while remaining > 0x7f {
        packet.put_u8(remaining as u8 | 0x80);
        remaining >>= 7;
    }
    packet.put_u8(remaining as u8);
    packet.put_slice(HEAD);
    packet.put_slice(block);
    match decode_record(packet.into(), ProtocolVersion::V5) {
        Ok(Packet::Publish(publish)) if publish.payload.is_empty() => Some(publish.properties),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Property, PropertyValue};

    fn message() -> QueuedMessage {
        QueuedMessage {
            topic: Bytes::from_static(b"in/q1"),
            payload: Bytes::from_static(b"inbound1"),
            qos: QoS::AtLeastOnce,
            retained: true,
            dup: false,
            msgid: 0x4e,
            properties: Properties::default(),
        }
    }

    fn with_properties() -> QueuedMessage {
        let string = |text| Bytes::from_static(text);
        QueuedMessage {
            properties: Properties(vec![
                Property {
                    id: 3,
                    value: PropertyValue::Utf8String(string(b"text/plain")),
                },
                Property {
                    id: 38,
                    value: PropertyValue::Utf8StringPair(string(b"k"), string(b"v")),
                },
            ]),
            ..message()
        }
    }

    /// Their length takes three bytes.
    fn with_many_properties() -> QueuedMessage {
        let properties = with_properties().properties.0;
        let count = 1000 * properties.len();
        let pair = properties.into_iter().filter(|property| property.id == 38);
        QueuedMessage {
            properties: Properties(pair.cycle().take(count).collect()),
            ..message()
        }
    }

    fn encode(message: &QueuedMessage, v5: bool) -> Vec<u8> {
        QueueRecord::new(message, v5).unwrap().parts().concat()
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_record_is_the_originals_byte_for_byte() {
        let expected = b"\x08\0\0\0inbound1\x01\0\0\0\x01\0\0\0\0\0\0\0\x4e\0\0\0in/q1\0\x05\0\0\0";
        assert_eq!(encode(&message(), false), expected);
        assert_eq!(
            QueueRecord::new(&message(), false).unwrap().parts().len(),
            8
        );
    }

    #[test]
    fn a_v5_record_has_the_property_block_as_ninth_part() {
        let message = with_properties();
        let record = QueueRecord::new(&message, true).unwrap();
        let parts = record.parts();
        assert_eq!(parts.len(), 9);
        assert_eq!(
            parts[8],
            b"\x14\x03\x00\x0atext/plain\x26\x00\x01k\x00\x01v"
        );
        let empty = self::message();
        let record = QueueRecord::new(&empty, true).unwrap();
        assert_eq!(record.parts()[8], [0]);
    }

    #[test]
    fn records_are_read_back() {
        for (message, v5) in [
            (message(), false),
            (message(), true),
            (with_properties(), true),
            (with_many_properties(), true),
        ] {
            let record = Bytes::from(encode(&message, v5));
            assert_eq!(QueuedMessage::decode(record, v5), Some(message));
        }
        let without = QueuedMessage::decode(encode(&with_properties(), false).into(), false);
        assert_eq!(without, Some(message()));
    }

    #[test]
    fn a_topic_with_nul_keeps_its_true_length_in_the_record_only() {
        let message = QueuedMessage {
            topic: Bytes::from_static(b"a\0b"),
            ..message()
        };
        let record = QueueRecord::new(&message, false).unwrap();
        assert_eq!(record.parts()[6], b"a\0");
        assert_eq!(record.parts()[7], 3_i32.to_ne_bytes());
        let read = QueuedMessage::decode(record.parts().concat().into(), false).unwrap();
        assert_eq!(read.topic, "a");
    }

    #[test]
    fn a_record_of_another_length_is_damaged() {
        for (message, v5) in [(message(), false), (with_properties(), true)] {
            let record = encode(&message, v5);
            for length in 0..record.len() {
                let short = Bytes::copy_from_slice(&record[..length]);
                assert_eq!(QueuedMessage::decode(short, v5), None, "{length}");
            }
            let mut long = record;
            long.push(0);
            assert_eq!(QueuedMessage::decode(long.into(), v5), None);
        }
    }

    #[test]
    fn a_field_out_of_its_range_is_damaged() {
        let record = encode(&message(), false);
        let with = |at: usize, value: i32| {
            let mut record = record.clone();
            record[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            QueuedMessage::decode(record.into(), false)
        };
        for (at, value) in [
            (0, -1),
            (0, i32::MAX),
            (12, 3),
            (12, -1),
            (24, 65_536),
            (24, -1),
            (34, 4),
            (34, -1),
        ] {
            assert_eq!(with(at, value), None, "{value} at {at}");
        }
        assert!(with(34, 9).is_some(), "a longer topic had a NUL");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, v5: bool) {
            let _ = QueuedMessage::decode(bytes.into(), v5);
        }
    }
}
