//! `MQTTProperties.h`: lists of MQTT 5 properties.

use super::boundary::{boundary, boundary_or};
use super::c_spelling::{MQTTPropertyCodes, PropertyValue};
use super::entry;
use std::ffi::{c_char, c_int};

/// Returned by MQTTProperties_add() for an identifier that is none of enum MQTTPropertyCodes.
pub const MQTT_INVALID_PROPERTY_ID: c_int = -2;

/// The identifiers of properties [MQTT 5, section 2.2.2.2], with the type of their value and the packets they are for.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyCodeNames {
    /// Byte. PUBLISH, will: 1 if the payload is UTF-8 text.
    MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR = 1,
    /// Four byte integer, seconds. PUBLISH, will: how long the message is of use.
    MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL = 2,
    /// String. PUBLISH, will: what the payload is, for instance a MIME type.
    MQTTPROPERTY_CODE_CONTENT_TYPE = 3,
    /// String. PUBLISH, will: topic for the answer.
    MQTTPROPERTY_CODE_RESPONSE_TOPIC = 8,
    /// Binary data. PUBLISH, will: tells to which request an answer belongs.
    MQTTPROPERTY_CODE_CORRELATION_DATA = 9,
    /// Variable byte integer. SUBSCRIBE: number of the subscription; PUBLISH: the subscriptions that matched.
    MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER = 11,
    /// Four byte integer, seconds. CONNECT, CONNACK, DISCONNECT: how long the session is kept.
    MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL = 17,
    /// String. CONNACK: the identifier that the server chose.
    MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFIER = 18,
    /// The same under its misspelled former name.
    #[cfg(cbindgen)]
    MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER = 18,
    /// Two byte integer, seconds. CONNACK: keep alive interval to use instead of the one asked for.
    MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE = 19,
    /// String. CONNECT, CONNACK, AUTH.
    MQTTPROPERTY_CODE_AUTHENTICATION_METHOD = 21,
    /// Binary data. CONNECT, CONNACK, AUTH.
    MQTTPROPERTY_CODE_AUTHENTICATION_DATA = 22,
    /// Byte. CONNECT: 1 to get reason strings and user properties on failures.
    MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION = 23,
    /// Four byte integer, seconds. Will: how long the server waits before it publishes the will.
    MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL = 24,
    /// Byte. CONNECT: 1 to get Response Information in CONNACK.
    MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION = 25,
    /// String. CONNACK: basis for response topics.
    MQTTPROPERTY_CODE_RESPONSE_INFORMATION = 26,
    /// String. CONNACK, DISCONNECT: another server to use.
    MQTTPROPERTY_CODE_SERVER_REFERENCE = 28,
    /// String. All acknowledgements, DISCONNECT, AUTH: the reason for people to read.
    MQTTPROPERTY_CODE_REASON_STRING = 31,
    /// Two byte integer. CONNECT, CONNACK: how many QoS 1 and 2 messages may be in flight to the sender.
    MQTTPROPERTY_CODE_RECEIVE_MAXIMUM = 33,
    /// Two byte integer. CONNECT, CONNACK: highest topic alias that the sender accepts.
    MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM = 34,
    /// Two byte integer. PUBLISH: stands for the topic name.
    MQTTPROPERTY_CODE_TOPIC_ALIAS = 35,
    /// Byte. CONNACK: highest QoS that the server supports.
    MQTTPROPERTY_CODE_MAXIMUM_QOS = 36,
    /// Byte. CONNACK: 0 if the server does not keep retained messages.
    MQTTPROPERTY_CODE_RETAIN_AVAILABLE = 37,
    /// String pair, any number of them. All packets except PINGREQ and PINGRESP: name and value of the program's own.
    MQTTPROPERTY_CODE_USER_PROPERTY = 38,
    /// Four byte integer, bytes. CONNECT, CONNACK: largest packet that the sender accepts.
    MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE = 39,
    /// Byte. CONNACK: 0 if the server does not support wildcards.
    MQTTPROPERTY_CODE_WILDCARD_SUBSCRIPTION_AVAILABLE = 40,
    /// Byte. CONNACK: 0 if the server does not support subscription identifiers.
    MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 41,
    /// Byte. CONNACK: 0 if the server does not support shared subscriptions.
    MQTTPROPERTY_CODE_SHARED_SUBSCRIPTION_AVAILABLE = 42,
}
/// The types of property values; what MQTTProperty_getType() returns.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyTypeNames {
    /// One byte, in `value.byte`.
    MQTTPROPERTY_TYPE_BYTE = 0,
    /// Two bytes, in `value.integer2`.
    MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER = 1,
    /// Four bytes, in `value.integer4`.
    MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER = 2,
    /// A number up to 268435455, in `value.integer4`.
    MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER = 3,
    /// Bytes, in `value.data`.
    MQTTPROPERTY_TYPE_BINARY_DATA = 4,
    /// UTF-8 text, in `value.data`.
    MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING = 5,
    /// Two UTF-8 texts: name in `value.data`, value in `value.value`.
    MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR = 6,
}

/// Makes the generator print [`MQTTLenString`] before the property that holds it.
/// cbindgen:no-export
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn uses_len_string(string: MQTTLenString) {}

/// Text or binary data with its length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTLenString {
    /// Number of bytes, 0 to 65535; a NUL behind them does not count.
    pub len: c_int,
    /// The bytes; may be NULL if `len` is 0.
    pub data: *mut c_char,
}

/// One property.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MQTTProperty {
    /// Which property it is. This decides which member of `value` counts.
    pub identifier: MQTTPropertyCodes,
    /// The value.
    pub value: PropertyValue,
}

