//! Publishing, and following messages to the server.

use super::types::{MQTTClient, MQTTClient_deliveryToken, MQTTClient_message, MQTTResponse};
use crate::ffi::boundary::{boundary, cancellable_wait, cancellation_point};
use crate::ffi::entry;
use crate::ffi::properties::MQTTProperties;
use std::ffi::{c_char, c_int, c_ulong, c_void};

/// Publishes a message. For clients below MQTT 5.
///
/// The call returns when the message is written to the connection, or left to a thread that is writing there just now; a
/// QoS 1 or 2 message is stored before. It waits while as many messages are in flight as the connect options allow, QoS 0
/// included. Whether a QoS 1 or 2 message has reached the server is told by MQTTClient_waitForCompletion() or the
/// deliveryComplete callback.
///
/// Parameters:
/// - `topicName`: the topic, a UTF-8 C string without wildcards. It is copied.
/// - `payloadlen`: number of bytes of the payload, 0 or more.
/// - `payload`: the payload; may be NULL if `payloadlen` is 0. It is copied.
/// - `qos`: 0, 1 or 2; see MQTTClient_message.
/// - `retained`: 1: the server keeps the message for later subscribers.
/// - `dt`: set to the token of a QoS 1 or 2 message; untouched with QoS 0. NULL if it is not wanted.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS: a QoS 0 message was written, or left to be; a QoS 1 or 2 message will be delivered,
///   after a reconnect if need be.
/// - MQTTCLIENT_FAILURE: `handle` is not a client; the payload is NULL or its length negative; topic or packet is too
///   large for MQTT; the connection was lost while the call waited, or while a QoS 0 message was written; the message
///   could not be stored. The message is not sent, and there is no token.
/// - MQTTCLIENT_DISCONNECTED: not connected.
/// - MQTTCLIENT_BAD_UTF8_STRING: `topicName` is NULL or not UTF-8.
/// - MQTTCLIENT_BAD_QOS: `qos` is not 0, 1 or 2.
/// - MQTTCLIENT_MAX_MESSAGES_INFLIGHT: no packet identifier is free.
/// - -99: there is no memory for the packet of a QoS 1 or 2 message.
/// - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_publish5().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_publish(
    handle: MQTTClient,
    topicName: *const c_char,
    payloadlen: c_int,
    payload: *const c_void,
    qos: c_int,
    retained: c_int,
    dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_publish", || unsafe {
        entry::publish(handle, topicName, payloadlen, payload, qos, retained, dt)
    })
}

/// Publishes a message with properties.
///
/// Parameters are those of MQTTClient_publish(), and:
/// - `properties`: properties of the message, or NULL. They are only read. Ignored below MQTT 5.
///
/// Returns a response, to be freed with MQTTResponse_free(). `reasonCode` is MQTTCLIENT_SUCCESS or a negative code of
/// MQTTClient_publish(); the server's answer comes later, to the callback of MQTTClient_setPublished().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_publish5(
    handle: MQTTClient,
    topicName: *const c_char,
    payloadlen: c_int,
    payload: *const c_void,
    qos: c_int,
    retained: c_int,
    properties: *mut MQTTProperties,
    dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_publish5", || unsafe {
        entry::publish5(
            handle, topicName, payloadlen, payload, qos, retained, properties, dt,
        )
    })
}

/// Publishes a message given as a structure. For clients below MQTT 5.
///
/// Parameters:
/// - `topicName`, `dt`: as for MQTTClient_publish().
/// - `msg`: the message; only read. `dup` and `msgid` are ignored.
///
/// Returns the codes of MQTTClient_publish(), and:
/// - MQTTCLIENT_NULL_PARAMETER: `msg` is NULL.
/// - MQTTCLIENT_BAD_STRUCTURE: `msg` has a wrong struct_id or struct_version.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_publishMessage(
    handle: MQTTClient,
    topicName: *const c_char,
    msg: *mut MQTTClient_message,
    dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_publishMessage", || unsafe {
        entry::publish_message(handle, topicName, msg, dt)
    })
}

/// Publishes a message given as a structure, with its properties.
///
/// Parameters are those of MQTTClient_publishMessage(). Returns a response, to be freed with MQTTResponse_free(), whose
/// `reasonCode` is MQTTCLIENT_SUCCESS or a negative code of MQTTClient_publishMessage().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_publishMessage5(
    handle: MQTTClient,
    topicName: *const c_char,
    msg: *mut MQTTClient_message,
    dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_publishMessage5", || unsafe {
        entry::publish_message5(handle, topicName, msg, dt)
    })
}

/// Waits until the delivery of a message is complete. The callbacks that tell it have returned then, unless they have to
/// wait long for other callbacks, or this is called in one.
///
/// Parameters:
/// - `dt`: the token of the message.
/// - `timeout`: how long to wait, in ms. With 0 the call fails.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS: complete; or not a token of a message in flight, which includes QoS 0.
/// - MQTTCLIENT_FAILURE: the time is over, or `handle` is not a client.
/// - MQTTCLIENT_DISCONNECTED: not connected. The message is sent again after a reconnect, if the session is kept.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_waitForCompletion(
    handle: MQTTClient,
    dt: MQTTClient_deliveryToken,
    timeout: c_ulong,
) -> c_int {
    cancellable_wait("MQTTClient_waitForCompletion", timeout, |part| {
        entry::wait_for_completion(handle, dt, part)
    })
}

/// Lists the messages whose delivery is not complete, also while the client is not connected.
///
/// Parameters:
/// - `tokens`: set to an array of their tokens in the order of sending, ended by -1, or to NULL if there are none. Free it
///   with MQTTClient_free().
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_FAILURE: `handle` is not a client, `tokens` is NULL, or there is no memory.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_getPendingDeliveryTokens(
    handle: MQTTClient,
    tokens: *mut *mut MQTTClient_deliveryToken,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_getPendingDeliveryTokens", || unsafe {
        entry::pending_delivery_tokens(handle, tokens)
    })
}
