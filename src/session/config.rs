//! What a connection is asked to be.

use crate::packet::{Connect, Properties, ProtocolVersion, Will};
use bytes::Bytes;
use std::time::Duration;

/// The options of one connection attempt.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Protocol version to speak.
    pub version: ProtocolVersion,
    /// Clean Session (3.1, 3.1.1) or Clean Start (5).
    pub clean_start: bool,
    /// Keep alive in seconds, as sent; 0 turns it off.
    pub keep_alive: u16,
    /// Client identifier, sent as it is.
    pub client_id: Bytes,
    /// Published by the server when the connection ends without DISCONNECT.
    pub will: Option<Will>,
    /// User name.
    pub username: Option<Bytes>,
    /// Password.
    pub password: Option<Bytes>,
    /// CONNECT properties (MQTT 5).
    pub properties: Properties,
    /// How many QoS 1 and 2 messages may be unfinished at a time.
    pub window: usize,
    /// Resend what is unacknowledged for this long within a connection (3.1, 3.1.1); zero: never.
    pub retry_interval: Duration,
}

impl ConnectOptions {
    /// The CONNECT packet that asks for this.
    pub fn to_packet(&self) -> Connect {
        let v5 = self.version == ProtocolVersion::V5;
        let mut will = self.will.clone();
        let mut properties = self.properties.clone();
        if !v5 {
            properties = Properties::default();
            if let Some(will) = &mut will {
                will.properties = Properties::default();
            }
        }
        Connect {
            version: self.version,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            client_id: self.client_id.clone(),
            will,
            username: self.username.clone(),
            password: self.password.clone(),
            properties,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Property, PropertyValue, QoS};

    #[test]
    fn only_mqtt_5_sends_properties() {
        let properties: Properties = [Property {
            id: Property::WILL_DELAY_INTERVAL,
            value: PropertyValue::FourByteInteger(1),
        }]
        .into_iter()
        .collect();
        let options = |version| ConnectOptions {
            version,
            clean_start: true,
            keep_alive: 60,
            client_id: Bytes::from_static(b"c"),
            will: Some(Will {
                topic: Bytes::from_static(b"w"),
                payload: Bytes::new(),
                qos: QoS::AtMostOnce,
                retain: false,
                properties: properties.clone(),
            }),
            username: None,
            password: None,
            properties: properties.clone(),
            window: 1,
            retry_interval: Duration::ZERO,
        };
        for version in [
            ProtocolVersion::V3_1,
            ProtocolVersion::V3_1_1,
            ProtocolVersion::V5,
        ] {
            let connect = options(version).to_packet();
            let sent = version == ProtocolVersion::V5;
            assert_eq!(connect.properties.is_empty(), !sent);
            assert_eq!(connect.will.unwrap().properties.is_empty(), !sent);
        }
    }
}
