//! Callbacks, and the calls that set them.

use super::types::MQTTClient;
#[cfg(cbindgen)]
use super::types::{MQTTClient_deliveryToken, MQTTClient_message};
use crate::ffi::boundary::boundary;
#[cfg(cbindgen)]
use crate::ffi::c_spelling::MQTTReasonCodes;
use crate::ffi::c_spelling::{
    ConnectionLostCallback, DeliveryCompleteCallback, DisconnectedCallback, MessageArrivedCallback,
    PublishedCallback,
};
use crate::ffi::entry;
#[cfg(cbindgen)]
use crate::ffi::properties::MQTTProperties;
#[cfg(cbindgen)]
use std::ffi::c_char;
use std::ffi::{c_int, c_void};

/// Type of the function that gets received messages.
///
/// Parameters:
/// - `context`: as given to MQTTClient_setCallbacks().
/// - `topicName`: the topic, with a NUL at its end. Free it with MQTTClient_free().
/// - `topicLen`: 0, unless the topic contains NUL characters: then its whole length.
/// - `message`: the message. Free it with MQTTClient_freeMessage().
///
/// Return 1 if you took the message: topic and message are yours then, to free now or later. Return 0 if you cannot
/// take it now: free nothing, the message will be offered again after about 100 ms, before any later one. Either way
/// the server has had its acknowledgement already.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_messageArrived(
    context: *mut c_void,
    topicName: *mut c_char,
    topicLen: c_int,
    message: *mut MQTTClient_message,
) -> c_int {
}

/// Type of the function that is called when the delivery of a QoS 1 or 2 message is complete: the server has the
/// message, and the token is free for another.
///
/// Not called for QoS 0, and not for a QoS 2 message that an MQTT 5 server refused; but for one of QoS 1: only
/// MQTTClient_published tells that it was refused. It may run before the publish call that made `dt` has returned.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_deliveryComplete(context: *mut c_void, dt: MQTTClient_deliveryToken) {}

/// Type of the function that is called when the connection is lost, but not after MQTTClient_disconnect().
///
/// `cause` is always NULL. MQTTClient_isConnected() is 0 already. The function may connect again at once, in a loop if
/// need be.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_connectionLost(context: *mut c_void, cause: *mut c_char) {}

/// Type of the function that is called when an MQTT 5 server ends the connection with a DISCONNECT packet.
///
/// `properties` are those of the packet; they are freed after the function has returned. The function may connect
/// again. MQTTClient_connectionLost is not called as well.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_disconnected(
    context: *mut c_void,
    properties: *mut MQTTProperties,
    reasonCode: MQTTReasonCodes,
) {
}

/// Type of the function that is called when an MQTT 5 server has answered a QoS 1 or 2 message, with its answer. It comes
/// before MQTTClient_deliveryComplete.
///
/// Parameters:
/// - `dt`: the token of the message.
/// - `packet_type`: the answer: 4 PUBACK, 5 PUBREC (refused, `reasonCode` is 128 or more), 7 PUBCOMP.
/// - `properties`: those of the answer, never NULL; valid only during the call.
/// - `reasonCode`: that of the answer.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_published(
    context: *mut c_void,
    dt: c_int,
    packet_type: c_int,
    properties: *mut MQTTProperties,
    reasonCode: MQTTReasonCodes,
) {
}

/// Sets the callbacks of a client, which makes it work in the background.
///
/// Call it before connecting; on a connected client the callbacks are used, but the way of working changes only with
/// the next connect. A client with callbacks receives by `ma` alone: MQTTClient_receive() fails for it. The callbacks run
/// in threads of the library. Of the `ma`, `dc` and MQTTClient_published of all clients only one runs at a time; `cl`
/// runs beside them, after the `ma` of all messages received before the loss. All functions of the library may be called
/// in a callback.
///
/// Parameters:
/// - `context`: handed to the callbacks.
/// - `cl`: called when the connection is lost; NULL for none.
/// - `ma`: called with each message; must not be NULL.
/// - `dc`: called when a delivery is complete; NULL for none.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_FAILURE: `handle` is not a client, `ma` is NULL, or a connect or disconnect is going on.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_setCallbacks(
    handle: MQTTClient,
    context: *mut c_void,
    cl: ConnectionLostCallback,
    ma: MessageArrivedCallback,
    dc: DeliveryCompleteCallback,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_setCallbacks", || unsafe {
        entry::set_callbacks(handle, context, cl, ma, dc)
    })
}

/// Sets the function called when an MQTT 5 server ends the connection with a DISCONNECT packet.
///
/// Parameters:
/// - `context`: handed to the function.
/// - `co`: the function; NULL for none.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_FAILURE: `handle` is not a client, or a connect or disconnect is going on.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_setDisconnected(
    handle: MQTTClient,
    context: *mut c_void,
    co: DisconnectedCallback,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_setDisconnected", || unsafe {
        entry::set_disconnected(handle, context, co)
    })
}

/// Sets the function called when an MQTT 5 server has answered a published message.
///
/// Parameters:
/// - `context`: handed to the function.
/// - `co`: the function; NULL for none.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_FAILURE: `handle` is not a client, or a connect or disconnect is going on.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_setPublished(
    handle: MQTTClient,
    context: *mut c_void,
    co: PublishedCallback,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_setPublished", || unsafe {
        entry::set_published(handle, context, co)
    })
}
