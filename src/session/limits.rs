//! What the server and the client told each other at connect (MQTT 5), and topic aliases.

use super::config::ConnectOptions;
use crate::packet::{ConnAck, Property, ProtocolVersion, QoS};
use bytes::Bytes;
use std::collections::HashMap;

/// The largest packet the protocol can express: a fixed header and 268,435,455 bytes.
pub(super) const LARGEST_PACKET: u32 = 268_435_455 + 5;

/// Limits the server set in CONNACK; each defaults to what the standard says for its absence.
#[derive(Debug)]
pub(super) struct ServerLimits {
    /// Unacknowledged QoS 1 and 2 messages it accepts [MQTT-3.3.4-7].
    pub receive_maximum: usize,
    /// Largest packet in bytes it accepts [MQTT-3.2.2-15].
    pub maximum_packet_size: u32,
    /// Highest QoS it accepts [MQTT-3.2.2-11].
    pub maximum_qos: QoS,
    /// Whether it keeps retained messages [MQTT-3.2.2-14].
    pub retain_available: bool,
    /// Highest topic alias it accepts [MQTT-3.2.2-17]; 0: none.
    pub topic_alias_maximum: u16,
}

impl Default for ServerLimits {
    fn default() -> Self {
        ServerLimits {
            receive_maximum: usize::MAX,
            maximum_packet_size: LARGEST_PACKET,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            topic_alias_maximum: 0,
        }
    }
}

impl ServerLimits {
    /// Whether the server takes this PUBLISH, given as it is sent.
    pub(super) fn allow(&self, publish: &[u8]) -> bool {
        let Some(&first_byte) = publish.first() else {
            return false;
        };
        let (qos, retain) = (first_byte >> 1 & 0b11, first_byte & 1 != 0);
        publish.len() <= self.maximum_packet_size as usize
            && qos <= self.maximum_qos as u8
            && (self.retain_available || !retain)
    }

    /// What a CONNACK of MQTT 5 says.
    pub(super) fn from_connack(connack: &ConnAck) -> ServerLimits {
        let value = |id| connack.properties.numeric(id);
        ServerLimits {
            receive_maximum: value(Property::RECEIVE_MAXIMUM)
                .map_or(65535, |maximum| maximum as usize),
            maximum_packet_size: value(Property::MAXIMUM_PACKET_SIZE).unwrap_or(LARGEST_PACKET),
            maximum_qos: match value(Property::MAXIMUM_QOS) {
                Some(0) => QoS::AtMostOnce,
                Some(1) => QoS::AtLeastOnce,
                _ => QoS::ExactlyOnce,
            },
            retain_available: value(Property::RETAIN_AVAILABLE) != Some(0),
            topic_alias_maximum: value(Property::TOPIC_ALIAS_MAXIMUM)
                .map_or(0, |maximum| maximum as u16),
        }
    }
}

/// Limits the client set in CONNECT, enforced on what the server sends.
#[derive(Debug)]
pub(super) struct ClientLimits {
    /// Whether the server may explain itself in acknowledgements [MQTT-3.1.2-29].
    pub problem_information: bool,
    /// Whether the server may send AUTH [MQTT-4.12.0-6].
    pub authentication: bool,
    /// QoS 2 messages the server may have under way [MQTT-3.3.4-9].
    pub receive_maximum: Option<usize>,
    /// Largest packet in bytes the server may send [MQTT-3.1.2-24].
    pub maximum_packet_size: u32,
    /// Highest topic alias the server may use [MQTT-3.1.2-26].
    pub topic_alias_maximum: u16,
}

impl ClientLimits {
    /// What the connect options promise; below MQTT 5 the server cannot be told, so nothing.
    pub(super) fn from_options(options: &ConnectOptions) -> ClientLimits {
        let v5 = options.version == ProtocolVersion::V5;
        let value = |id| options.properties.numeric(id).filter(|_| v5);
        let method = options.properties.get(Property::AUTHENTICATION_METHOD);
        ClientLimits {
            problem_information: value(Property::REQUEST_PROBLEM_INFORMATION) != Some(0),
            authentication: v5 && method.is_some(),
            receive_maximum: value(Property::RECEIVE_MAXIMUM).map(|maximum| maximum as usize),
            maximum_packet_size: value(Property::MAXIMUM_PACKET_SIZE).unwrap_or(LARGEST_PACKET),
            topic_alias_maximum: value(Property::TOPIC_ALIAS_MAXIMUM)
                .map_or(0, |maximum| maximum as u16),
        }
    }
}

