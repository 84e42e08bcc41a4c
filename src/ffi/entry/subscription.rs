//! Subscribing and unsubscribing.

use super::lifecycle::entry;
use super::publication::code;
use crate::client::{Client, Error};
use crate::ffi::client::*;
use crate::ffi::handle::Entry;
use crate::ffi::memory::{acknowledged_response, c_entries, c_str, response};
use crate::ffi::properties::MQTTProperties;
use crate::ffi::property_list;
use crate::ffi::subscribe_opts::MQTTSubscribe_options;
use crate::packet::primitives::valid_utf8;
use crate::packet::{Properties, ReasonCode, SubAck, SubscriptionRequest};
use crate::trace::Level;
use bytes::Bytes;
use std::ffi::{c_char, c_int};
use std::ptr;

/// What the program asks for; arrays have `count` entries.
struct Wanted {
    count: c_int,
    topics: *const *mut c_char,
    qos: *const c_int,
    options: *const MQTTSubscribe_options,
    properties: *const MQTTProperties,
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn subscribe(
    handle: MQTTClient,
    topic: *const c_char,
    qos: c_int,
) -> c_int {
    match entry(handle) {
        Ok(entry) if entry.is_v5() => MQTTCLIENT_WRONG_MQTT_VERSION,
        Ok(entry) => {
            let topic = topic.cast_mut();
            let wanted = Wanted {
                count: 1,
                topics: &topic,
                qos: &qos,
                options: ptr::null(),
                properties: ptr::null(),
            };
            // SAFETY: one entry in each array; the rest as promised by the caller.
            let answer = unsafe { send_subscribe(&entry, &wanted) };
            answer.map_or_else(|code| code, |ack| refused_or_success(&ack))
        }
        Err(code) => code,
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn subscribe5(
    handle: MQTTClient,
    topic: *const c_char,
    qos: c_int,
    opts: *mut MQTTSubscribe_options,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    let entry = match entry(handle) {
        Ok(entry) => entry,
        Err(code) => return response(code),
    };
    let topic = topic.cast_mut();
    let wanted = Wanted {
        count: 1,
        topics: &topic,
        qos: &qos,
        options: opts,
        properties: props,
    };
    // SAFETY: one entry in each array; the rest as promised by the caller.
    match unsafe { send_subscribe(&entry, &wanted) } {
        Ok(ack) if entry.is_v5() => full_response(&ack),
        Ok(ack) => response(refused_or_success(&ack)),
        Err(code) => response(code),
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn subscribe_many(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    qos: *mut c_int,
) -> c_int {
    match entry(handle) {
        Ok(entry) if entry.is_v5() => MQTTCLIENT_WRONG_MQTT_VERSION,
        Ok(entry) => {
            let wanted = Wanted {
                count,
                topics: topic,
                qos,
                options: ptr::null(),
                properties: ptr::null(),
            };
            // SAFETY: as promised by the caller.
            unsafe { subscribe_and_report(&entry, &wanted, qos) }
        }
        Err(code) => code,
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn subscribe_many5(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    qos: *mut c_int,
    opts: *mut MQTTSubscribe_options,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    let entry = match entry(handle) {
        Ok(entry) => entry,
        Err(code) => return response(code),
    };
    let wanted = Wanted {
        count,
        topics: topic,
        qos,
        options: opts,
        properties: props,
    };
    if !entry.is_v5() {
        // SAFETY: as promised by the caller.
        return response(unsafe { subscribe_and_report(&entry, &wanted, qos) });
    }
    // SAFETY: as promised by the caller.
    match unsafe { send_subscribe(&entry, &wanted) } {
        Ok(ack) => full_response(&ack),
        Err(code) => response(code),
    }
}

/// Below MQTT 5 the answer of each filter goes where its QoS stood.
///
/// # Safety
///
/// The arrays of `wanted`, and `granted`, have its count of entries.
unsafe fn subscribe_and_report(entry: &Entry, wanted: &Wanted, granted: *mut c_int) -> c_int {
    // SAFETY: as promised by the caller.
    match unsafe { send_subscribe(entry, wanted) } {
        Ok(ack) => {
            for (index, granted_code) in ack.codes.iter().enumerate() {
                // SAFETY: SUBACK has no more codes than SUBSCRIBE filters, for which the caller promises entries.
                unsafe { granted.add(index).write(granted_code.0.into()) };
            }
            MQTTCLIENT_SUCCESS
        }
        Err(code) => code,
    }
}

/// # Safety
///
/// The arrays of `wanted` have its count of entries.
unsafe fn send_subscribe(entry: &Entry, wanted: &Wanted) -> Result<SubAck, c_int> {
    // SAFETY: as promised by the caller.
    let filters = unsafe { check_filters(entry, wanted) };
    let (filters, properties) = filters.map_err(|code| code_unless_disconnected(entry, code))?;
    let asked = filters.len();
    let ack = ask(entry, |client| client.subscribe(filters, &properties))?;
    // Fewer are taken below MQTT 5, as by the original.
    match ack.codes.len() <= asked {
        true => Ok(ack),
        false => Err(MQTTCLIENT_FAILURE),
    }
}

/// # Safety
///
/// The arrays of `wanted` have its count of entries.
unsafe fn check_filters(
    entry: &Entry,
    wanted: &Wanted,
) -> Result<(Vec<SubscriptionRequest>, Properties), c_int> {
    // SAFETY: as promised by the caller.
    let topics = unsafe { topics(wanted.topics, wanted.count) }?;
    // SAFETY: as promised by the caller.
    let levels = unsafe { c_entries(wanted.qos, wanted.count) }.map_err(|_| MQTTCLIENT_FAILURE)?;
    let mut options: &[MQTTSubscribe_options] = &[];
    if entry.is_v5() && !wanted.options.is_null() {
        // SAFETY: as promised by the caller.
        options = unsafe { c_entries(wanted.options, wanted.count) }?;
    }
    let mut filters = Vec::with_capacity(topics.len());
    for (index, (&topic, &qos)) in topics.iter().zip(levels).enumerate() {
        // SAFETY: NULL or a C string, as promised by the caller.
        let filter = unsafe { filter(topic) }?;
        let level = u8::try_from(qos).ok().filter(|qos| *qos <= 2);
        let level = level.ok_or(MQTTCLIENT_BAD_QOS)?;
        let options = level | options.get(index).map_or(0, option_bits);
        filters.push(SubscriptionRequest { filter, options });
    }
    // SAFETY: as promised by the caller.
    let properties = unsafe { properties(entry, wanted.properties) }?;
    Ok((filters, properties))
}

/// No Local, Retain As Published and Retain Handling as in the packet (MQTT 5, section 3.8.3.1), not masked.
fn option_bits(options: &MQTTSubscribe_options) -> u8 {
    options.noLocal << 2 | options.retainAsPublished << 3 | options.retainHandling << 4
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn unsubscribe(handle: MQTTClient, topic: *const c_char) -> c_int {
    let topic = topic.cast_mut();
    let answer = entry(handle).and_then(|entry| {
        // SAFETY: one entry; the rest as promised by the caller.
        unsafe { send_unsubscribe(&entry, 1, &topic, ptr::null()) }
    });
    // On MQTT 5, which the original does not rule out here, the code says how it went.
    answer.map_or_else(
        |code| code,
        |ack| ack.codes.first().map_or(0, |code| code.0.into()),
    )
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn unsubscribe5(
    handle: MQTTClient,
    topic: *const c_char,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    let topic = topic.cast_mut();
    // SAFETY: one entry; the rest as promised by the caller.
    unsafe { unsubscribe_many5(handle, 1, &topic, props) }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn unsubscribe_many(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
) -> c_int {
    match entry(handle) {
        Ok(entry) if entry.is_v5() => MQTTCLIENT_WRONG_MQTT_VERSION,
        // SAFETY: as promised by the caller.
        Ok(entry) => match unsafe { send_unsubscribe(&entry, count, topic, ptr::null()) } {
            Ok(_) => MQTTCLIENT_SUCCESS,
            Err(code) => code,
        },
        Err(code) => code,
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn unsubscribe_many5(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    let entry = match entry(handle) {
        Ok(entry) => entry,
        Err(code) => return response(code),
    };
    // SAFETY: as promised by the caller.
    match unsafe { send_unsubscribe(&entry, count, topic, props) } {
        Ok(ack) if entry.is_v5() => full_response(&ack),
        Ok(_) => response(MQTTCLIENT_SUCCESS),
        Err(code) => response(code),
    }
}

/// # Safety
///
/// `topics` has `count` entries.
unsafe fn send_unsubscribe(
    entry: &Entry,
    count: c_int,
    wanted: *const *mut c_char,
    props: *const MQTTProperties,
) -> Result<SubAck, c_int> {
    // SAFETY: as promised by the caller.
    let checked = unsafe { topics(wanted, count) }.and_then(|topics| {
        // SAFETY: each is NULL or a C string, as promised by the caller.
        let filters = topics
            .iter()
            .map(|&topic| unsafe { filter(topic) })
            .collect::<Result<Vec<_>, _>>()?;
        // SAFETY: as promised by the caller.
        Ok((filters, unsafe { properties(entry, props) }?))
    });
    let (filters, properties) = checked.map_err(|code| code_unless_disconnected(entry, code))?;
    ask(entry, |client| client.unsubscribe(filters, &properties))
}

fn ask(
    entry: &Entry,
    call: impl FnOnce(&Client) -> Result<SubAck, Error>,
) -> Result<SubAck, c_int> {
    entry.call(call)?.map_err(|error| code(&error))
}

/// Without a connection that is what is told, whatever else is wrong.
fn code_unless_disconnected(entry: &Entry, code: c_int) -> c_int {
    match entry.call(Client::is_connected) {
        Ok(true) => code,
        Ok(false) => MQTTCLIENT_DISCONNECTED,
        Err(code) => code,
    }
}

/// # Safety
///
/// `topics` is NULL or has `count` entries, which stay as they are for `'a`.
unsafe fn topics<'a>(topics: *const *mut c_char, count: c_int) -> Result<&'a [*mut c_char], c_int> {
    if count <= 0 {
        crate::trace!(
            Level::Error,
            "A subscription request for {count} topics is not sent [MQTT-3.8.3-2] [MQTT-3.10.3-2]"
        );
        return Err(MQTTCLIENT_FAILURE);
    }
    // SAFETY: as promised by the caller.
    unsafe { c_entries(topics, count) }.map_err(|_| MQTTCLIENT_BAD_UTF8_STRING)
}

/// # Safety
///
/// `topic` is NULL or a C string.
unsafe fn filter(topic: *const c_char) -> Result<Bytes, c_int> {
    // SAFETY: as promised by the caller.
    let filter = unsafe { c_str(topic) }.filter(|topic| valid_utf8(topic));
    filter
        .map(Bytes::copy_from_slice)
        .ok_or(MQTTCLIENT_BAD_UTF8_STRING)
}

/// The properties to send: none below MQTT 5.
///
/// # Safety
///
/// `list` is NULL or a list of properties.
unsafe fn properties(entry: &Entry, list: *const MQTTProperties) -> Result<Properties, c_int> {
    if !entry.is_v5() {
        return Ok(Properties::default());
    }
    // SAFETY: as promised by the caller.
    unsafe { property_list::to_packet(list) }.map_err(|_| {
        crate::trace!(
            Level::Error,
            "A subscription request is not sent: a property that cannot be sent"
        );
        MQTTCLIENT_FAILURE
    })
}

fn refused_or_success(ack: &SubAck) -> c_int {
    match ack.codes.first() {
        Some(&ReasonCode::V3_SUBSCRIPTION_FAILURE) => MQTT_BAD_SUBSCRIBE,
        _ => MQTTCLIENT_SUCCESS,
    }
}

fn full_response(ack: &SubAck) -> MQTTResponse {
    let properties = Some(&ack.properties).filter(|properties| !properties.is_empty());
    acknowledged_response(&ack.codes, properties)
}
