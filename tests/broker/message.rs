//! An application message between its publisher and its subscribers.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt3c::packet::{
    PacketId, Properties, Property, PropertyValue, ProtocolVersion, Publish, QoS, Will,
};

/// Identifiers of the properties the broker looks into.
const MESSAGE_EXPIRY_INTERVAL: u8 = 2;
const SUBSCRIPTION_IDENTIFIER: u8 = 11;
const WILL_DELAY_INTERVAL: u8 = 24;
const TOPIC_ALIAS: u8 = 35;

/// A message as stored and forwarded.
#[derive(Clone, Debug)]
pub struct Message {
    pub topic: Bytes,
    pub payload: Bytes,
    pub qos: QoS,
    pub retain: bool,
    properties: Properties,
    expires_at: Option<Instant>,
}

impl Message {
    /// The message a client published at `now`; its topic alias is resolved already.
    pub fn from_publish(publish: Publish, now: Instant) -> Message {
        Message {
            topic: publish.topic,
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            expires_at: expiry(&publish.properties, now),
            properties: without(publish.properties, TOPIC_ALIAS),
        }
    }

    /// The message a will becomes at `now`.
    pub fn from_will(will: Will, now: Instant) -> Message {
        Message {
            topic: will.topic,
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            expires_at: expiry(&will.properties, now),
            properties: without(will.properties, WILL_DELAY_INTERVAL),
        }
    }

    /// The copy for one subscriber: QoS capped, with the identifiers of the subscriptions that
    /// matched [MQTT-3.3.4-3].
    pub fn for_subscriber(&self, granted: QoS, retain: bool, identifiers: &[u32]) -> Message {
        let mut message = self.clone();
        message.qos = message.qos.min(granted);
        message.retain = retain;
        message
            .properties
            .0
            .extend(identifiers.iter().map(|&identifier| Property {
                id: SUBSCRIPTION_IDENTIFIER,
                value: PropertyValue::VariableByteInteger(identifier),
            }));
        message
    }

    /// The PUBLISH for this message; `None` once it has expired [MQTT-3.3.2-5]. The time it waited is
    /// taken off the expiry interval [MQTT-3.3.2-6].
    pub fn to_publish(
        &self,
        version: ProtocolVersion,
        packet_id: Option<PacketId>,
        dup: bool,
        now: Instant,
    ) -> Option<Publish> {
        if self.has_expired(now) {
            return None;
        }
        let mut properties = Properties::default();
        if version == ProtocolVersion::V5 {
            properties = self.properties.clone();
            for property in &mut properties.0 {
                if let (MESSAGE_EXPIRY_INTERVAL, Some(at)) = (property.id, self.expires_at) {
                    // Rounded up: a message that waited for no time keeps its interval.
                    let left = (at - now).as_millis().div_ceil(1000);
                    property.value =
                        PropertyValue::FourByteInteger(u32::try_from(left).unwrap_or(u32::MAX));
                }
            }
        }
        Some(Publish {
            dup,
            qos: self.qos,
            retain: self.retain,
            topic: self.topic.clone(),
            packet_id,
            properties,
            payload: self.payload.clone(),
        })
    }

    /// The PUBLISH that [`Message::restored`] makes this message from, with the time when it expires.
    pub fn stored(&self, packet_id: Option<PacketId>) -> (Publish, Option<Instant>) {
        let publish = Publish {
            dup: false,
            qos: self.qos,
            retain: self.retain,
            topic: self.topic.clone(),
            packet_id,
            properties: self.properties.clone(),
            payload: self.payload.clone(),
        };
        (publish, self.expires_at)
    }

    /// The message that was `publish` when stored.
    pub fn restored(publish: Publish, expires_at: Option<Instant>) -> Message {
        Message {
            topic: publish.topic,
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            properties: publish.properties,
            expires_at,
        }
    }

    /// Whether the message's expiry interval has passed.
    pub fn has_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// How long to wait before publishing `will` once its connection is lost.
pub fn will_delay(will: &Will) -> Duration {
    let seconds = numeric(&will.properties, WILL_DELAY_INTERVAL).unwrap_or(0);
    Duration::from_secs(seconds.into())
}

/// The value of the first property `id` if it is an integer.
pub fn numeric(properties: &Properties, id: u8) -> Option<u32> {
    let property = properties.0.iter().find(|property| property.id == id)?;
    match property.value {
        PropertyValue::Byte(value) => Some(value.into()),
        PropertyValue::TwoByteInteger(value) => Some(value.into()),
        PropertyValue::FourByteInteger(value) | PropertyValue::VariableByteInteger(value) => {
            Some(value)
        }
        _ => None,
    }
}

fn expiry(properties: &Properties, now: Instant) -> Option<Instant> {
    let seconds = numeric(properties, MESSAGE_EXPIRY_INTERVAL)?;
    now.checked_add(Duration::from_secs(seconds.into()))
}

fn without(mut properties: Properties, id: u8) -> Properties {
    properties.0.retain(|property| property.id != id);
    properties
}
