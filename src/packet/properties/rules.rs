//! Which property may stand where, with which values (MQTT 5, section 2.2.2.2 and the sections of the packets).

use super::super::primitives::{MAX_VARIABLE_BYTE_INTEGER, Reader, check_utf8};
use super::super::{Malformed, ReasonCode, Sender};
use super::{Property, PropertyValue};

/// The type of a property's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyType {
    /// An unsigned byte; in all properties 0 or 1.
    Byte,
    /// Section 1.5.2.
    TwoByteInteger,
    /// Section 1.5.3.
    FourByteInteger,
    /// Section 1.5.5; at most 268,435,455.
    VariableByteInteger,
    /// Section 1.5.6; at most 65,535 bytes.
    BinaryData,
    /// Section 1.5.4; at most 65,535 bytes.
    Utf8String,
    /// Section 1.5.7: a name and a value.
    Utf8StringPair,
}

/// Where properties stand: in a packet of this type, or with the Will in CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyPlace {
    /// CONNECT itself.
    Connect,
    /// The Will in CONNECT.
    Will,
    /// CONNACK.
    ConnAck,
    /// PUBLISH.
    Publish,
    /// PUBACK.
    PubAck,
    /// PUBREC.
    PubRec,
    /// PUBREL.
    PubRel,
    /// PUBCOMP.
    PubComp,
    /// SUBSCRIBE.
    Subscribe,
    /// SUBACK.
    SubAck,
    /// UNSUBSCRIBE.
    Unsubscribe,
    /// UNSUBACK.
    UnsubAck,
    /// DISCONNECT.
    Disconnect,
    /// AUTH.
    Auth,
}

pub(super) struct Rule {
    pub(super) value_type: PropertyType,
    /// One bit for each [`PropertyPlace`].
    places: u16,
}

impl Rule {
    const fn new(value_type: PropertyType, allowed: &[PropertyPlace]) -> Option<Rule> {
        let mut places = 0;
        let mut index = 0;
        while index < allowed.len() {
            places |= 1 << allowed[index] as u16;
            index += 1;
        }
        Some(Rule { value_type, places })
    }

    fn allows(&self, place: PropertyPlace) -> bool {
        self.places & 1 << place as u16 != 0
    }
}

/// Table 2-4 of the standard.
pub(super) const fn rule(id: u8) -> Option<Rule> {
    use PropertyPlace::*;
    use PropertyType::*;
    const ANYWHERE: &[PropertyPlace] = &[
        Connect,
        Will,
        ConnAck,
        Publish,
        PubAck,
        PubRec,
        PubRel,
        PubComp,
        Subscribe,
        SubAck,
        Unsubscribe,
        UnsubAck,
        Disconnect,
        Auth,
    ];
    const ACKNOWLEDGEMENTS: &[PropertyPlace] = &[
        ConnAck, PubAck, PubRec, PubRel, PubComp, SubAck, UnsubAck, Disconnect, Auth,
    ];
    match id {
        Property::PAYLOAD_FORMAT_INDICATOR => Rule::new(Byte, &[Publish, Will]),
        Property::MESSAGE_EXPIRY_INTERVAL => Rule::new(FourByteInteger, &[Publish, Will]),
        Property::CONTENT_TYPE => Rule::new(Utf8String, &[Publish, Will]),
        Property::RESPONSE_TOPIC => Rule::new(Utf8String, &[Publish, Will]),
        Property::CORRELATION_DATA => Rule::new(BinaryData, &[Publish, Will]),
        Property::SUBSCRIPTION_IDENTIFIER => Rule::new(VariableByteInteger, &[Publish, Subscribe]),
        Property::SESSION_EXPIRY_INTERVAL => {
            Rule::new(FourByteInteger, &[Connect, ConnAck, Disconnect])
        }
        Property::ASSIGNED_CLIENT_IDENTIFIER => Rule::new(Utf8String, &[ConnAck]),
        Property::SERVER_KEEP_ALIVE => Rule::new(TwoByteInteger, &[ConnAck]),
        Property::AUTHENTICATION_METHOD => Rule::new(Utf8String, &[Connect, ConnAck, Auth]),
        Property::AUTHENTICATION_DATA => Rule::new(BinaryData, &[Connect, ConnAck, Auth]),
        Property::REQUEST_PROBLEM_INFORMATION => Rule::new(Byte, &[Connect]),
        Property::WILL_DELAY_INTERVAL => Rule::new(FourByteInteger, &[Will]),
        Property::REQUEST_RESPONSE_INFORMATION => Rule::new(Byte, &[Connect]),
        Property::RESPONSE_INFORMATION => Rule::new(Utf8String, &[ConnAck]),
        Property::SERVER_REFERENCE => Rule::new(Utf8String, &[ConnAck, Disconnect]),
        Property::REASON_STRING => Rule::new(Utf8String, ACKNOWLEDGEMENTS),
        Property::RECEIVE_MAXIMUM => Rule::new(TwoByteInteger, &[Connect, ConnAck]),
        Property::TOPIC_ALIAS_MAXIMUM => Rule::new(TwoByteInteger, &[Connect, ConnAck]),
        Property::TOPIC_ALIAS => Rule::new(TwoByteInteger, &[Publish]),
        Property::MAXIMUM_QOS => Rule::new(Byte, &[ConnAck]),
        Property::RETAIN_AVAILABLE => Rule::new(Byte, &[ConnAck]),
        Property::USER_PROPERTY => Rule::new(Utf8StringPair, ANYWHERE),
        Property::MAXIMUM_PACKET_SIZE => Rule::new(FourByteInteger, &[Connect, ConnAck]),
        Property::WILDCARD_SUBSCRIPTION_AVAILABLE => Rule::new(Byte, &[ConnAck]),
        Property::SUBSCRIPTION_IDENTIFIERS_AVAILABLE => Rule::new(Byte, &[ConnAck]),
        Property::SHARED_SUBSCRIPTION_AVAILABLE => Rule::new(Byte, &[ConnAck]),
        _ => None,
    }
}

