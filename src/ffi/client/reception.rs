//! Receiving without callbacks.

use super::types::{MQTTClient, MQTTClient_message};
use crate::ffi::boundary::{cancellable_wait, cancellation_point};
use crate::ffi::entry;
use std::ffi::{c_char, c_int, c_ulong};

/// Lets clients without callbacks do their work for about 100 ms: read, acknowledge, keep the connection alive.
///
/// A program without callbacks should call this, or MQTTClient_receive(), from time to time. The call takes at least
/// 100 ms, so that loops around it do not burn processor time.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTClient_yield() {
    cancellation_point("MQTTClient_yield", entry::yield_now)
}

/// Receives a message, for clients without callbacks. Waits for one if none is there.
///
/// Parameters:
/// - `topicName`: set to the topic, with a NUL at its end. Free it with MQTTClient_free().
/// - `topicLen`: set to the length of the topic, if there is a message. NULL: not told.
/// - `message`: set to the message, or to NULL if none came. Free it with MQTTClient_freeMessage().
/// - `timeout`: how long to wait, in ms. 0: take only what is there.
///
/// Returns:
/// - MQTTCLIENT_SUCCESS: a message, or none in the time given: look at `*message`.
/// - MQTTCLIENT_TOPICNAME_TRUNCATED: a message whose topic contains NUL characters.
/// - MQTTCLIENT_FAILURE: the connection broke (there may be a message all the same: look at `*message`); or `handle` is
///   not a client, or has callbacks, or `topicName` or `message` is NULL: then nothing is set.
/// - MQTTCLIENT_DISCONNECTED: not connected; nothing is set.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_receive(
    handle: MQTTClient,
    topicName: *mut *mut c_char,
    topicLen: *mut c_int,
    message: *mut *mut MQTTClient_message,
    timeout: c_ulong,
) -> c_int {
    // SAFETY: the caller keeps the pointer rules of this module.
    cancellable_wait("MQTTClient_receive", timeout, |part| unsafe {
        entry::receive(handle, topicName, topicLen, message, part)
    })
}