/// Topic aliases of one connection, in one direction [MQTT-3.3.2-7].
#[derive(Debug, Default)]
pub(super) struct TopicAliases(HashMap<u16, Bytes>);

impl TopicAliases {
    /// The full topic of a PUBLISH: `topic` itself, which `alias` stands for from now on, or what `alias` stands for.
    pub(super) fn resolve(&mut self, topic: &[u8], alias: u16) -> Option<Bytes> {
        if topic.is_empty() {
            return self.0.get(&alias).cloned();
        }
        let topic = Bytes::copy_from_slice(topic);
        self.0.insert(alias, topic.clone());
        Some(topic)
    }

    /// Whether the alias stands for a topic.
    pub(super) fn knows(&self, alias: u16) -> bool {
        self.0.contains_key(&alias)
    }

    /// What the alias stands for.
    pub(super) fn get(&self, alias: u16) -> Option<Bytes> {
        self.0.get(&alias).cloned()
    }

    /// Makes the alias stand for what it stood for before.
    pub(super) fn put_back(&mut self, alias: u16, topic: Option<Bytes>) {
        match topic {
            Some(topic) => self.0.insert(alias, topic),
            None => self.0.remove(&alias),
        };
    }

    /// Aliases end with the connection [MQTT-3.3.2-7].
    pub(super) fn clear(&mut self) {
        self.0 = HashMap::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Properties, PropertyValue, ReasonCode};

    #[test]
    fn what_connack_does_not_say_has_the_standards_defaults() {
        let limits = ServerLimits::from_connack(&ConnAck {
            session_present: false,
            code: ReasonCode::SUCCESS,
            properties: Properties::new(),
        });
        assert_eq!(limits.receive_maximum, 65535);
        assert_eq!(limits.maximum_packet_size, LARGEST_PACKET);
        assert_eq!(limits.maximum_qos, QoS::ExactlyOnce);
        assert!(limits.retain_available);
        assert_eq!(limits.topic_alias_maximum, 0);
    }

    #[test]
    fn what_connack_says_counts() {
        let properties = [
            (Property::RECEIVE_MAXIMUM, PropertyValue::TwoByteInteger(7)),
            (
                Property::MAXIMUM_PACKET_SIZE,
                PropertyValue::FourByteInteger(99),
            ),
            (Property::MAXIMUM_QOS, PropertyValue::Byte(1)),
            (Property::RETAIN_AVAILABLE, PropertyValue::Byte(0)),
            (
                Property::TOPIC_ALIAS_MAXIMUM,
                PropertyValue::TwoByteInteger(3),
            ),
        ];
        let limits = ServerLimits::from_connack(&ConnAck {
            session_present: false,
            code: ReasonCode::SUCCESS,
            properties: properties
                .into_iter()
                .map(|(id, value)| Property { id, value })
                .collect(),
        });
        assert_eq!(limits.receive_maximum, 7);
        assert_eq!(limits.maximum_packet_size, 99);
        assert_eq!(limits.maximum_qos, QoS::AtLeastOnce);
        assert!(!limits.retain_available);
        assert_eq!(limits.topic_alias_maximum, 3);
    }

    #[test]
    fn an_alias_stands_for_the_last_topic_until_put_back_or_cleared() {
        let mut aliases = TopicAliases::default();
        let (none, a, b) = (Bytes::new(), Bytes::from("a"), Bytes::from("b"));
        assert_eq!(aliases.resolve(&none, 1), None);
        assert_eq!(aliases.resolve(&a, 1), Some(a.clone()));
        let before = aliases.get(1);
        assert_eq!(aliases.resolve(&b, 1), Some(b.clone()));
        assert_eq!(aliases.resolve(&none, 1), Some(b));
        aliases.put_back(1, before);
        assert_eq!(aliases.resolve(&none, 1), Some(a));
        aliases.put_back(1, None);
        assert!(!aliases.knows(1));
        aliases.resolve(&Bytes::from("c"), 2);
        aliases.clear();
        assert!(!aliases.knows(2));
    }
}
