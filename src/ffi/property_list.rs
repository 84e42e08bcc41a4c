//! `MQTTProperties` to [`Properties`] and back, and what lists do for C programs.

use super::boundary::Failure;
use super::c_spelling::{MQTTPropertyCodes, PropertyStrings, PropertyValue as CValue};
use super::client::{MQTTCLIENT_FAILURE, MQTTCLIENT_NULL_PARAMETER};
use super::memory::{c_copy, c_entries, c_slice, release};
use super::properties::{
    MQTT_INVALID_PROPERTY_ID, MQTTLenString, MQTTProperties, MQTTProperty,
    PropertyCodeNames as Code, PropertyTypeNames as Type,
};
use crate::packet::{Properties, Property, PropertyValue};
use bytes::Bytes;
use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr;

/// There is no memory; a code of the original's.
pub(super) const MEMORY_ERROR: c_int = -99;

/// Entries by which a list grows.
const GROWTH: c_int = 10;

/// Largest number a variable byte integer holds (section 1.5.5).
const VARIABLE_BYTE_INTEGER_MAX: u32 = 268_435_455;

/// The type of a property's value; `None` if there is no such property.
pub(super) fn type_of(id: MQTTPropertyCodes) -> Option<Type> {
    use Type::*;
    const TYPES: [(Code, Type); 27] = [
        (
            Code::MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL,
            MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_CONTENT_TYPE,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_RESPONSE_TOPIC,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_CORRELATION_DATA,
            MQTTPROPERTY_TYPE_BINARY_DATA,
        ),
        (
            Code::MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER,
            MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
            MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFIER,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE,
            MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_AUTHENTICATION_METHOD,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_AUTHENTICATION_DATA,
            MQTTPROPERTY_TYPE_BINARY_DATA,
        ),
        (
            Code::MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL,
            MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_RESPONSE_INFORMATION,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_SERVER_REFERENCE,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_REASON_STRING,
            MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
        ),
        (
            Code::MQTTPROPERTY_CODE_RECEIVE_MAXIMUM,
            MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM,
            MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_TOPIC_ALIAS,
            MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER,
        ),
        (Code::MQTTPROPERTY_CODE_MAXIMUM_QOS, MQTTPROPERTY_TYPE_BYTE),
        (
            Code::MQTTPROPERTY_CODE_RETAIN_AVAILABLE,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_USER_PROPERTY,
            MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR,
        ),
        (
            Code::MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE,
            MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER,
        ),
        (
            Code::MQTTPROPERTY_CODE_WILDCARD_SUBSCRIPTION_AVAILABLE,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIERS_AVAILABLE,
            MQTTPROPERTY_TYPE_BYTE,
        ),
        (
            Code::MQTTPROPERTY_CODE_SHARED_SUBSCRIPTION_AVAILABLE,
            MQTTPROPERTY_TYPE_BYTE,
        ),
    ];
    TYPES
        .iter()
        .find(|(code, _)| *code as c_int == id)
        .map(|&(_, of)| of)
}

/// The entries of a list; none for NULL and for a list that cannot be right.
///
/// # Safety
///
/// `list` is NULL or a list whose array has `count` entries, and stays as it is for `'a`.
pub(super) unsafe fn entries<'a>(list: *const MQTTProperties) -> &'a [MQTTProperty] {
    if list.is_null() {
        return &[];
    }
    // SAFETY: not NULL; the rest is promised by the caller.
    unsafe { c_entries((*list).array, (*list).count) }.unwrap_or(&[])
}

/// The value of a property as C stores it.
///
/// # Safety
///
/// The text and data of the property point to as many bytes as their lengths say, and stay as they are.
unsafe fn value_of(property: &MQTTProperty) -> Result<PropertyValue, c_int> {
    let value_type = type_of(property.identifier).ok_or(MQTT_INVALID_PROPERTY_ID)?;
    // SAFETY: all members of the union are plain data and the identifier tells which was written; a member that was
    // not is read as zero or old bytes, of which only the pointers of strings matter, and strings are promised.
    let value = unsafe {
        match value_type {
            Type::MQTTPROPERTY_TYPE_BYTE => PropertyValue::Byte(property.value.byte),
            Type::MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER => {
                PropertyValue::TwoByteInteger(property.value.integer2)
            }
            Type::MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER => {
                PropertyValue::FourByteInteger(property.value.integer4)
            }
            Type::MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER => {
                PropertyValue::VariableByteInteger(property.value.integer4)
            }
            Type::MQTTPROPERTY_TYPE_BINARY_DATA => {
                PropertyValue::BinaryData(bytes_of(property.value.strings.data)?)
            }
            Type::MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING => {
                PropertyValue::Utf8String(bytes_of(property.value.strings.data)?)
            }
            Type::MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR => PropertyValue::Utf8StringPair(
                bytes_of(property.value.strings.data)?,
                bytes_of(property.value.strings.value)?,
            ),
        }
    };
    match value {
        PropertyValue::VariableByteInteger(number) if number > VARIABLE_BYTE_INTEGER_MAX => {
            Err(MQTTCLIENT_FAILURE)
        }
        value => Ok(value),
    }
}

