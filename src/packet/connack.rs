//! CONNACK (3.1.1 and 5: section 3.2).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::Reader;
use super::{
    Malformed, PacketType, Properties, PropertyPlace, ProtocolVersion, ReasonCode, Sender, TooLarge,
};

/// The Server's answer to CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnAck {
    /// Whether the Server has kept a session; always false in 3.1.
    pub session_present: bool,
    /// 3.x return code or 5 Reason Code; any value is handed on.
    pub code: ReasonCode,
    /// Empty below 5.
    pub properties: Properties,
}

impl ConnAck {
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let length = 2 + self.properties.block_length(version)?;
        put_fixed_header(PacketType::ConnAck.first_byte(), length, out)?;
        let session_present = self.session_present && version > ProtocolVersion::V3_1;
        out.put_u8(session_present.into());
        out.put_u8(self.code.0);
        self.properties.put_block(version, out);
        Ok(())
    }

    pub(super) fn decode(body: &Bytes, version: ProtocolVersion) -> Result<ConnAck, Malformed> {
        let mut reader = Reader::new(body);
        let flags = reader.byte()?;
        let code = ReasonCode(reader.byte()?);
        let session_present = match (version, flags) {
            // The byte is reserved in 3.1 (section 3.2).
            (ProtocolVersion::V3_1, _) => false,
            (_, 0) => false,
            (_, 1) => true,
            // [MQTT-3.2.2-1]
            _ => return Err(Malformed::packet("reserved flags in CONNACK")),
        };
        // Against [MQTT-3.2.2-6] (3.1.1: [MQTT-3.2.2-4]) some set it in a refusal too. That ends the connection either
        // way, and its code says more than a protocol error.
        let session_present = session_present && code == ReasonCode::SUCCESS;
        // Some Servers leave out the Property Length; there is nothing else that it could mean.
        let properties = if reader.is_empty() {
            Properties::new()
        } else {
            Properties::read_if_v5(&mut reader, version, PropertyPlace::ConnAck, Sender::Server)?
        };
        reader.finish()?;
        Ok(ConnAck {
            session_present,
            code,
            properties,
        })
    }
}
