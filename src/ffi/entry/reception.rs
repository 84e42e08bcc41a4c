//! Receiving without callbacks.

use super::lifecycle::entry;
use super::publication::code;
use crate::ffi::client::*;
use crate::ffi::memory;
use std::ffi::{c_char, c_int};
use std::ops::ControlFlow::{self, Break, Continue};
use std::ptr;
use std::time::Duration;

/// `Continue`: none came in the given time.
///
/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn receive(
    handle: MQTTClient,
    topicName: *mut *mut c_char,
    topicLen: *mut c_int,
    message: *mut *mut MQTTClient_message,
    timeout: Duration,
) -> ControlFlow<c_int, c_int> {
    let entry = match entry(handle) {
        Ok(entry) => entry,
        Err(code) => return Break(code),
    };
    match entry.call(|client| client.check_receive()) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Break(code(&error)),
        Err(code) => return Break(code),
    }
    // SAFETY: each is NULL or a place of its type, as promised by the caller.
    let places = unsafe { (topicName.as_mut(), topicLen.as_mut(), message.as_mut()) };
    // Without a place for its length a topic can still be handed over.
    let (Some(topic), topic_len, Some(message)) = places else {
        return Break(MQTTCLIENT_FAILURE);
    };
    *topic = ptr::null_mut();
    *message = ptr::null_mut();
    let received = entry.call(|client| client.receive(timeout));
    let received = match received {
        Ok(Ok(received)) => received,
        Ok(Err(error)) => return Break(code(&error)),
        Err(code) => return Break(code),
    };
    let mut truncated = false;
    if let Some(received) = received.message {
        *topic = memory::c_copy(received.topic()).cast();
        *message = memory::new_message(&received);
        if topic.is_null() || message.is_null() {
            // SAFETY: both were made above and nobody else knows them.
            unsafe {
                memory::release(std::mem::replace(topic, ptr::null_mut()));
                memory::free_message(std::mem::replace(message, ptr::null_mut()));
            }
            return Break(MQTTCLIENT_FAILURE);
        }
        if let Some(topic_len) = topic_len {
            *topic_len = received.topic().len() as c_int;
        }
        truncated = received.topic().contains(&0);
    }
    match (received.broken, truncated) {
        // It comes with a message, also when the connection broke: the next call tells that.
        (_, true) => Break(MQTTCLIENT_TOPICNAME_TRUNCATED),
        (true, false) => Break(MQTTCLIENT_FAILURE),
        (false, false) if message.is_null() => Continue(MQTTCLIENT_SUCCESS),
        (false, false) => Break(MQTTCLIENT_SUCCESS),
    }
}
