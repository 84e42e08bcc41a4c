//! Properties of MQTT 5 (section 2.2.2).

mod rules;

use bytes::{Buf, BufMut, Bytes};

use super::primitives::{
    MAX_VARIABLE_BYTE_INTEGER, Reader, binary_length, put_binary, put_variable_byte_integer,
    variable_byte_integer_length,
};
use super::{Malformed, ProtocolVersion, Sender, TooLarge};
use rules::{Checker, ValueRef};
pub use rules::{PropertyPlace, PropertyType};

/// The value of a property. Strings are kept as bytes; decoded ones are known to be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    /// An unsigned byte; in all properties 0 or 1.
    Byte(u8),
    /// Section 1.5.2.
    TwoByteInteger(u16),
    /// Section 1.5.3.
    FourByteInteger(u32),
    /// Section 1.5.5; at most 268,435,455.
    VariableByteInteger(u32),
    /// Section 1.5.6; at most 65,535 bytes.
    BinaryData(Bytes),
    /// Section 1.5.4; at most 65,535 bytes.
    Utf8String(Bytes),
    /// Section 1.5.7: a name and a value.
    Utf8StringPair(Bytes, Bytes),
}

impl PropertyValue {
    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            PropertyValue::Byte(value) => ValueRef::Byte(*value),
            PropertyValue::TwoByteInteger(value) => ValueRef::TwoByteInteger(*value),
            PropertyValue::FourByteInteger(value) => ValueRef::FourByteInteger(*value),
            PropertyValue::VariableByteInteger(value) => ValueRef::VariableByteInteger(*value),
            PropertyValue::BinaryData(data) => ValueRef::BinaryData(data),
            PropertyValue::Utf8String(string) => ValueRef::Utf8String(string),
            PropertyValue::Utf8StringPair(name, value) => ValueRef::Utf8StringPair(name, value),
        }
    }

    fn wire_length(&self) -> u64 {
        match self {
            PropertyValue::Byte(_) => 1,
            PropertyValue::TwoByteInteger(_) => 2,
            PropertyValue::FourByteInteger(_) => 4,
            PropertyValue::VariableByteInteger(value) => {
                variable_byte_integer_length(*value) as u64
            }
            PropertyValue::BinaryData(bytes) | PropertyValue::Utf8String(bytes) => {
                2 + bytes.len() as u64
            }
            PropertyValue::Utf8StringPair(name, value) => {
                4 + name.len() as u64 + value.len() as u64
            }
        }
    }

    fn fits(&self) -> bool {
        match self {
            PropertyValue::VariableByteInteger(value) => *value <= MAX_VARIABLE_BYTE_INTEGER,
            PropertyValue::BinaryData(bytes) | PropertyValue::Utf8String(bytes) => {
                binary_length(bytes).is_ok()
            }
            PropertyValue::Utf8StringPair(name, value) => {
                binary_length(name).is_ok() && binary_length(value).is_ok()
            }
            _ => true,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            PropertyValue::Byte(value) => out.put_u8(*value),
            PropertyValue::TwoByteInteger(value) => out.put_u16(*value),
            PropertyValue::FourByteInteger(value) => out.put_u32(*value),
            PropertyValue::VariableByteInteger(value) => put_variable_byte_integer(*value, out),
            PropertyValue::BinaryData(bytes) | PropertyValue::Utf8String(bytes) => {
                put_binary(bytes, out);
            }
            PropertyValue::Utf8StringPair(name, value) => {
                put_binary(name, out);
                put_binary(value, out);
            }
        }
    }
}

/// One property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The identifier's number (1, 2, 3, 8, 9, 11, ... 42); the constants of [`Property`] name them.
    pub id: u8,
    /// The value, of the type that belongs to the identifier.
    pub value: PropertyValue,
}

