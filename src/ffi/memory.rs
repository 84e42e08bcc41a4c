//! Memory that C will own, and reading of what C gives.
//!
//! Everything handed out is from `malloc`, so that `free()` and `MQTTClient_free()` both work, and text and payloads have
//! one NUL behind them, since programs print them with `%s`.

use super::c_spelling::MQTTReasonCodes;
use super::client::{
    MQTTCLIENT_FAILURE, MQTTCLIENT_NULL_PARAMETER, MQTTClient_deliveryToken, MQTTClient_message,
    MQTTResponse,
};
use super::properties::MQTTProperties;
use super::{boundary::Failure, property_list};
use crate::packet::{Message, PacketId, Properties, ReasonCode};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::{ptr, slice};

/// Allocates `size` bytes; NULL if there is no memory.
pub(super) fn allocate(size: usize) -> *mut c_void {
    // SAFETY: malloc may be called with any size.
    unsafe { libc::malloc(size) }
}

/// Frees memory from [`allocate`] or C's `malloc`; NULL is fine.
///
/// # Safety
///
/// `memory` is NULL or from `malloc`, and is not used afterwards.
pub(super) unsafe fn release<T>(memory: *mut T) {
    // SAFETY: as promised by the caller.
    unsafe { libc::free(memory.cast()) }
}

/// Copies bytes, with one NUL behind them; NULL if there is no memory.
pub(super) fn c_copy(bytes: &[u8]) -> *mut c_void {
    let copy = allocate(bytes.len() + 1).cast::<u8>();
    if !copy.is_null() {
        // SAFETY: `copy` has room for the bytes and the NUL, and is new, so it does not overlap them.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
            copy.add(bytes.len()).write(0);
        }
    }
    copy.cast()
}

/// Copies a value to memory of its own; NULL if there is no memory.
fn c_box<T: Copy>(value: T) -> *mut T {
    let memory = allocate(size_of::<T>()).cast::<T>();
    if !memory.is_null() {
        // SAFETY: `memory` is new, large enough, and aligned for every type, as all of malloc's is.
        unsafe { memory.write(value) }
    }
    memory
}

/// Copies values to an array, which is not NULL even if there are none, unless there is no memory.
fn c_array<T: Copy>(values: impl ExactSizeIterator<Item = T>) -> *mut T {
    let count = values.len();
    let Some(size) = size_of::<T>().checked_mul(count.max(1)) else {
        return ptr::null_mut();
    };
    let array = allocate(size).cast::<T>();
    if !array.is_null() {
        for (index, value) in values.take(count).enumerate() {
            // SAFETY: `index` is below `count`, for which there is room.
            unsafe { array.add(index).write(value) }
        }
    }
    array
}

/// Makes a message that C owns and frees with `MQTTClient_freeMessage`; NULL if there is no memory.
#[inline]
pub(super) fn new_message(message: &Message) -> *mut MQTTClient_message {
    let payload = message.payload();
    let Ok(payloadlen) = c_int::try_from(payload.len()) else {
        return ptr::null_mut();
    };
    let payload = c_copy(payload);
    if payload.is_null() {
        return ptr::null_mut();
    }
    let built = c_box(MQTTClient_message {
        struct_id: eyecatcher(b"MQTM"),
        struct_version: 1,
        payloadlen,
        payload,
        qos: message.qos as c_int,
        retained: message.retain.into(),
        dup: message.dup.into(),
        msgid: message.packet_id.map_or(0, PacketId::get).into(),
        properties: MQTTProperties::FAILURE,
    });
    if built.is_null() {
        // SAFETY: it was made above and nobody else knows it.
        unsafe { release(payload) };
        return ptr::null_mut();
    }
    if !message.properties().is_empty() {
        // SAFETY: the message was made above and nobody else knows it.
        unsafe {
            match property_list::from_packet(message.properties()) {
                Some(properties) => (*built).properties = properties,
                None => {
                    free_message(built);
                    return ptr::null_mut();
                }
            }
        }
    }
    built
}

/// Frees a message from [`new_message`] with all that belongs to it; NULL is fine.
///
/// # Safety
///
/// `message` is NULL or a whole message whose parts are from `malloc`, and is not used afterwards.
pub(super) unsafe fn free_message(message: *mut MQTTClient_message) {
    if message.is_null() {
        return;
    }
    // SAFETY: the caller promises a whole message.
    unsafe {
        property_list::free(&raw mut (*message).properties);
        release((*message).payload);
        release(message);
    }
}

