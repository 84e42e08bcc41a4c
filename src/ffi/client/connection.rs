//! Connecting and disconnecting.

use super::types::{MQTTClient, MQTTClient_connectOptions, MQTTResponse};
use crate::ffi::boundary::{boundary, boundary_or, cancellation_point};
use crate::ffi::c_spelling::MQTTReasonCodes;
use crate::ffi::entry;
use crate::ffi::properties::MQTTProperties;
use std::ffi::c_int;

/// Connects a client to its server with MQTT 3.1.1 or 3.1, and waits until the server has accepted.
///
/// Messages left in flight by an earlier connection are sent again before the call returns, if the session is kept. If
/// the client is connected, that connection is closed first.
///
/// Parameters:
/// - `options`: see MQTTClient_connectOptions.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - 1 to 255: the server refused. 1: the MQTT version, 2: the client identifier, 3: it is not available, 4: the user name
///   or password, 5: the client is not authorised. The result of the last server tried counts.
/// - MQTTCLIENT_FAILURE: no server could be reached in time, or TLS failed; user name, password or will is longer than
///   65535 bytes; another thread is connecting the client, and was not ready in time; there is no client at all.
/// - MQTTCLIENT_DISCONNECTED: connected, but the connection broke while messages were sent again.
/// - MQTTCLIENT_PERSISTENCE_ERROR, or what a store of the program's returned: it could not be cleared for a clean session,
///   and the connection has been closed.
/// - MQTTCLIENT_NULL_PARAMETER: `handle` is not a client, `options` is NULL, the URI asks for TLS and there are no TLS
///   options, or the topic of the will is NULL.
/// - MQTTCLIENT_BAD_STRUCTURE: options, will or TLS options have a wrong struct_id or struct_version.
/// - MQTTCLIENT_BAD_QOS: the QoS of the will is not 0, 1 or 2.
/// - MQTTCLIENT_0_LEN_WILL_TOPIC: the topic of the will is empty.
/// - MQTTCLIENT_BAD_UTF8_STRING: user name or password is not UTF-8.
/// - MQTTCLIENT_BAD_MQTT_VERSION: MQTTVersion is not one of the MQTTVERSION_ values.
/// - MQTTCLIENT_BAD_MQTT_OPTION: cleansession is set with MQTT 5, or cleanstart below.
/// - MQTTCLIENT_WRONG_MQTT_VERSION: the client was created for MQTT 5: use MQTTClient_connect5().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_connect(
    handle: MQTTClient,
    options: *mut MQTTClient_connectOptions,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_connect", || unsafe {
        entry::connect(handle, options)
    })
}

/// Frees what a response points to. The response must not be used afterwards.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTResponse_free(response: MQTTResponse) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTResponse_free", || unsafe {
        entry::memory::free_response(response)
    })
}

/// Connects a client to its server with MQTT 5, and waits until the server has accepted.
///
/// The client must have been created for MQTT 5 (MQTTClient_createWithOptions()), and options.MQTTVersion should be
/// MQTTVERSION_5: start from MQTTClient_connectOptions_initializer5.
///
/// Parameters:
/// - `options`: see MQTTClient_connectOptions.
/// - `connectProperties`: properties of the CONNECT packet, or NULL. They are copied.
/// - `willProperties`: properties of the will, or NULL. They are copied.
///
/// Returns a response, to be freed with MQTTResponse_free():
/// - `reasonCode` 0: connected; `properties` are those of the server's answer, never NULL with MQTT 5.
/// - `reasonCode` above 0: refused; `properties` are those of the answer, if it had any.
/// - `reasonCode` below 0: one of the codes of MQTTClient_connect(); MQTTCLIENT_FAILURE also for properties that are not
///   for this packet; MQTTCLIENT_WRONG_MQTT_VERSION means that the client was not created for MQTT 5.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_connect5(
    handle: MQTTClient,
    options: *mut MQTTClient_connectOptions,
    connectProperties: *mut MQTTProperties,
    willProperties: *mut MQTTProperties,
) -> MQTTResponse {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_connect5", || unsafe {
        entry::connect5(handle, options, connectProperties, willProperties)
    })
}

/// Ends the connection in good order: the server does not publish the will.
///
/// Callbacks of the client that run in other threads have returned when the call does, unless they take longer than 10 s,
/// MQTTClient_connectionLost and MQTTClient_disconnected 0.1 s.
///
/// Parameters:
/// - `timeout`: how long to wait for unfinished QoS 1 and 2 messages, in ms. 0: not at all. Negative: without limit. While
///   messages come, up to 1 s of it serves to let the server read DISCONNECT, and 5 ms in any case.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS, also when the client was not connected, and when messages were still unfinished.
/// - MQTTCLIENT_FAILURE: `handle` is not a client.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_disconnect(handle: MQTTClient, timeout: c_int) -> c_int {
    cancellation_point("MQTTClient_disconnect", || {
        entry::disconnect(handle, timeout)
    })
}

/// Ends an MQTT 5 connection with a reason and properties.
///
/// Parameters:
/// - `timeout`: in ms, as for MQTTClient_disconnect().
/// - `reason`: the reason; with MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE the server publishes the will.
/// - `props`: properties of the DISCONNECT packet, or NULL. They are only read; if one is not for this packet, none is sent.
///
/// On a connection below MQTT 5 `reason` and `props` are ignored. Returns the codes of MQTTClient_disconnect().
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_disconnect5(
    handle: MQTTClient,
    timeout: c_int,
    reason: MQTTReasonCodes,
    props: *mut MQTTProperties,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellation_point("MQTTClient_disconnect5", || unsafe {
        entry::disconnect5(handle, timeout, reason, props)
    })
}

/// Tells whether the client is connected, as far as the library has noticed.
///
/// A client without callbacks notices a loss only in calls that wait: MQTTClient_receive(), MQTTClient_yield() and
/// others.
///
/// Returns 1 or 0; 0 too if `handle` is not a client.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_isConnected(handle: MQTTClient) -> c_int {
    boundary_or("MQTTClient_isConnected", 0, || entry::is_connected(handle))
}