/// A [`PropertyValue`] that borrows its bytes.
#[derive(Clone, Copy)]
pub(super) enum ValueRef<'a> {
    Byte(u8),
    TwoByteInteger(u16),
    FourByteInteger(u32),
    VariableByteInteger(u32),
    BinaryData(&'a [u8]),
    Utf8String(&'a [u8]),
    Utf8StringPair(&'a [u8], &'a [u8]),
}

impl<'a> ValueRef<'a> {
    fn value_type(self) -> PropertyType {
        match self {
            ValueRef::Byte(_) => PropertyType::Byte,
            ValueRef::TwoByteInteger(_) => PropertyType::TwoByteInteger,
            ValueRef::FourByteInteger(_) => PropertyType::FourByteInteger,
            ValueRef::VariableByteInteger(_) => PropertyType::VariableByteInteger,
            ValueRef::BinaryData(_) => PropertyType::BinaryData,
            ValueRef::Utf8String(_) => PropertyType::Utf8String,
            ValueRef::Utf8StringPair(..) => PropertyType::Utf8StringPair,
        }
    }

    /// The value on its own, sharing the memory of the `reader` it came from.
    pub(super) fn share_from(self, reader: &Reader<'a>) -> PropertyValue {
        match self {
            ValueRef::Byte(value) => PropertyValue::Byte(value),
            ValueRef::TwoByteInteger(value) => PropertyValue::TwoByteInteger(value),
            ValueRef::FourByteInteger(value) => PropertyValue::FourByteInteger(value),
            ValueRef::VariableByteInteger(value) => PropertyValue::VariableByteInteger(value),
            ValueRef::BinaryData(data) => PropertyValue::BinaryData(reader.share(data)),
            ValueRef::Utf8String(string) => PropertyValue::Utf8String(reader.share(string)),
            ValueRef::Utf8StringPair(name, value) => {
                PropertyValue::Utf8StringPair(reader.share(name), reader.share(value))
            }
        }
    }
}

const UNKNOWN_IDENTIFIER: Malformed = Malformed::packet("unknown property identifier");

/// Reads one property; what its value may be is left to [`Checker`].
pub(super) fn read_property<'a>(reader: &mut Reader<'a>) -> Result<(u8, ValueRef<'a>), Malformed> {
    // A Variable Byte Integer, but every identifier of the standard takes one byte.
    let id = reader.byte()?;
    let value = match rule(id).ok_or(UNKNOWN_IDENTIFIER)?.value_type {
        PropertyType::Byte => ValueRef::Byte(reader.byte()?),
        PropertyType::TwoByteInteger => ValueRef::TwoByteInteger(reader.two_byte_integer()?),
        PropertyType::FourByteInteger => ValueRef::FourByteInteger(reader.four_byte_integer()?),
        PropertyType::VariableByteInteger => {
            ValueRef::VariableByteInteger(reader.variable_byte_integer()?)
        }
        PropertyType::BinaryData => ValueRef::BinaryData(reader.binary()?),
        PropertyType::Utf8String => ValueRef::Utf8String(reader.binary()?),
        PropertyType::Utf8StringPair => {
            ValueRef::Utf8StringPair(reader.binary()?, reader.binary()?)
        }
    };
    Ok((id, value))
}

/// Checks the properties of one place, one after the other.
pub(super) struct Checker {
    place: PropertyPlace,
    sender: Sender,
    /// One bit for each identifier seen.
    seen: u64,
}