/// An array of tokens ended by -1, as `MQTTClient_getPendingDeliveryTokens` hands out; NULL if there is no memory.
pub(super) fn new_token_list(tokens: &[u16]) -> *mut MQTTClient_deliveryToken {
    let list: Vec<c_int> = tokens
        .iter()
        .copied()
        .map(c_int::from)
        .chain([-1])
        .collect();
    c_array(list.into_iter())
}

/// A response that holds nothing but a result: a reason code, or a negative API code.
pub(super) fn response(code: c_int) -> MQTTResponse {
    MQTTResponse {
        reasonCode: code,
        ..MQTTResponse::FAILURE
    }
}

/// A response with the reason codes of an acknowledgement, counted, but listed only if there are several, and its
/// properties, if there are any to tell of. With no memory for them it is [`MQTTCLIENT_FAILURE`].
pub(super) fn acknowledged_response(
    codes: &[ReasonCode],
    properties: Option<&Properties>,
) -> MQTTResponse {
    let Ok(count) = c_int::try_from(codes.len()) else {
        return MQTTResponse::FAILURE;
    };
    let first = codes.first().copied().unwrap_or(ReasonCode::SUCCESS);
    let mut built = new_response(first, properties);
    if built.reasonCode == MQTTCLIENT_FAILURE {
        return built;
    }
    if codes.len() > 1 {
        built.reasonCodes = c_array(codes.iter().map(|code| MQTTReasonCodes::from(code.0)));
        if built.reasonCodes.is_null() {
            // SAFETY: the response was made above and nobody else knows it.
            unsafe { free_response(built) };
            return MQTTResponse::FAILURE;
        }
    }
    built.reasonCodeCount = count;
    built
}

/// A response with one reason code and the properties, if there are any to tell of. With no memory for them it is
/// [`MQTTCLIENT_FAILURE`].
pub(super) fn new_response(code: ReasonCode, properties: Option<&Properties>) -> MQTTResponse {
    let mut built = response(code.0.into());
    if let Some(properties) = properties {
        built.properties = new_properties(properties);
        if built.properties.is_null() {
            return MQTTResponse::FAILURE;
        }
    }
    built
}

/// A list of properties in memory of its own; NULL if there is no memory.
pub(super) fn new_properties(properties: &Properties) -> *mut MQTTProperties {
    let Some(mut list) = property_list::from_packet(properties) else {
        return ptr::null_mut();
    };
    let memory = c_box(list);
    if memory.is_null() {
        // SAFETY: the list was made above and nobody else knows it.
        unsafe { property_list::free(&mut list) };
    }
    memory
}

/// Frees what a response points to.
///
/// # Safety
///
/// The pointers of the response are NULL or from `malloc`, and are not used afterwards.
pub(super) unsafe fn free_response(response: MQTTResponse) {
    // SAFETY: as promised by the caller; `property_list::free` takes NULL too.
    unsafe {
        release(response.reasonCodes);
        property_list::free(response.properties);
        release(response.properties);
    }
}

/// Four characters as a `struct_id`.
pub(super) fn eyecatcher(text: &[u8; 4]) -> [c_char; 4] {
    text.map(|byte| byte as c_char)
}