/// A list of properties. Start it with MQTTProperties_initializer, change it only with the functions below.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTProperties {
    /// Number of properties.
    pub count: c_int,
    /// Number of entries that `array` has room for.
    pub max_count: c_int,
    /// Number of bytes the properties take in a packet.
    pub length: c_int,
    /// The properties.
    pub array: *mut MQTTProperty,
}

/// The name of a property, for instance "CONTENT_TYPE".
///
/// Returns a constant C string that must not be freed, or NULL if there is no such property. May be called from any
/// thread, and in callbacks.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTPropertyName(value: MQTTPropertyCodes) -> *const c_char {
    boundary("MQTTPropertyName", || entry::text::property_name(value))
}

/// The type of a property.
///
/// Returns one of enum MQTTPropertyTypes, or -1 if there is no such property.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTProperty_getType(value: MQTTPropertyCodes) -> c_int {
    boundary("MQTTProperty_getType", || entry::properties::type_of(value))
}

/// Declared only so that old sources compile: the shared library does not export it. See `length` instead.
/// cbindgen:prefix=extern
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MQTTProperties_len(props: *const MQTTProperties) -> c_int {}

/// Declared only so that old sources compile: the shared library does not export it.
/// cbindgen:prefix=extern
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MQTTProperties_write(
    pptr: *mut *mut c_char,
    properties: *const MQTTProperties,
) -> c_int {
}

/// Declared only so that old sources compile: the shared library does not export it.
/// cbindgen:prefix=extern
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MQTTProperties_read(
    properties: *mut MQTTProperties,
    pptr: *mut *mut c_char,
    enddata: *mut c_char,
) -> c_int {
}

/// Adds a copy of a property to the end of a list.
///
/// Parameters:
/// - `props`: the list; started with MQTTProperties_initializer.
/// - `prop`: the property. Its text and data are copied; the caller keeps its own.
///
/// Returns:
/// - 0: added.
/// - MQTT_INVALID_PROPERTY_ID: there is no property of this identifier.
/// - -1: a length is negative or above 65535, or a variable byte integer is above 268435455.
/// - -6: `prop` is NULL, or a text is NULL and its length is not 0.
/// - -99: `props` is NULL, or there is no memory.
///
/// Unless 0 is returned the list is as it was.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_add(
    props: *mut MQTTProperties,
    prop: *const MQTTProperty,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_add", || unsafe {
        entry::properties::add(props, prop)
    })
}

/// Frees all properties of a list and makes it the empty list again.
///
/// The list may be NULL or empty. It may be used again afterwards.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_free(properties: *mut MQTTProperties) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_free", || unsafe {
        entry::properties::free(properties)
    })
}

/// Copies a list with all texts and data in it.
///
/// Returns the copy, to be freed with MQTTProperties_free(). If `props` is NULL, or there is no memory for the whole
/// list, it is empty.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_copy(
    props: *const MQTTProperties,
) -> MQTTProperties {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_copy", || unsafe {
        entry::properties::copy(props)
    })
}

/// Tells whether a list has a property of this identifier.
///
/// Returns 1 if it has, 0 if not or if `props` is NULL.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_hasProperty(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary_or("MQTTProperties_hasProperty", 0, || unsafe {
        c_int::from(entry::properties::count(props, propid) > 0)
    })
}

/// Counts the properties of this identifier in a list.
///
/// Only user properties and, in received messages, subscription identifiers may occur more than once. Returns 0 if
/// `props` is NULL.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_propertyCount(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary_or("MQTTProperties_propertyCount", 0, || unsafe {
        entry::properties::count(props, propid)
    })
}

/// The number in the first property of this identifier.
///
/// Returns the number (0 to 4294967295), -9999999 if the list has no such property or is NULL, -999999 if the value of
/// the property is not a number.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_getNumericValue(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
) -> i64 {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_getNumericValue", || unsafe {
        entry::properties::numeric_value(props, propid, 0)
    })
}

/// The number in one of several properties of this identifier.
///
/// `index` is 0 for the first of them; a negative one counts as 0. Returns what MQTTProperties_getNumericValue() does.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_getNumericValueAt(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
    index: c_int,
) -> i64 {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_getNumericValueAt", || unsafe {
        entry::properties::numeric_value(props, propid, index)
    })
}

/// The first property of this identifier.
///
/// Returns a pointer into the list, valid until the list is changed or freed and not to be freed itself; NULL if the
/// list has no such property or is NULL.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_getProperty(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
) -> *mut MQTTProperty {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_getProperty", || unsafe {
        entry::properties::find(props, propid, 0)
    })
}

/// One of several properties of this identifier.
///
/// `index` is 0 for the first of them. Returns what MQTTProperties_getProperty() does, NULL for a negative index.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTProperties_getPropertyAt(
    props: *const MQTTProperties,
    propid: MQTTPropertyCodes,
    index: c_int,
) -> *mut MQTTProperty {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTProperties_getPropertyAt", || unsafe {
        entry::properties::find(props, propid, index)
    })
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<MQTTLenString>() == 16);
    assert!(offset_of!(MQTTLenString, data) == 8);
    assert!(size_of::<MQTTProperty>() == 40);
    assert!(offset_of!(MQTTProperty, value) == 8);
    assert!(offset_of!(super::c_spelling::PropertyStrings, value) == 16);
    assert!(size_of::<MQTTProperties>() == 24);
    assert!(offset_of!(MQTTProperties, max_count) == 4);
    assert!(offset_of!(MQTTProperties, length) == 8);
    assert!(offset_of!(MQTTProperties, array) == 16);
};