/// Property identifiers (section 2.2.2.2).
impl Property {
    /// 1 if the payload is UTF-8.
    pub const PAYLOAD_FORMAT_INDICATOR: u8 = 1;
    /// Lifetime of the message in seconds.
    pub const MESSAGE_EXPIRY_INTERVAL: u8 = 2;
    /// Description of the payload.
    pub const CONTENT_TYPE: u8 = 3;
    /// Topic Name for a response.
    pub const RESPONSE_TOPIC: u8 = 8;
    /// Lets the requester recognise the response.
    pub const CORRELATION_DATA: u8 = 9;
    /// Number of the subscription that matched.
    pub const SUBSCRIPTION_IDENTIFIER: u8 = 11;
    /// Lifetime of the session after the connection, in seconds.
    pub const SESSION_EXPIRY_INTERVAL: u8 = 17;
    /// Client Identifier that the Server chose.
    pub const ASSIGNED_CLIENT_IDENTIFIER: u8 = 18;
    /// Keep alive in seconds that replaces the Client's.
    pub const SERVER_KEEP_ALIVE: u8 = 19;
    /// Name of the enhanced authentication.
    pub const AUTHENTICATION_METHOD: u8 = 21;
    /// Data of the enhanced authentication.
    pub const AUTHENTICATION_DATA: u8 = 22;
    /// 0 asks for no Reason Strings and User Properties.
    pub const REQUEST_PROBLEM_INFORMATION: u8 = 23;
    /// Delay of the Will Message in seconds.
    pub const WILL_DELAY_INTERVAL: u8 = 24;
    /// 1 asks for Response Information.
    pub const REQUEST_RESPONSE_INFORMATION: u8 = 25;
    /// Basis for Response Topics.
    pub const RESPONSE_INFORMATION: u8 = 26;
    /// Another Server to use.
    pub const SERVER_REFERENCE: u8 = 28;
    /// Text for diagnostics.
    pub const REASON_STRING: u8 = 31;
    /// How many QoS 1 and 2 messages may be in flight towards the sender of this.
    pub const RECEIVE_MAXIMUM: u8 = 33;
    /// Highest Topic Alias that the sender of this accepts.
    pub const TOPIC_ALIAS_MAXIMUM: u8 = 34;
    /// Number that stands for the topic.
    pub const TOPIC_ALIAS: u8 = 35;
    /// Highest QoS that the Server supports.
    pub const MAXIMUM_QOS: u8 = 36;
    /// 0 if the Server has no retained messages.
    pub const RETAIN_AVAILABLE: u8 = 37;
    /// A name and a value with no meaning to MQTT.
    pub const USER_PROPERTY: u8 = 38;
    /// Largest packet in bytes that the sender of this accepts.
    pub const MAXIMUM_PACKET_SIZE: u8 = 39;
    /// 0 if the Server has no wildcard subscriptions.
    pub const WILDCARD_SUBSCRIPTION_AVAILABLE: u8 = 40;
    /// 0 if the Server has no Subscription Identifiers.
    pub const SUBSCRIPTION_IDENTIFIERS_AVAILABLE: u8 = 41;
    /// 0 if the Server has no shared subscriptions.
    pub const SHARED_SUBSCRIPTION_AVAILABLE: u8 = 42;
}

/// Properties in their order on the wire, repeated ones kept. An empty list costs no allocation.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Properties(pub Vec<Property>);

/// An empty list to refer to.
pub static NO_PROPERTIES: Properties = Properties::new();

impl Properties {
    /// An empty list.
    pub const fn new() -> Properties {
        Properties(Vec::new())
    }

    /// The type of an identifier's values; `None` if the standard does not know the identifier.
    pub const fn type_of(id: u8) -> Option<PropertyType> {
        match rules::rule(id) {
            Some(rule) => Some(rule.value_type),
            None => None,
        }
    }

    /// The first value of an identifier.
    pub fn get(&self, id: u8) -> Option<&PropertyValue> {
        self.iter()
            .find(|property| property.id == id)
            .map(|property| &property.value)
    }

    /// The first value of an identifier, if that is a number.
    pub fn numeric(&self, id: u8) -> Option<u32> {
        match *self.get(id)? {
            PropertyValue::Byte(value) => Some(value.into()),
            PropertyValue::TwoByteInteger(value) => Some(value.into()),
            PropertyValue::FourByteInteger(value) | PropertyValue::VariableByteInteger(value) => {
                Some(value)
            }
            _ => None,
        }
    }