/// The bytes of a C string without its NUL; `None` for NULL.
///
/// # Safety
///
/// `text` is NULL or a C string that stays as it is for `'a`.
pub(super) unsafe fn c_str<'a>(text: *const c_char) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller promises a C string.
    Some(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// A pointer with its length as bytes: empty for length 0, whatever the pointer is.
///
/// A negative length is [`MQTTCLIENT_FAILURE`], NULL with a length [`MQTTCLIENT_NULL_PARAMETER`].
///
/// # Safety
///
/// `data` is NULL or points to `len` bytes that stay as they are for `'a`.
pub(super) unsafe fn c_slice<'a>(data: *const c_void, len: c_int) -> Result<&'a [u8], c_int> {
    // SAFETY: bytes have no alignment; the rest is promised by the caller.
    unsafe { c_entries(data.cast(), len) }
}

/// The entries of a C array, with the errors of [`c_slice`].
///
/// # Safety
///
/// `data` is NULL or points to `count` aligned values that stay as they are for `'a`.
pub(super) unsafe fn c_entries<'a, T>(data: *const T, count: c_int) -> Result<&'a [T], c_int> {
    let count = usize::try_from(count).map_err(|_| MQTTCLIENT_FAILURE)?;
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(MQTTCLIENT_NULL_PARAMETER);
    }
    // SAFETY: not NULL, and the caller promises `count` values.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Property, PropertyValue, Publish, QoS};
    use bytes::Bytes;

    fn two_properties() -> Properties {
        Properties(vec![
            Property {
                id: 3,
                value: PropertyValue::Utf8String("text/plain".into()),
            },
            Property {
                id: 38,
                value: PropertyValue::Utf8StringPair("k".into(), "v".into()),
            },
        ])
    }

    #[test]
    fn a_copy_has_one_nul_behind_it() {
        for bytes in [&b""[..], b"abc", b"a\0b"] {
            let copy = c_copy(bytes).cast::<u8>();
            // SAFETY: `copy` has the bytes and the NUL, and is freed once.
            unsafe {
                assert_eq!(slice::from_raw_parts(copy, bytes.len()), bytes);
                assert_eq!(*copy.add(bytes.len()), 0);
                release(copy);
            }
        }
    }

    #[test]
    fn a_message_carries_all_its_fields() {
        let message = new_message(&Message::from(Publish {
            dup: false,
            qos: QoS::ExactlyOnce,
            retain: true,
            topic: Bytes::from_static(b"t"),
            packet_id: PacketId::new(65535),
            properties: two_properties(),
            payload: Bytes::from_static(b"hello"),
        }));
        // SAFETY: the message was just made, and is freed once.
        unsafe {
            let fields = *message;
            assert_eq!(fields.struct_id, eyecatcher(b"MQTM"));
            assert_eq!((fields.struct_version, fields.payloadlen), (1, 5));
            assert_eq!(c_slice(fields.payload, 6), Ok(&b"hello\0"[..]));
            assert_eq!((fields.qos, fields.retained), (2, 1));
            assert_eq!((fields.dup, fields.msgid), (0, 65535));
            assert_eq!(fields.properties.count, 2);
            free_message(message);
        }
    }

    #[test]
    fn an_empty_payload_is_not_null() {
        let message = new_message(&Message::from(Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            topic: Bytes::from_static(b"t"),
            packet_id: None,
            properties: Properties::default(),
            payload: Bytes::new(),
        }));
        // SAFETY: the message was just made, and is freed once.
        unsafe {
            assert!(!(*message).payload.is_null());
            assert!((*message).properties.array.is_null());
            free_message(message);
        }
    }

    #[test]
    fn a_token_list_ends_with_minus_one() {
        for (tokens, expected) in [(&[7, 65535][..], &[7, 65535, -1][..]), (&[], &[-1])] {
            let list = new_token_list(tokens);
            // SAFETY: the list was just made with as many entries, and is freed once.
            unsafe {
                assert_eq!(slice::from_raw_parts(list, expected.len()), expected);
                release(list);
            }
        }
    }

    #[test]
    fn a_response_lists_reason_codes_only_if_there_are_several() {
        let one = acknowledged_response(&[ReasonCode(2)], None);
        assert_eq!((one.reasonCode, one.reasonCodeCount), (2, 1));
        assert!(one.reasonCodes.is_null() && one.properties.is_null());
        let three = acknowledged_response(
            &[ReasonCode(1), ReasonCode(135), ReasonCode(0)],
            Some(&two_properties()),
        );
        assert_eq!((three.reasonCode, three.reasonCodeCount), (1, 3));
        // SAFETY: the response was just made, and is freed once.
        unsafe {
            assert_eq!(c_entries(three.reasonCodes, 3), Ok(&[1, 135, 0][..]));
            assert_eq!((*three.properties).count, 2);
            free_response(one);
            free_response(three);
        }
    }

    #[test]
    fn null_and_negative_lengths_are_told_apart() {
        // SAFETY: NULL and length 0 are never read.
        unsafe {
            assert_eq!(c_slice(ptr::null(), 0), Ok(&[][..]));
            assert_eq!(c_slice(ptr::null(), 1), Err(MQTTCLIENT_NULL_PARAMETER));
            assert_eq!(c_slice(ptr::null(), -1), Err(MQTTCLIENT_FAILURE));
            assert_eq!(c_str(ptr::null()), None);
            assert_eq!(c_str(c"ab".as_ptr()), Some(&b"ab"[..]));
        }
    }
}
