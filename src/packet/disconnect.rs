//! DISCONNECT (3.1.1 and 5: section 3.14).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::Reader;
use super::{
    Malformed, PacketType, Properties, PropertyPlace, ProtocolVersion, ReasonCode, Sender, TooLarge,
};

/// The last packet on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// Not written below 5.
    pub reason: ReasonCode,
    /// None: without a Property Length (`e0 01 r`, or `e0 00` for reason 0). Not written below 5.
    pub properties: Option<Properties>,
}

impl Disconnect {
    /// Whether the standard has this reason for a DISCONNECT, be it of a client or of a server [MQTT-3.14.2-1].
    pub fn has_reason(code: ReasonCode) -> bool {
        [Sender::Client, Sender::Server]
            .into_iter()
            .any(|sender| is_disconnect_code(code, sender))
    }

    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let first_byte = PacketType::Disconnect.first_byte();
        if version < ProtocolVersion::V5
            || self.reason == ReasonCode::NORMAL_DISCONNECTION && self.properties.is_none()
        {
            return put_fixed_header(first_byte, 0, out);
        }
        let properties_length = match &self.properties {
            Some(properties) => properties.block_length(version)?,
            None => 0,
        };
        put_fixed_header(first_byte, 1 + properties_length, out)?;
        out.put_u8(self.reason.0);
        if let Some(properties) = &self.properties {
            properties.put_block(version, out);
        }
        Ok(())
    }

    pub(super) fn decode(
        body: &Bytes,
        version: ProtocolVersion,
        sender: Sender,
    ) -> Result<Disconnect, Malformed> {
        let mut reader = Reader::new(body);
        let mut disconnect = Disconnect {
            reason: ReasonCode::NORMAL_DISCONNECTION,
            properties: None,
        };
        // Reason Code and Property Length may be left out (5: sections 3.14.2.1 and 3.14.2.2.1).
        if version == ProtocolVersion::V5 && !reader.is_empty() {
            disconnect.reason = ReasonCode(reader.byte()?);
            if !is_disconnect_code(disconnect.reason, sender) {
                return Err(Malformed::protocol(
                    "a reason code that this DISCONNECT does not have",
                ));
            }
            if !reader.is_empty() {
                let properties = Properties::read(&mut reader, PropertyPlace::Disconnect, sender)?;
                disconnect.properties = Some(properties);
            }
        }
        reader.finish()?;
        Ok(disconnect)
    }
}

/// [MQTT-3.14.2-1]
fn is_disconnect_code(code: ReasonCode, sender: Sender) -> bool {
    match code {
        ReasonCode::NORMAL_DISCONNECTION
        | ReasonCode::UNSPECIFIED_ERROR
        | ReasonCode::MALFORMED_PACKET
        | ReasonCode::PROTOCOL_ERROR
        | ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
        | ReasonCode::TOPIC_NAME_INVALID
        | ReasonCode::RECEIVE_MAXIMUM_EXCEEDED
        | ReasonCode::TOPIC_ALIAS_INVALID
        | ReasonCode::PACKET_TOO_LARGE
        | ReasonCode::MESSAGE_RATE_TOO_HIGH
        | ReasonCode::QUOTA_EXCEEDED
        | ReasonCode::ADMINISTRATIVE_ACTION
        | ReasonCode::PAYLOAD_FORMAT_INVALID => true,
        ReasonCode::DISCONNECT_WITH_WILL_MESSAGE => sender == Sender::Client,
        // 0x8c is missing in table 3-10, but table 2-6 gives it to DISCONNECT.
        ReasonCode::NOT_AUTHORIZED
        | ReasonCode::SERVER_BUSY
        | ReasonCode::SERVER_SHUTTING_DOWN
        | ReasonCode::BAD_AUTHENTICATION_METHOD
        | ReasonCode::KEEP_ALIVE_TIMEOUT
        | ReasonCode::SESSION_TAKEN_OVER
        | ReasonCode::TOPIC_FILTER_INVALID
        | ReasonCode::RETAIN_NOT_SUPPORTED
        | ReasonCode::QOS_NOT_SUPPORTED
        | ReasonCode::USE_ANOTHER_SERVER
        | ReasonCode::SERVER_MOVED
        | ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
        | ReasonCode::CONNECTION_RATE_EXCEEDED
        | ReasonCode::MAXIMUM_CONNECT_TIME
        | ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED
        | ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED => sender == Sender::Server,
        _ => false,
    }
}