    /// The properties in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.0.iter()
    }

    /// Appends a property, unchecked.
    pub fn push(&mut self, property: Property) {
        self.0.push(property);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes that the properties take on the wire, without the Property Length in front of them.
    pub fn wire_length(&self) -> usize {
        self.exact_length() as usize
    }

    /// Whether a Client may send these properties at `place`, by the rules that decoding applies.
    /// Strings that are too long are left to encoding.
    pub fn check(&self, place: PropertyPlace) -> Result<(), Malformed> {
        let mut checker = Checker::new(place, Sender::Client);
        for property in self {
            checker.check(property.id, property.value.as_ref())?;
        }
        checker.finish()
    }

    /// Reads a Property Length and as many bytes of properties off the front of `input`.
    /// On error `input` is as it was.
    pub fn decode(
        input: &mut Bytes,
        place: PropertyPlace,
        sender: Sender,
    ) -> Result<Properties, Malformed> {
        let source = input.clone();
        let mut reader = Reader::new(&source);
        let properties = Properties::read(&mut reader, place, sender)?;
        input.advance(reader.position());
        Ok(properties)
    }

    /// Appends the Property Length and the properties; on error `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let length = self.block_length(ProtocolVersion::V5)?;
        out.reserve(length as usize);
        self.put_block(ProtocolVersion::V5, out);
        Ok(())
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        place: PropertyPlace,
        sender: Sender,
    ) -> Result<Properties, Malformed> {
        let length = reader.variable_byte_integer()? as usize;
        let block = reader.take(length)?;
        if block.is_empty() {
            return Ok(Properties::new());
        }
        let block = reader.share(block);

        // Checked and counted first, so that the list takes no more memory than it needs.
        let mut count = 0;
        let mut checker = Checker::new(place, sender);
        let mut properties = Reader::new(&block);
        while !properties.is_empty() {
            let (id, value) = rules::read_property(&mut properties)?;
            checker.check(id, value)?;
            count += 1;
        }
        checker.finish()?;

        let mut list = Vec::with_capacity(count);
        let mut properties = Reader::new(&block);
        while !properties.is_empty() {
            let (id, value) = rules::read_property(&mut properties)?;
            list.push(Property {
                id,
                value: value.share_from(&properties),
            });
        }
        Ok(Properties(list))
    }

    /// [`Properties::read`] in 5, nothing in the versions that have no properties.
    pub(super) fn read_if_v5(
        reader: &mut Reader<'_>,
        version: ProtocolVersion,
        place: PropertyPlace,
        sender: Sender,
    ) -> Result<Properties, Malformed> {
        if version == ProtocolVersion::V5 {
            Properties::read(reader, place, sender)
        } else {
            Ok(Properties::new())
        }
    }

    /// Bytes of the properties and their Property Length; 0 in the versions that have none ([MQTT-2.2.2-1]).
    #[inline]
    pub(super) fn block_length(&self, version: ProtocolVersion) -> Result<u64, TooLarge> {
        if version < ProtocolVersion::V5 {
            return Ok(0);
        }
        if self.is_empty() {
            return Ok(1);
        }
        let length = self.checked_length()?;
        Ok(variable_byte_integer_length(length) as u64 + u64::from(length))
    }

    /// Appends what [`Properties::block_length`] has measured.
    #[inline]
    pub(super) fn put_block(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        if version < ProtocolVersion::V5 {
            return;
        }
        if self.is_empty() {
            return out.put_u8(0);
        }
        put_variable_byte_integer(self.exact_length() as u32, out);
        for property in self {
            out.put_u8(property.id);
            property.value.put(out);
        }
    }

    fn exact_length(&self) -> u64 {
        self.iter()
            .map(|property| 1 + property.value.wire_length())
            .sum()
    }

    fn checked_length(&self) -> Result<u32, TooLarge> {
        let length = self.exact_length();
        if length > MAX_VARIABLE_BYTE_INTEGER.into()
            || !self.iter().all(|property| property.value.fits())
        {
            return Err(TooLarge);
        }
        Ok(length as u32)
    }
}

impl<'a> IntoIterator for &'a Properties {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Property> for Properties {
    fn from_iter<I: IntoIterator<Item = Property>>(properties: I) -> Properties {
        Properties(properties.into_iter().collect())
    }
}
