//! AUTH (5: section 3.15).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::Reader;
use super::{
    Malformed, PacketType, Properties, Property, PropertyPlace, ProtocolVersion, ReasonCode,
    Sender, TooLarge,
};

/// A step of an enhanced authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// `SUCCESS`, `CONTINUE_AUTHENTICATION` or `RE_AUTHENTICATE`.
    pub reason: ReasonCode,
    /// Has an Authentication Method unless the reason is `SUCCESS`.
    pub properties: Properties,
}

impl Auth {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let first_byte = PacketType::Auth.first_byte();
        if self.reason == ReasonCode::SUCCESS && self.properties.is_empty() {
            return put_fixed_header(first_byte, 0, out);
        }
        let length = 1 + self.properties.block_length(ProtocolVersion::V5)?;
        put_fixed_header(first_byte, length, out)?;
        out.put_u8(self.reason.0);
        self.properties.put_block(ProtocolVersion::V5, out);
        Ok(())
    }

    pub(super) fn decode(body: &Bytes, sender: Sender) -> Result<Auth, Malformed> {
        let mut reader = Reader::new(body);
        let mut auth = Auth {
            reason: ReasonCode::SUCCESS,
            properties: Properties::new(),
        };
        // Only both together may be left out (section 3.15.2.1).
        if !reader.is_empty() {
            auth.reason = ReasonCode(reader.byte()?);
            auth.properties = Properties::read(&mut reader, PropertyPlace::Auth, sender)?;
        }
        reader.finish()?;
        // [MQTT-3.15.2-1]
        let allowed = match auth.reason {
            ReasonCode::SUCCESS => sender == Sender::Server,
            ReasonCode::CONTINUE_AUTHENTICATION => true,
            ReasonCode::RE_AUTHENTICATE => sender == Sender::Client,
            _ => false,
        };
        if !allowed {
            return Err(Malformed::protocol(
                "a reason code that this AUTH does not have",
            ));
        }
        // Section 3.15.2.2.2.
        if auth.reason != ReasonCode::SUCCESS
            && auth
                .properties
                .get(Property::AUTHENTICATION_METHOD)
                .is_none()
        {
            return Err(Malformed::protocol("AUTH without Authentication Method"));
        }
        Ok(auth)
    }
}
