//! Making and ending clients.

use super::types::{MQTTClient, MQTTClient_createOptions, MQTTClient_init_options};
use crate::ffi::boundary::boundary;
use crate::ffi::entry;
use std::ffi::{c_char, c_int, c_ulong, c_void};

/// Sets options of the library as a whole. Not needed with OpenSSL 1.1 and later.
///
/// Call it before the first client is created. `inits` may be NULL; it is not kept.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_global_init(inits: *mut MQTTClient_init_options) {
    boundary("MQTTClient_global_init", || entry::global_init(inits))
}

/// Creates a client for MQTT 3.1 and 3.1.1. It does not connect yet.
///
/// Messages that a client of the same identifier and URI left unfinished in its store are taken up again.
///
/// With the first client the process ignores SIGPIPE, unless the program has set a disposition of its own.
///
/// Parameters:
/// - `handle`: set to the new client. To be freed with MQTTClient_destroy().
/// - `serverURI`: the server, as `scheme://host[:port][/path]`. Schemes are tcp and mqtt (port 1883), ws (80), and in the
///   library with TLS ssl, mqtts and tls (8883) and wss (443); `host[:port]` alone is taken as tcp. IPv6 addresses stand
///   in brackets. `unix://path` is a local socket. The string is copied.
/// - `clientId`: the identifier by which the server knows the client: a UTF-8 C string. It is copied.
/// - `persistence_type`: one of the MQTTCLIENT_PERSISTENCE_ values.
/// - `persistence_context`: with MQTTCLIENT_PERSISTENCE_DEFAULT the directory, or NULL for the current one, copied;
///   with MQTTCLIENT_PERSISTENCE_USER an MQTTClient_persistence, which must live as long as the client; else NULL.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_NULL_PARAMETER: `handle`, `serverURI` or `clientId` is NULL.
/// - MQTTCLIENT_BAD_UTF8_STRING: `clientId` is not UTF-8.
/// - MQTTCLIENT_BAD_PROTOCOL: the URI has a scheme that this library does not support.
/// - MQTTCLIENT_PERSISTENCE_ERROR: the store cannot be opened, for instance since another process has been using it for
///   1 s; its type is unknown; or `clientId` is empty with MQTTCLIENT_PERSISTENCE_DEFAULT. If a store of the program's
///   returned another code than 0, that code. If the handle was set it is to be destroyed all the same; set it to NULL
///   before the call.
/// - MQTTCLIENT_FAILURE: no memory.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_create(
    handle: *mut MQTTClient,
    serverURI: *const c_char,
    clientId: *const c_char,
    persistence_type: c_int,
    persistence_context: *mut c_void,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_create", || unsafe {
        entry::create(
            handle,
            serverURI,
            clientId,
            persistence_type,
            persistence_context,
        )
    })
}

/// Creates a client with options; with them, one for MQTT 5.
///
/// Parameters are those of MQTTClient_create(), and:
/// - `options`: the options, not kept; NULL for the defaults.
///
/// Returns the codes of MQTTClient_create(), and:
/// - MQTTCLIENT_BAD_STRUCTURE: `options` has a wrong struct_id or struct_version.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_createWithOptions(
    handle: *mut MQTTClient,
    serverURI: *const c_char,
    clientId: *const c_char,
    persistence_type: c_int,
    persistence_context: *mut c_void,
    options: *mut MQTTClient_createOptions,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_createWithOptions", || unsafe {
        entry::create_with_options(
            handle,
            serverURI,
            clientId,
            persistence_type,
            persistence_context,
            options,
        )
    })
}

/// Ends a client and frees what belongs to it. Sets the handle to NULL.
///
/// A client that is still connected is cut off without a DISCONNECT packet, so the server publishes its will: call
/// MQTTClient_disconnect() first. Unfinished messages stay in the store for the next client of the same name. Calls
/// that other threads make with the handle fail from now on with MQTTCLIENT_FAILURE. No callback of the client begins
/// behind the call, and those that run in other threads have returned, unless MQTTClient_connectionLost or
/// MQTTClient_disconnected takes longer than 0.1 s.
///
/// In messageArrived the message counts as taken, whatever the function returns then: no later client gets it again.
///
/// `handle` may be NULL or point to NULL: then nothing happens. Nothing happens either in a callback of the trace, of a
/// store or of TLS in which calls for the client fail.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_destroy(handle: *mut MQTTClient) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_destroy", || unsafe { entry::destroy(handle) })
}

/// Sets how long the client waits for the answer to a subscribe or unsubscribe, in ms. At first it is 10000.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS.
/// - MQTTCLIENT_FAILURE: less than 5000 ms, or `handle` is not a client. Nothing has changed.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_setCommandTimeout(
    handle: MQTTClient,
    milliSeconds: c_ulong,
) -> c_int {
    boundary("MQTTClient_setCommandTimeout", || {
        entry::set_command_timeout(handle, milliSeconds)
    })
}
