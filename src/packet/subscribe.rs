//! SUBSCRIBE and SUBACK (3.1.1 and 5: sections 3.8 and 3.9).

use bytes::{BufMut, Bytes};

use super::fixed_header::put_fixed_header;
use super::primitives::{Reader, binary_length, put_binary};
use super::{
    Malformed, PacketId, PacketType, Properties, PropertyPlace, ProtocolVersion, QoS, ReasonCode,
    Sender, TooLarge,
};

const QOS: u8 = 0b0000_0011;
const NO_LOCAL: u8 = 0b0000_0100;
const RETAIN_HANDLING: u8 = 0b0011_0000;
const RESERVED: u8 = 0b1100_0000;

/// One Topic Filter to subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRequest {
    /// UTF-8.
    pub filter: Bytes,
    /// The options byte as on the wire: QoS, and in 5 No Local, Retain As Published and Retain Handling.
    pub options: u8,
}

/// The request to subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Answered by a SUBACK with the same one.
    pub packet_id: PacketId,
    /// Empty below 5.
    pub properties: Properties,
    /// At least one, or no Server will take it.
    pub filters: Vec<SubscriptionRequest>,
}

/// SUBACK, or UNSUBACK (which one: the `Packet` variant).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAck {
    /// That of the request.
    pub packet_id: PacketId,
    /// Empty below 5.
    pub properties: Properties,
    /// One for each Topic Filter of the request, in its order; none in an UNSUBACK below 5.
    pub codes: Vec<ReasonCode>,
}

impl Subscribe {
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let mut length = 2 + self.properties.block_length(version)?;
        for request in &self.filters {
            length += binary_length(&request.filter)? + 1;
        }
        put_fixed_header(PacketType::Subscribe.first_byte(), length, out)?;
        out.put_u16(self.packet_id.get());
        self.properties.put_block(version, out);
        for request in &self.filters {
            put_binary(&request.filter, out);
            out.put_u8(request.options);
        }
        Ok(())
    }

    pub(super) fn decode(body: &Bytes, version: ProtocolVersion) -> Result<Subscribe, Malformed> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = Properties::read_if_v5(
            &mut reader,
            version,
            PropertyPlace::Subscribe,
            Sender::Client,
        )?;
        // [MQTT-3.8.3-2]; 3.1.1: [MQTT-3.8.3-3].
        if reader.is_empty() {
            return Err(Malformed::protocol("SUBSCRIBE without a Topic Filter"));
        }
        let mut filters = Vec::new();
        while !reader.is_empty() {
            let filter = read_filter(&mut reader)?;
            let options = reader.byte()?;
            check_options(filter, options, version)?;
            filters.push(SubscriptionRequest {
                filter: reader.share(filter),
                options,
            });
        }
        Ok(Subscribe {
            packet_id,
            properties,
            filters,
        })
    }
}

/// A Topic Filter; its wildcards are the Server's business, who may refuse one filter and grant the next.
pub(super) fn read_filter<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    // [MQTT-3.8.3-1], [MQTT-3.10.3-1], [MQTT-4.7.3-2]
    let filter = reader.utf8()?;
    if filter.is_empty() {
        // [MQTT-4.7.3-1]
        return Err(Malformed::protocol("a Topic Filter is empty"));
    }
    Ok(filter)
}

fn check_options(filter: &[u8], options: u8, version: ProtocolVersion) -> Result<(), Malformed> {
    // [MQTT-3.8.3-5]; 3.1.1: [MQTT-3-8.3-4].
    let reserved = match version {
        ProtocolVersion::V5 => RESERVED,
        _ => !QOS,
    };
    if options & reserved != 0 {
        return Err(Malformed::packet(
            "reserved bits in the subscription options",
        ));
    }
    // Section 3.8.3.1; 3.1.1: [MQTT-3-8.3-4].
    if QoS::from_level(options & QOS).is_none() {
        return Err(Malformed::protocol("a subscription with QoS 3"));
    }
    // Section 3.8.3.1.
    if options & RETAIN_HANDLING == RETAIN_HANDLING {
        return Err(Malformed::protocol("a subscription with Retain Handling 3"));
    }
    // [MQTT-3.8.3-4]
    if options & NO_LOCAL != 0 && filter.starts_with(b"$share/") {
        return Err(Malformed::protocol("No Local on a Shared Subscription"));
    }
    Ok(())
}

impl SubAck {
    pub(super) fn encode_suback(
        &self,
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        self.encode(PacketType::SubAck, &self.codes, version, out)
    }

    /// Shared with UNSUBACK.
    pub(super) fn encode(
        &self,
        packet_type: PacketType,
        codes: &[ReasonCode],
        version: ProtocolVersion,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLarge> {
        let length = 2 + self.properties.block_length(version)? + codes.len() as u64;
        put_fixed_header(packet_type.first_byte(), length, out)?;
        out.put_u16(self.packet_id.get());
        self.properties.put_block(version, out);
        for code in codes {
            out.put_u8(code.0);
        }
        Ok(())
    }

    pub(super) fn decode_suback(
        body: &Bytes,
        version: ProtocolVersion,
    ) -> Result<SubAck, Malformed> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties =
            Properties::read_if_v5(&mut reader, version, PropertyPlace::SubAck, Sender::Server)?;
        let codes = read_codes(&mut reader, |code| is_suback_code(code, version))?;
        Ok(SubAck {
            packet_id,
            properties,
            codes,
        })
    }
}

/// The codes up to the end of the packet: at least one ([MQTT-3.9.3-1], [MQTT-3.11.3-1]), all of them `allowed`.
pub(super) fn read_codes(
    reader: &mut Reader<'_>,
    allowed: impl Fn(ReasonCode) -> bool,
) -> Result<Vec<ReasonCode>, Malformed> {
    let codes = reader.take_rest();
    if codes.is_empty() {
        return Err(Malformed::packet("an acknowledgement without codes"));
    }
    let codes: Vec<_> = codes.iter().copied().map(ReasonCode).collect();
    if !codes.iter().copied().all(allowed) {
        return Err(Malformed::protocol(
            "a code that this acknowledgement does not have",
        ));
    }
    Ok(codes)
}

/// [MQTT-3.9.3-2]. 3.1 knows no failure code, but Servers use that of 3.1.1.
fn is_suback_code(code: ReasonCode, version: ProtocolVersion) -> bool {
    match code {
        ReasonCode::GRANTED_QOS_0
        | ReasonCode::GRANTED_QOS_1
        | ReasonCode::GRANTED_QOS_2
        | ReasonCode::UNSPECIFIED_ERROR => true,
        ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
        | ReasonCode::NOT_AUTHORIZED
        | ReasonCode::TOPIC_FILTER_INVALID
        | ReasonCode::PACKET_IDENTIFIER_IN_USE
        | ReasonCode::QUOTA_EXCEEDED
        | ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
        | ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED
        | ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED => version == ProtocolVersion::V5,
        _ => false,
    }
}
