//! What a connection is asked to be.

use crate::packet::{Connect, Properties, ProtocolVersion, Will};
use bytes::Bytes;
use std::time::Duration;

/// Property identifiers the session itself reads.
pub(crate) mod property {
    pub(crate) const SERVER_KEEP_ALIVE: u8 = 19;
    pub(crate) const RECEIVE_MAXIMUM: u8 = 33;
    pub(crate) const TOPIC_ALIAS_MAXIMUM: u8 = 34;
    pub(crate) const TOPIC_ALIAS: u8 = 35;
    pub(crate) const MAXIMUM_QOS: u8 = 36;
    pub(crate) const RETAIN_AVAILABLE: u8 = 37;
    pub(crate) const MAXIMUM_PACKET_SIZE: u8 = 39;
}

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
