//! Subscribing and unsubscribing.

use super::types::{MQTTClient, MQTTResponse};
use crate::ffi::boundary::cancellation_point;
use crate::ffi::entry;
use crate::ffi::properties::MQTTProperties;
use crate::ffi::subscribe_opts::MQTTSubscribe_options;
use std::ffi::{c_char, c_int};

/// Subscribes to a topic filter and waits for the answer. For clients below MQTT 5.
///
/// Parameters:
/// - `topic`: the topic filter, a UTF-8 C string: levels are separated by '/', '+' stands for any one level, '#' at the
///   end for any number of levels.
/// - `qos`: highest QoS with which messages shall arrive. Each arrives with the lower of this and the QoS it was
///   published with.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS: subscribed, perhaps with a lower QoS.
/// - MQTT_BAD_SUBSCRIBE: the server refused.
/// - MQTTCLIENT_FAILURE: `handle` is not a client; the topic is too long for MQTT; the connection was lost before the
///   answer; or no answer came in time (MQTTClient_setCommandTimeout()): then the connection is closed, and the
///   connectionLost callback called.
/// - MQTTCLIENT_DISCONNECTED: not connected.
/// - MQTTCLIENT_BAD_UTF8_STRING: `topic` is NULL or not UTF-8.
/// - MQTTCLIENT_BAD_QOS: `qos` is not 0, 1 or 2.
/// - MQTTCLIENT_MAX_MESSAGES_INFLIGHT: no packet identifier is free.
/// - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_subscribe5().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_subscribe(
    handle: MQTTClient,
    topic: *const c_char,
    qos: c_int,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_subscribe", || unsafe {
        entry::subscribe(handle, topic, qos)
    })
}

/// Subscribes to a topic filter with the options and properties of MQTT 5, and waits for the answer.
///
/// Parameters:
/// - `topic`, `qos`: as for MQTTClient_subscribe().
/// - `opts`: options of the subscription, or NULL. Ignored below MQTT 5.
/// - `props`: properties of the SUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
///
/// Returns a response, to be freed with MQTTResponse_free(). `reasonCode` is the QoS granted, a reason code from 128 on
/// if the server refused, or one of the negative codes of MQTTClient_subscribe(), MQTTCLIENT_FAILURE also for properties
/// or options that are not allowed. `properties` are those of the answer, if it had any.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_subscribe5(
    handle: MQTTClient,
    topic: *const c_char,
    qos: c_int,
    opts: *mut MQTTSubscribe_options,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_subscribe5", || unsafe {
        entry::subscribe5(handle, topic, qos, opts, props)
    })
}

/// Subscribes to several topic filters with one packet and waits for the answer. For clients below MQTT 5.
///
/// Parameters:
/// - `count`: number of entries of `topic` and `qos`, at least 1; otherwise MQTTCLIENT_FAILURE.
/// - `topic`: the topic filters.
/// - `qos`: the highest QoS for each. Overwritten with the QoS granted for each, MQTT_BAD_SUBSCRIBE if refused.
///
/// Returns MQTTCLIENT_SUCCESS when the server has answered, even if it refused all, or a negative code of
/// MQTTClient_subscribe(). The first entry that is wrong decides, its topic before its QoS.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_subscribeMany(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    qos: *mut c_int,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_subscribeMany", || unsafe {
        entry::subscribe_many(handle, count, topic, qos)
    })
}

/// Subscribes to several topic filters with one packet, with the options and properties of MQTT 5, and waits for the
/// answer.
///
/// Parameters:
/// - `count`, `topic`, `qos`: as for MQTTClient_subscribeMany(), but with MQTT 5 `qos` is only read.
/// - `opts`: array of `count` options, or NULL.
/// - `props`: properties of the SUBSCRIBE packet, or NULL. They are only read.
///
/// Returns a response, to be freed with MQTTResponse_free(). With MQTT 5 and more than one topic, `reasonCodes` has the
/// `reasonCodeCount` codes of the answer in the order of the topics; `reasonCode` is the first of them, or a negative
/// code of MQTTClient_subscribe().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_subscribeMany5(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    qos: *mut c_int,
    opts: *mut MQTTSubscribe_options,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_subscribeMany5", || unsafe {
        entry::subscribe_many5(handle, count, topic, qos, opts, props)
    })
}

/// Ends a subscription and waits for the answer.
///
/// Parameters:
/// - `topic`: the topic filter exactly as it was subscribed to.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS. With MQTT 5: the reason code of the answer, which is above 0 if there was no such subscription.
/// - MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED, MQTTCLIENT_BAD_UTF8_STRING, MQTTCLIENT_MAX_MESSAGES_INFLIGHT: as for
///   MQTTClient_subscribe().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_unsubscribe(
    handle: MQTTClient,
    topic: *const c_char,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_unsubscribe", || unsafe {
        entry::unsubscribe(handle, topic)
    })
}

/// Ends a subscription with the properties of MQTT 5, and waits for the answer.
///
/// Parameters:
/// - `topic`: the topic filter exactly as it was subscribed to.
/// - `props`: properties of the UNSUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
///
/// Returns a response, to be freed with MQTTResponse_free(): the reason code and properties of the answer, or a negative
/// code of MQTTClient_unsubscribe().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_unsubscribe5(
    handle: MQTTClient,
    topic: *const c_char,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_unsubscribe5", || unsafe {
        entry::unsubscribe5(handle, topic, props)
    })
}

/// Ends several subscriptions with one packet and waits for the answer. For clients below MQTT 5.
///
/// Parameters:
/// - `count`: number of entries of `topic`, at least 1; otherwise MQTTCLIENT_FAILURE.
/// - `topic`: the topic filters.
///
/// Returns the codes of MQTTClient_unsubscribe(), and:
/// - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_unsubscribeMany5().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_unsubscribeMany(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_unsubscribeMany", || unsafe {
        entry::unsubscribe_many(handle, count, topic)
    })
}

/// Ends several subscriptions with one packet, with the properties of MQTT 5, and waits for the answer.
///
/// Parameters:
/// - `count`, `topic`: as for MQTTClient_unsubscribeMany().
/// - `props`: properties of the UNSUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
///
/// Returns a response, to be freed with MQTTResponse_free(). With MQTT 5 and more than one topic, `reasonCodes` has one
/// code for each; `reasonCode` is the first of them, or a negative code of MQTTClient_unsubscribe().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_unsubscribeMany5(
    handle: MQTTClient,
    count: c_int,
    topic: *const *mut c_char,
    props: *mut MQTTProperties,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_unsubscribeMany5", || unsafe {
        entry::unsubscribe_many5(handle, count, topic, props)
    })
}
