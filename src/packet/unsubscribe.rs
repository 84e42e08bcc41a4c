//! UNSUBSCRIBE and UNSUBACK (3.1.1 and 5: sections 3.10 and 3.11).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::{Reader, binary_length, put_binary};
use super::subscribe::{read_codes, read_filter};
use super::{
    Malformed, PacketId, PacketType, Properties, PropertyPlace, ProtocolVersion, ReasonCode,
    Sender, SubAck, TooLarge,
};

/// The request to end subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Answered by an UNSUBACK with the same one.
    pub packet_id: PacketId,
    /// Empty below 5.
    pub properties: Properties,
    /// UTF-8; at least one, or no Server will take it.
    pub filters: Vec<Bytes>,
}

impl Unsubscribe {
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let mut length = 2 + self.properties.block_length(version)?;
        for filter in &self.filters {
            length += binary_length(filter)?;
        }
        put_fixed_header(PacketType::Unsubscribe.first_byte(), length, out)?;
        out.put_u16(self.packet_id.get());
        self.properties.put_block(version, out);
        for filter in &self.filters {
            put_binary(filter, out);
        }
        Ok(())
    }

    pub(super) fn decode(body: &Bytes, version: ProtocolVersion) -> Result<Unsubscribe, Malformed> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = Properties::read_if_v5(
            &mut reader,
            version,
            PropertyPlace::Unsubscribe,
            Sender::Client,
        )?;
        // [MQTT-3.10.3-2]
        if reader.is_empty() {
            return Err(Malformed::protocol("UNSUBSCRIBE without a Topic Filter"));
        }
        let mut filters = Vec::new();
        while !reader.is_empty() {
            let filter = read_filter(&mut reader)?;
            filters.push(reader.share(filter));
        }
        Ok(Unsubscribe {
            packet_id,
            properties,
            filters,
        })
    }
}

impl SubAck {
    pub(super) fn encode_unsuback(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let codes = match version {
            ProtocolVersion::V5 => &self.codes[..],
            _ => &[],
        };
        self.encode(PacketType::UnsubAck, codes, version, out)
    }

    pub(super) fn decode_unsuback(
        body: &Bytes,
        version: ProtocolVersion,
    ) -> Result<SubAck, Malformed> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = Properties::read_if_v5(
            &mut reader,
            version,
            PropertyPlace::UnsubAck,
            Sender::Server,
        )?;
        let codes = match version {
            ProtocolVersion::V5 => read_codes(&mut reader, is_unsuback_code)?,
            _ => Vec::new(),
        };
        reader.finish()?;
        Ok(SubAck {
            packet_id,
            properties,
            codes,
        })
    }
}

/// [MQTT-3.11.3-2]
fn is_unsuback_code(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::SUCCESS
            | ReasonCode::NO_SUBSCRIPTION_EXISTED
            | ReasonCode::UNSPECIFIED_ERROR
            | ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
            | ReasonCode::NOT_AUTHORIZED
            | ReasonCode::TOPIC_FILTER_INVALID
            | ReasonCode::PACKET_IDENTIFIER_IN_USE
    )
}
