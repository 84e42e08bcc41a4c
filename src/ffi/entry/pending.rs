//! Calls that wait for the client room: until it is there each fails as it would without any client.
//!
//! The parameter types are final. Every `unsafe fn` here relies on the pointer rules of [`ffi`](crate::ffi).
#![allow(clippy::too_many_arguments, clippy::missing_safety_doc)]

use crate::ffi::boundary::Failure;
use crate::ffi::c_spelling::*;
use crate::ffi::client::*;
use crate::ffi::properties::MQTTProperties;
use crate::ffi::subscribe_opts::MQTTSubscribe_options;
use crate::trace::Level;
use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use std::sync::Arc;

/// The trace room's type of callback.
pub(in crate::ffi) type TraceSink = Arc<dyn Fn(Level, &CStr) + Send + Sync>;

/// Stands for `crate::trace::set_level`.
pub(in crate::ffi) fn trace_set_level(_level: c_int) {}

/// Stands for `crate::trace::set_callback`.
pub(in crate::ffi) fn trace_set_callback(_callback: Option<TraceSink>) {}

/// `MQTTClient_yield`.
pub(in crate::ffi) fn yield_now() {}

pub(in crate::ffi) unsafe fn set_callbacks(
    _handle: MQTTClient,
    _context: *mut c_void,
    _cl: ConnectionLostCallback,
    _ma: MessageArrivedCallback,
    _dc: DeliveryCompleteCallback,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn set_disconnected(
    _handle: MQTTClient,
    _context: *mut c_void,
    _co: DisconnectedCallback,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn set_published(
    _handle: MQTTClient,
    _context: *mut c_void,
    _co: PublishedCallback,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn create(
    _handle: *mut MQTTClient,
    _serverURI: *const c_char,
    _clientId: *const c_char,
    _persistence_type: c_int,
    _persistence_context: *mut c_void,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn create_with_options(
    _handle: *mut MQTTClient,
    _serverURI: *const c_char,
    _clientId: *const c_char,
    _persistence_type: c_int,
    _persistence_context: *mut c_void,
    _options: *mut MQTTClient_createOptions,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn destroy(_handle: *mut MQTTClient) {}

pub(in crate::ffi) unsafe fn set_command_timeout(
    _handle: MQTTClient,
    _milliSeconds: c_ulong,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn connect(
    _handle: MQTTClient,
    _options: *mut MQTTClient_connectOptions,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn connect5(
    _handle: MQTTClient,
    _options: *mut MQTTClient_connectOptions,
    _connectProperties: *mut MQTTProperties,
    _willProperties: *mut MQTTProperties,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn disconnect(_handle: MQTTClient, _timeout: c_int) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn disconnect5(
    _handle: MQTTClient,
    _timeout: c_int,
    _reason: MQTTReasonCodes,
    _props: *mut MQTTProperties,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn is_connected(_handle: MQTTClient) -> c_int {
    0
}

pub(in crate::ffi) unsafe fn subscribe(
    _handle: MQTTClient,
    _topic: *const c_char,
    _qos: c_int,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn subscribe5(
    _handle: MQTTClient,
    _topic: *const c_char,
    _qos: c_int,
    _opts: *mut MQTTSubscribe_options,
    _props: *mut MQTTProperties,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn subscribe_many(
    _handle: MQTTClient,
    _count: c_int,
    _topic: *const *mut c_char,
    _qos: *mut c_int,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn subscribe_many5(
    _handle: MQTTClient,
    _count: c_int,
    _topic: *const *mut c_char,
    _qos: *mut c_int,
    _opts: *mut MQTTSubscribe_options,
    _props: *mut MQTTProperties,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn unsubscribe(_handle: MQTTClient, _topic: *const c_char) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn unsubscribe5(
    _handle: MQTTClient,
    _topic: *const c_char,
    _props: *mut MQTTProperties,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn unsubscribe_many(
    _handle: MQTTClient,
    _count: c_int,
    _topic: *const *mut c_char,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn unsubscribe_many5(
    _handle: MQTTClient,
    _count: c_int,
    _topic: *const *mut c_char,
    _props: *mut MQTTProperties,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn publish(
    _handle: MQTTClient,
    _topicName: *const c_char,
    _payloadlen: c_int,
    _payload: *const c_void,
    _qos: c_int,
    _retained: c_int,
    _dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn publish5(
    _handle: MQTTClient,
    _topicName: *const c_char,
    _payloadlen: c_int,
    _payload: *const c_void,
    _qos: c_int,
    _retained: c_int,
    _properties: *mut MQTTProperties,
    _dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn publish_message(
    _handle: MQTTClient,
    _topicName: *const c_char,
    _msg: *mut MQTTClient_message,
    _dt: *mut MQTTClient_deliveryToken,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn publish_message5(
    _handle: MQTTClient,
    _topicName: *const c_char,
    _msg: *mut MQTTClient_message,
    _dt: *mut MQTTClient_deliveryToken,
) -> MQTTResponse {
    MQTTResponse::FAILURE
}

pub(in crate::ffi) unsafe fn wait_for_completion(
    _handle: MQTTClient,
    _dt: MQTTClient_deliveryToken,
    _timeout: c_ulong,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn pending_delivery_tokens(
    _handle: MQTTClient,
    _tokens: *mut *mut MQTTClient_deliveryToken,
) -> c_int {
    c_int::FAILURE
}

pub(in crate::ffi) unsafe fn receive(
    _handle: MQTTClient,
    _topicName: *mut *mut c_char,
    _topicLen: *mut c_int,
    _message: *mut *mut MQTTClient_message,
    _timeout: c_ulong,
) -> c_int {
    c_int::FAILURE
}
