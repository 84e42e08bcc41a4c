//! A received PUBLISH as it waits for the application (3.1.1 and 5: section 3.3).

use super::primitives::{Reader, valid_utf8};
use super::publish::{DUP, RETAIN};
use super::{
    Malformed, NO_PROPERTIES, PacketId, Properties, PropertyPlace, ProtocolVersion, Publish, QoS,
    Sender,
};
use bytes::Bytes;

/// What a [`Publish`] says, with topic and payload in one piece of memory: that of the packet they came in. There may be
/// very many of them, so it is small, and making one costs little.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whether this may be a repetition. 0 with QoS 0.
    pub dup: bool,
    /// The level the sender delivers with.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// Some exactly when qos > 0.
    pub packet_id: Option<PacketId>,
    topic_length: u16,
    topic_start: u32,
    payload_start: u32,
    bytes: Bytes,
    properties: Option<Box<Properties>>,
}

/// Where the parts of a message of QoS 0 or 1 are in its packet, and what the flags say.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) first_byte: u8,
    pub(super) packet_id: Option<PacketId>,
    pub(super) topic_length: u16,
    pub(super) topic_start: u32,
    pub(super) payload_start: u32,
}

impl Message {
    /// The message whose parts, which are valid and without properties, lie in `bytes` like this.
    #[inline]
    pub(super) fn from_parts(parts: Parts, bytes: Bytes) -> Message {
        Message {
            dup: parts.first_byte & DUP != 0,
            qos: match parts.packet_id {
                None => QoS::AtMostOnce,
                Some(_) => QoS::AtLeastOnce,
            },
            retain: parts.first_byte & RETAIN != 0,
            packet_id: parts.packet_id,
            topic_length: parts.topic_length,
            topic_start: parts.topic_start,
            payload_start: parts.payload_start,
            bytes,
            properties: None,
        }
    }

    /// Interprets what follows the fixed header of a PUBLISH. `topic_rules`: see
    /// [`check_topic_name`](super::publish::check_topic_name), or whatever a record may break.
    #[inline]
    pub(super) fn decode_by(
        first_byte: u8,
        body: Bytes,
        version: ProtocolVersion,
        sender: Sender,
        topic_rules: impl FnOnce(&[u8], &Properties, ProtocolVersion) -> Result<(), Malformed>,
    ) -> Result<Message, Malformed> {
        let dup = first_byte & DUP != 0;
        // [MQTT-3.3.1-4]
        let qos = QoS::from_level(first_byte >> 1 & 0b11).ok_or(Malformed::packet("QoS 3"))?;
        // [MQTT-3.3.1-2]; 3.1 has no such rule.
        if dup && qos == QoS::AtMostOnce && version > ProtocolVersion::V3_1 {
            return Err(Malformed::protocol("DUP with QoS 0"));
        }
        let mut reader = Reader::new(&body);
        let topic = reader.binary()?;
        // [MQTT-3.3.2-1]. U+0000 is let through: an application gets the topic with its length.
        if !valid_utf8(topic) {
            return Err(Malformed::packet("the topic name is not UTF-8"));
        }
        let packet_id = match qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce | QoS::ExactlyOnce => Some(reader.packet_id()?),
        };
        let properties = match version {
            ProtocolVersion::V5 => {
                let list = Properties::read(&mut reader, PropertyPlace::Publish, sender)?;
                (!list.is_empty()).then(|| Box::new(list))
            }
            _ => None,
        };
        topic_rules(
            topic,
            properties.as_deref().unwrap_or(&NO_PROPERTIES),
            version,
        )?;
        // A body is shorter than 2^28 bytes.
        Ok(Message {
            dup,
            qos,
            retain: first_byte & RETAIN != 0,
            packet_id,
            topic_length: topic.len() as u16,
            topic_start: 2,
            payload_start: reader.position() as u32,
            properties,
            bytes: body,
        })
    }

    /// Interprets what follows the fixed header of a PUBLISH from the server.
    #[inline]
    pub fn decode(
        first_byte: u8,
        body: Bytes,
        version: ProtocolVersion,
    ) -> Result<Message, Malformed> {
        let rules = super::publish::check_topic_name;
        Message::decode_by(first_byte, body, version, Sender::Server, rules)
    }

    /// UTF-8; may contain U+0000, and be empty in 5 if a Topic Alias stands for it.
    #[inline]
    pub fn topic(&self) -> &[u8] {
        let start = self.topic_start as usize;
        &self.bytes[start..start + usize::from(self.topic_length)]
    }

    /// The application's data.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.payload_start as usize..]
    }

    /// Memory that topic and payload take, in bytes.
    #[inline]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Empty below 5.
    #[inline]
    pub fn properties(&self) -> &Properties {
        self.properties.as_deref().unwrap_or(&NO_PROPERTIES)
    }

    /// The same message with another topic.
    pub fn with_topic(&self, topic: &[u8]) -> Message {
        let bytes = [topic, self.payload()].concat();
        Message {
            topic_length: topic.len() as u16,
            topic_start: 0,
            payload_start: topic.len() as u32,
            bytes: bytes.into(),
            ..self.clone()
        }
    }

    /// A copy that may be held for long: it does not keep a whole read buffer alive. A large payload has most of one to
    /// itself and is shared.
    pub fn detached(&self) -> Message {
        const LARGE: usize = 4096;
        match self.payload().len() >= LARGE {
            true => self.clone(),
            false => self.with_topic(self.topic()),
        }
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Message) -> bool {
        let fields = |message: &Message| {
            let Message {
                dup, qos, retain, ..
            } = *message;
            (dup, qos, retain, message.packet_id)
        };
        fields(self) == fields(other)
            && self.topic() == other.topic()
            && self.payload() == other.payload()
            && self.properties() == other.properties()
    }
}