impl Checker {
    pub(super) fn new(place: PropertyPlace, sender: Sender) -> Checker {
        Checker {
            place,
            sender,
            seen: 0,
        }
    }

    pub(super) fn check(&mut self, id: u8, value: ValueRef<'_>) -> Result<(), Malformed> {
        // A wrong identifier or type makes a packet malformed (section 2.2.2.2).
        let rule = rule(id).ok_or(UNKNOWN_IDENTIFIER)?;
        if !rule.allows(self.place) {
            return Err(Malformed::packet(
                "a property is not allowed in this packet",
            ));
        }
        if value.value_type() != rule.value_type {
            return Err(Malformed::packet(
                "a property has a value of the wrong type",
            ));
        }
        self.check_direction(id)?;
        if self.has_seen(id) && !self.may_repeat(id) {
            return Err(Malformed::protocol("a property is included twice"));
        }
        self.seen |= 1 << id;
        check_value(id, value)
    }

    /// Ends the list: properties that require another one.
    pub(super) fn finish(self) -> Result<(), Malformed> {
        // Section 3.1.2.11.10.
        if self.place == PropertyPlace::Connect
            && self.has_seen(Property::AUTHENTICATION_DATA)
            && !self.has_seen(Property::AUTHENTICATION_METHOD)
        {
            return Err(Malformed::protocol(
                "Authentication Data without Authentication Method",
            ));
        }
        Ok(())
    }

    fn has_seen(&self, id: u8) -> bool {
        self.seen & 1 << id != 0
    }

    fn may_repeat(&self, id: u8) -> bool {
        match id {
            Property::USER_PROPERTY => true,
            // One for each subscription that matched (section 3.3.2.3.8).
            Property::SUBSCRIPTION_IDENTIFIER => self.place == PropertyPlace::Publish,
            _ => false,
        }
    }

    fn check_direction(&self, id: u8) -> Result<(), Malformed> {
        match (self.place, id, self.sender) {
            // [MQTT-3.3.4-6]
            (PropertyPlace::Publish, Property::SUBSCRIPTION_IDENTIFIER, Sender::Client) => Err(
                Malformed::protocol("a Subscription Identifier in a PUBLISH from a Client"),
            ),
            // [MQTT-3.14.2-2]
            (PropertyPlace::Disconnect, Property::SESSION_EXPIRY_INTERVAL, Sender::Server) => Err(
                Malformed::protocol("a Session Expiry Interval in a DISCONNECT from a Server"),
            ),
            _ => Ok(()),
        }
    }
}

fn check_value(id: u8, value: ValueRef<'_>) -> Result<(), Malformed> {
    match value {
        // Every property of type Byte is a flag (Maximum QoS too: section 3.2.2.3.4).
        ValueRef::Byte(0 | 1) | ValueRef::BinaryData(_) => Ok(()),
        ValueRef::Byte(_) => Err(Malformed::protocol("a property is neither 0 nor 1")),
        // [MQTT-3.3.2-8]
        ValueRef::TwoByteInteger(0) if id == Property::TOPIC_ALIAS => Err(Malformed {
            reason: ReasonCode::TOPIC_ALIAS_INVALID,
            detail: "Topic Alias is 0",
        }),
        // Sections 3.1.2.11.3 and 3.2.2.3.3.
        ValueRef::TwoByteInteger(0) if id == Property::RECEIVE_MAXIMUM => {
            Err(Malformed::protocol("Receive Maximum is 0"))
        }
        // Sections 3.1.2.11.4 and 3.2.2.3.6.
        ValueRef::FourByteInteger(0) if id == Property::MAXIMUM_PACKET_SIZE => {
            Err(Malformed::protocol("Maximum Packet Size is 0"))
        }
        ValueRef::TwoByteInteger(_) | ValueRef::FourByteInteger(_) => Ok(()),
        // Sections 3.3.2.3.8 and 3.8.2.1.2.
        ValueRef::VariableByteInteger(1..=MAX_VARIABLE_BYTE_INTEGER) => Ok(()),
        ValueRef::VariableByteInteger(_) => Err(Malformed::protocol(
            "Subscription Identifier is out of range",
        )),
        ValueRef::Utf8String(string) => {
            check_utf8(string)?;
            // [MQTT-3.3.2-14]
            if id == Property::RESPONSE_TOPIC && string.iter().any(|byte| b"#+".contains(byte)) {
                return Err(Malformed::protocol("Response Topic contains a wildcard"));
            }
            Ok(())
        }
        // [MQTT-1.5.7-1]
        ValueRef::Utf8StringPair(name, value) => {
            check_utf8(name)?;
            check_utf8(value)
        }
    }
}
