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