/// # Safety
///
/// `string.data` is NULL or points to `string.len` bytes.
unsafe fn bytes_of(string: MQTTLenString) -> Result<Bytes, c_int> {
    if string.len > c_int::from(u16::MAX) {
        return Err(MQTTCLIENT_FAILURE);
    }
    // SAFETY: as promised by the caller.
    unsafe { c_slice(string.data.cast(), string.len) }.map(Bytes::copy_from_slice)
}

/// Takes over a list that C hands in; NULL is the empty list.
///
/// [`MQTTCLIENT_FAILURE`]: a negative count or length, a text above 65535 bytes, a number too large for its type, an
/// unknown identifier. [`MQTTCLIENT_NULL_PARAMETER`]: entries or bytes are promised and the pointer is NULL.
///
/// # Safety
///
/// `list` is NULL or a list whose array has `count` entries, with texts as long as they say.
pub(super) unsafe fn to_packet(list: *const MQTTProperties) -> Result<Properties, c_int> {
    if list.is_null() {
        return Ok(Properties::default());
    }
    // SAFETY: not NULL; the rest is promised by the caller.
    let entries = unsafe { c_entries((*list).array, (*list).count) }?;
    let convert = |property: &MQTTProperty| {
        // SAFETY: the caller promises texts as long as they say.
        let value = unsafe { value_of(property) }.map_err(|code| match code {
            // In a client call this number means a persistence error.
            MQTT_INVALID_PROPERTY_ID => MQTTCLIENT_FAILURE,
            code => code,
        })?;
        // Identifiers with a type are all below 43.
        let id = u8::try_from(property.identifier).map_err(|_| MQTTCLIENT_FAILURE)?;
        Ok(Property { id, value })
    };
    entries
        .iter()
        .map(convert)
        .collect::<Result<Vec<_>, _>>()
        .map(Properties)
}

/// Makes a list that C owns and frees with `MQTTProperties_free`; `None` if there is no memory.
pub(super) fn from_packet(properties: &Properties) -> Option<MQTTProperties> {
    let mut list = MQTTProperties::FAILURE;
    for property in &properties.0 {
        if append(&mut list, property.id.into(), &property.value) != 0 {
            // SAFETY: the list was made here and nobody else knows it.
            unsafe { free(&mut list) };
            return None;
        }
    }
    Some(list)
}

/// Adds a copy of a property; the codes are those of `MQTTProperties_add`.
///
/// # Safety
///
/// `list` is NULL or a list made by these functions, `property` is NULL or a property with texts as long as they say.
pub(super) unsafe fn add(list: *mut MQTTProperties, property: *const MQTTProperty) -> c_int {
    // SAFETY: both are NULL or valid, as promised by the caller.
    let (list, property) = unsafe { (list.as_mut(), property.as_ref()) };
    let Some(list) = list else {
        return MEMORY_ERROR;
    };
    let Some(property) = property else {
        return MQTTCLIENT_NULL_PARAMETER;
    };
    // SAFETY: the caller promises texts as long as they say.
    match unsafe { value_of(property) } {
        Ok(value) => append(list, property.identifier, &value),
        Err(code) => code,
    }
}

/// Adds a property to a list: 0, or [`MEMORY_ERROR`] and the list is as it was.
fn append(list: &mut MQTTProperties, id: MQTTPropertyCodes, value: &PropertyValue) -> c_int {
    let Some(length) = wire_length(value).and_then(|length| list.length.checked_add(length)) else {
        return MEMORY_ERROR;
    };
    if !make_room(list) {
        return MEMORY_ERROR;
    }
    let Some(value) = c_value(value) else {
        return MEMORY_ERROR;
    };
    // SAFETY: make_room left room for one entry more behind the first `count`.
    unsafe {
        list.array.add(list.count as usize).write(MQTTProperty {
            identifier: id,
            value,
        });
    }
    list.count += 1;
    list.length = length;
    0
}

