//! Publishing and delivery tokens.

use super::lifecycle::entry;
use crate::client::Error;
use crate::ffi::client::*;
use crate::ffi::handle::Entry;
use crate::ffi::memory::{self, c_slice, c_str, response};
use crate::ffi::properties::MQTTProperties;
use crate::ffi::property_list;
use crate::packet::primitives::valid_utf8;
use crate::packet::{NO_PROPERTIES, PacketId, Properties, QoS};
use crate::session::PublishRequest;
use crate::trace::Level;
use std::ffi::{c_char, c_int, c_void};
use std::ops::ControlFlow::{self, Break, Continue};
use std::ptr;
use std::time::Duration;

/// Latest version of `MQTTClient_message`.
const MESSAGE_VERSION: c_int = 1;

/// A message as the program hands it in.
struct Outgoing {
    topic: *const c_char,
    payload: *const c_void,
    payloadlen: c_int,
    qos: c_int,
    retained: c_int,
    properties: *const MQTTProperties,
    token: *mut MQTTClient_deliveryToken,
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn publish(
    handle: MQTTClient,
    topicName: *const c_char,
    payloadlen: c_int,
    payload: *const c_void,
    qos: c_int,
    retained: c_int,
    dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    let entry = match entry(handle) {
        Ok(entry) if entry.is_v5() => return MQTTCLIENT_WRONG_MQTT_VERSION,
        Ok(entry) => entry,
        Err(code) => return code,
    };
    let outgoing = Outgoing {
        topic: topicName,
        payload,
        payloadlen,
        qos,
        retained,
        properties: ptr::null(),
        token: dt,
    };
    // SAFETY: as promised by the caller.
    unsafe { send(&entry, &outgoing, || Ok(None)) }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
#[allow(clippy::too_many_arguments)]
pub(in crate::ffi) unsafe fn publish5(
    handle: MQTTClient,
    topicName: *const c_char,
    payloadlen: c_int,
    payload: *const c_void,
    qos: c_int,
    retained: c_int,
    properties: *mut MQTTProperties,
    dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    let outgoing = Outgoing {
        topic: topicName,
        payload,
        payloadlen,
        qos,
        retained,
        properties,
        token: dt,
    };
    // SAFETY: as promised by the caller.
    response(entry(handle).map_or_else(
        |code| code,
        |entry| unsafe { send_as_asked(&entry, &outgoing) },
    ))
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn publish_message(
    handle: MQTTClient,
    topicName: *const c_char,
    msg: *mut MQTTClient_message,
    dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    // SAFETY: as promised by the caller.
    let outgoing = match unsafe { outgoing(topicName, msg, dt) } {
        Ok(outgoing) => outgoing,
        Err(code) => return code,
    };
    match entry(handle) {
        Ok(entry) if entry.is_v5() => MQTTCLIENT_WRONG_MQTT_VERSION,
        // SAFETY: as promised by the caller.
        Ok(entry) => unsafe { send_as_asked(&entry, &outgoing) },
        Err(code) => code,
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn publish_message5(
    handle: MQTTClient,
    topicName: *const c_char,
    msg: *mut MQTTClient_message,
    dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    // SAFETY: as promised by the caller.
    let outgoing = match unsafe { outgoing(topicName, msg, dt) } {
        Ok(outgoing) => outgoing,
        Err(code) => return response(code),
    };
    // SAFETY: as promised by the caller.
    response(entry(handle).map_or_else(
        |code| code,
        |entry| unsafe { send_as_asked(&entry, &outgoing) },
    ))
}

/// # Safety
///
/// `message` is NULL or a message.
unsafe fn outgoing(
    topic: *const c_char,
    message: *const MQTTClient_message,
    token: *mut MQTTClient_deliveryToken,
) -> Result<Outgoing, c_int> {
    // SAFETY: as promised by the caller.
    let Some(message) = (unsafe { message.as_ref() }) else {
        return Err(MQTTCLIENT_NULL_PARAMETER);
    };
    let known = (0..=MESSAGE_VERSION).contains(&message.struct_version);
    if message.struct_id != memory::eyecatcher(b"MQTM") || !known {
        return Err(MQTTCLIENT_BAD_STRUCTURE);
    }
    let has_properties = message.struct_version >= 1;
    Ok(Outgoing {
        topic,
        payload: message.payload,
        payloadlen: message.payloadlen,
        qos: message.qos,
        retained: message.retained,
        properties: if has_properties {
            &message.properties
        } else {
            ptr::null()
        },
        token,
    })
}

/// # Safety
///
/// The pointers of `outgoing` keep the rules of [`ffi`](crate::ffi).
#[inline(never)]
unsafe fn send_as_asked(entry: &Entry, outgoing: &Outgoing) -> c_int {
    let properties = || match entry.is_v5() {
        // SAFETY: as promised by the caller.
        true => unsafe { properties_of(outgoing) }.map(Some),
        false => Ok(None),
    };
    // SAFETY: as promised by the caller.
    unsafe { send(entry, outgoing, properties) }
}

/// Sends a message. A part of MQTTClient_publish(), which small messages feel; the other functions share one of their own.
///
/// # Safety
///
/// The pointers of `outgoing` keep the rules of [`ffi`](crate::ffi).
#[inline(always)]
unsafe fn send(
    entry: &Entry,
    outgoing: &Outgoing,
    properties: impl FnOnce() -> Result<Option<Properties>, c_int>,
) -> c_int {
    // SAFETY: as promised by the caller.
    let (topic, payload, qos) = match unsafe { check(outgoing) } {
        Ok(checked) => checked,
        Err(code) => return unacceptable(entry, code),
    };
    let properties = match properties() {
        Ok(properties) => properties,
        Err(code) => return unacceptable(entry, code),
    };
    let properties = properties.as_ref().unwrap_or(&NO_PROPERTIES);
    let request = PublishRequest {
        topic,
        payload,
        qos,
        retain: outgoing.retained & 1 != 0,
        properties,
    };
    let note_token = |id: PacketId| {
        if !outgoing.token.is_null() {
            // SAFETY: not NULL, and the caller promises a place for a token.
            unsafe { outgoing.token.write(id.get().into()) };
        }
    };
    match entry.call(|client| client.publish(&request, note_token)) {
        Ok(Ok(())) => MQTTCLIENT_SUCCESS,
        Ok(Err(error)) => code(&error),
        Err(code) => code,
    }
}

/// What is told of a message that cannot be sent as it is.
#[cold]
fn unacceptable(entry: &Entry, code: c_int) -> c_int {
    if entry.client.is_calling_out() {
        return MQTTCLIENT_FAILURE;
    }
    // Without a connection that is what is told, whatever else is wrong.
    match entry.client.is_connected() {
        true => code,
        false => MQTTCLIENT_DISCONNECTED,
    }
}

/// # Safety
///
/// The pointers of `outgoing` keep the rules of [`ffi`](crate::ffi) for `'a`.
#[inline(always)]
unsafe fn check<'a>(outgoing: &Outgoing) -> Result<(&'a [u8], &'a [u8], QoS), c_int> {
    // SAFETY: as promised by the caller.
    let topic = unsafe { c_str(outgoing.topic) };
    let topic = topic
        .filter(|topic| valid_utf8(topic))
        .ok_or(MQTTCLIENT_BAD_UTF8_STRING)?;
    let qos = u8::try_from(outgoing.qos).ok().and_then(QoS::from_level);
    let qos = qos.ok_or(MQTTCLIENT_BAD_QOS)?;
    // SAFETY: as promised by the caller.
    let payload = unsafe { c_slice(outgoing.payload, outgoing.payloadlen) };
    let payload = payload.map_err(|_| refused_payload(outgoing.payload, outgoing.payloadlen))?;
    Ok((topic, payload, qos))
}

#[cold]
fn refused_payload(payload: *const c_void, length: c_int) -> c_int {
    crate::trace!(
        Level::Error,
        "Not published: a payload of {length} bytes at {payload:p}"
    );
    MQTTCLIENT_FAILURE
}

/// # Safety
///
/// The properties of `outgoing` keep the rules of [`ffi`](crate::ffi).
unsafe fn properties_of(outgoing: &Outgoing) -> Result<Properties, c_int> {
    // SAFETY: as promised by the caller.
    unsafe { property_list::to_packet(outgoing.properties) }.map_err(|_| {
        crate::trace!(
            Level::Error,
            "Not published: a property that cannot be sent"
        );
        MQTTCLIENT_FAILURE
    })
}

/// The original's code for an error of a call on a connected client.
#[cold]
pub(super) fn code(error: &Error) -> c_int {
    match error {
        Error::Failure => MQTTCLIENT_FAILURE,
        Error::Disconnected => MQTTCLIENT_DISCONNECTED,
        Error::MaxMessagesInflight => MQTTCLIENT_MAX_MESSAGES_INFLIGHT,
        Error::NoMemory => property_list::MEMORY_ERROR,
        Error::Persistence(code) => {
            code.unwrap_or(crate::ffi::persistence::MQTTCLIENT_PERSISTENCE_ERROR)
        }
        Error::NotCleared(code, _) => *code,
        Error::Refused(connack) => connack.code.0.into(),
    }
}

/// `Continue`: not in the given time.
pub(in crate::ffi) fn wait_for_completion(
    handle: MQTTClient,
    dt: MQTTClient_deliveryToken,
    timeout: Duration,
) -> ControlFlow<c_int, c_int> {
    // What is no packet identifier is no unfinished message.
    let token = u16::try_from(dt).ok().and_then(PacketId::new);
    let waited = entry(handle)
        .and_then(|entry| entry.call(|client| client.wait_for_completion(token, timeout)));
    match waited {
        Ok(Ok(())) => Break(MQTTCLIENT_SUCCESS),
        // If the client has been destroyed instead, there is no handle any more.
        Ok(Err(Error::Failure)) => Continue(MQTTCLIENT_FAILURE),
        Ok(Err(error)) => Break(code(&error)),
        Err(code) => Break(code),
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn pending_delivery_tokens(
    handle: MQTTClient,
    tokens: *mut *mut MQTTClient_deliveryToken,
) -> c_int {
    // SAFETY: as promised by the caller.
    let Some(list) = (unsafe { tokens.as_mut() }) else {
        return MQTTCLIENT_FAILURE;
    };
    *list = ptr::null_mut();
    let pending = entry(handle).and_then(|entry| entry.call(|client| client.pending_tokens()));
    let pending = match pending {
        Ok(pending) => pending,
        Err(code) => return code,
    };
    if !pending.is_empty() {
        let pending: Vec<u16> = pending.into_iter().map(PacketId::get).collect();
        *list = memory::new_token_list(&pending);
        if list.is_null() {
            return MQTTCLIENT_FAILURE;
        }
    }
    MQTTCLIENT_SUCCESS
}