impl Eq for Message {}

/// Shares the message's memory.
impl From<Message> for Publish {
    fn from(message: Message) -> Publish {
        Publish {
            dup: message.dup,
            qos: message.qos,
            retain: message.retain,
            topic: message.bytes.slice_ref(message.topic()),
            packet_id: message.packet_id,
            payload: message.bytes.slice_ref(message.payload()),
            properties: message.properties.map(|list| *list).unwrap_or_default(),
        }
    }
}

/// Copies topic and payload. The topic has at most 65,535 bytes.
impl From<Publish> for Message {
    fn from(publish: Publish) -> Message {
        Message {
            dup: publish.dup,
            qos: publish.qos,
            retain: publish.retain,
            packet_id: publish.packet_id,
            topic_length: publish.topic.len() as u16,
            topic_start: 0,
            payload_start: publish.topic.len() as u32,
            bytes: [publish.topic, publish.payload].concat().into(),
            properties: (!publish.properties.is_empty()).then(|| Box::new(publish.properties)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Property, PropertyValue};

    fn publish() -> Publish {
        Publish {
            dup: true,
            qos: QoS::ExactlyOnce,
            retain: true,
            topic: Bytes::from_static(b"a/b"),
            packet_id: PacketId::new(7),
            properties: [Property {
                id: Property::MESSAGE_EXPIRY_INTERVAL,
                value: PropertyValue::FourByteInteger(9),
            }]
            .into_iter()
            .collect(),
            payload: Bytes::from_static(b"payload"),
        }
    }

    #[test]
    fn a_message_says_what_its_packet_says() {
        let publish = publish();
        let mut wire = Vec::new();
        publish.encode(ProtocolVersion::V5, &mut wire).unwrap();
        let body = Bytes::copy_from_slice(&wire[2..]);
        let message = Message::decode(wire[0], body, ProtocolVersion::V5).unwrap();
        assert_eq!(message.topic(), b"a/b");
        assert_eq!(message.payload(), b"payload");
        assert_eq!(message.properties(), &publish.properties);
        assert_eq!(message, Message::from(publish.clone()));
        assert_eq!(message.detached(), message);
        assert_eq!(Publish::from(message), publish);
    }

    #[test]
    fn another_topic_leaves_the_rest_as_it_is() {
        let message = Message::from(publish());
        let renamed = message.with_topic(b"other");
        assert_eq!(renamed.topic(), b"other");
        assert_eq!(renamed.payload(), message.payload());
        assert_ne!(renamed, message);
        assert_eq!(renamed.with_topic(b"a/b"), message);
    }

    #[test]
    fn messages_differ_in_each_field() {
        let message = Message::from(publish());
        let changes: [fn(&mut Message); 4] = [
            |message| message.dup = false,
            |message| message.qos = QoS::AtLeastOnce,
            |message| message.retain = false,
            |message| message.packet_id = PacketId::new(8),
        ];
        for change in changes {
            let mut changed = message.clone();
            change(&mut changed);
            assert_ne!(changed, message);
        }
    }

    #[test]
    fn a_message_stays_small() {
        assert!(size_of::<Message>() <= 56);
    }
}