/// Sees to it that the array has room for another entry.
fn make_room(list: &mut MQTTProperties) -> bool {
    if list.array.is_null() || list.count < 0 {
        (list.count, list.max_count) = (0, 0);
    }
    if list.count < list.max_count {
        return true;
    }
    let Some(room) = list.count.checked_add(GROWTH) else {
        return false;
    };
    let Some(size) = size_of::<MQTTProperty>().checked_mul(room as usize) else {
        return false;
    };
    // SAFETY: the array is NULL or from malloc, as every list's.
    let array = unsafe { libc::realloc(list.array.cast::<c_void>(), size) };
    if array.is_null() {
        return false;
    }
    list.array = array.cast();
    list.max_count = room;
    true
}

/// A value in C's form, with copies of its texts; `None` if there is no memory.
fn c_value(value: &PropertyValue) -> Option<CValue> {
    let empty = MQTTLenString {
        len: 0,
        data: ptr::null_mut(),
    };
    let mut of = CValue {
        strings: PropertyStrings {
            data: empty,
            value: empty,
        },
    };
    match value {
        PropertyValue::Byte(number) => of.byte = *number,
        PropertyValue::TwoByteInteger(number) => of.integer2 = *number,
        PropertyValue::FourByteInteger(number) | PropertyValue::VariableByteInteger(number) => {
            of.integer4 = *number;
        }
        PropertyValue::BinaryData(data) | PropertyValue::Utf8String(data) => {
            of.strings.data = len_string(data)?;
        }
        PropertyValue::Utf8StringPair(name, text) => {
            let data = len_string(name)?;
            let Some(value) = len_string(text) else {
                // SAFETY: made in the line above and nobody else knows it.
                unsafe { release(data.data) };
                return None;
            };
            of.strings = PropertyStrings { data, value };
        }
    }
    Some(of)
}

fn len_string(bytes: &[u8]) -> Option<MQTTLenString> {
    let len = c_int::try_from(bytes.len()).ok()?;
    let data = c_copy(bytes).cast::<c_char>();
    (!data.is_null()).then_some(MQTTLenString { len, data })
}

/// Bytes that a property takes in a packet, its identifier included.
fn wire_length(value: &PropertyValue) -> Option<c_int> {
    let length = 1 + match value {
        PropertyValue::Byte(_) => 1,
        PropertyValue::TwoByteInteger(_) => 2,
        PropertyValue::FourByteInteger(_) => 4,
        PropertyValue::VariableByteInteger(number) => match number {
            0..=127 => 1,
            128..=16_383 => 2,
            16_384..=2_097_151 => 3,
            _ => 4,
        },
        PropertyValue::BinaryData(data) | PropertyValue::Utf8String(data) => 2 + data.len(),
        PropertyValue::Utf8StringPair(name, value) => 4 + name.len() + value.len(),
    };
    c_int::try_from(length).ok()
}

/// Frees what a list holds and makes it the empty list; NULL is fine.
///
/// # Safety
///
/// `list` is NULL or a list made by these functions, and nobody else uses what is in it.
#[inline]
pub(super) unsafe fn free(list: *mut MQTTProperties) {
    // SAFETY: NULL, or whole, as promised by the caller.
    let is_empty =
        unsafe { list.as_ref() }.is_none_or(|list| list.array.is_null() && list.count == 0);
    if !is_empty {
        // SAFETY: not NULL; the rest is promised by the caller.
        unsafe { free_content(list) }
    }
}

/// # Safety
///
/// As for [`free`], but `list` is not NULL.
#[cold]
unsafe fn free_content(list: *mut MQTTProperties) {
    // SAFETY: texts and array are from malloc, as promised by the caller.
    unsafe {
        for property in entries(list) {
            match type_of(property.identifier) {
                Some(
                    Type::MQTTPROPERTY_TYPE_BINARY_DATA
                    | Type::MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING,
                ) => release(property.value.strings.data.data),
                Some(Type::MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR) => {
                    release(property.value.strings.data.data);
                    release(property.value.strings.value.data);
                }
                _ => {}
            }
        }
        release((*list).array);
        list.write(MQTTProperties::FAILURE);
    }
}
