//! Types whose C spelling cannot be derived from Rust: `cbindgen.toml` gives it. The header generator never reads this file.

use super::client::MQTTClient_message;
use super::properties::{MQTTLenString, MQTTProperties};
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ushort, c_void};

/// `enum MQTTReasonCodes`: any `int`, since API errors are stored in it too.
pub type MQTTReasonCodes = c_int;
/// `enum MQTTPropertyCodes`: any `int` until it has been looked up.
pub type MQTTPropertyCodes = c_int;
/// `enum MQTTCLIENT_TRACE_LEVELS`: any `int` until it has been looked up.
pub type MQTTCLIENT_TRACE_LEVELS = c_int;

/// A `MQTTClient_connectionLost *`.
pub type ConnectionLostCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, cause: *mut c_char)>;
/// A `MQTTClient_messageArrived *`.
pub type MessageArrivedCallback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        topicName: *mut c_char,
        topicLen: c_int,
        message: *mut MQTTClient_message,
    ) -> c_int,
>;
/// A `MQTTClient_deliveryComplete *`.
pub type DeliveryCompleteCallback = Option<unsafe extern "C" fn(context: *mut c_void, dt: c_int)>;
/// A `MQTTClient_disconnected *`.
pub type DisconnectedCallback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        properties: *mut MQTTProperties,
        reasonCode: MQTTReasonCodes,
    ),
>;
/// A `MQTTClient_published *`.
pub type PublishedCallback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        dt: c_int,
        packet_type: c_int,
        properties: *mut MQTTProperties,
        reasonCode: MQTTReasonCodes,
    ),
>;
/// A `MQTTClient_traceCallback *`.
pub type TraceCallback =
    Option<unsafe extern "C" fn(level: MQTTCLIENT_TRACE_LEVELS, message: *mut c_char)>;

/// The unnamed `struct { int len; const void *data; }` of will payload and binary password.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BinaryData {
    /// Number of bytes.
    pub len: c_int,
    /// The bytes, or NULL.
    pub data: *const c_void,
}

/// The unnamed `struct` `returned` of the connect options.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ConnectReturned {
    /// Address without scheme.
    pub serverURI: *const c_char,
    /// Version in use: 3, 4 or 5.
    pub MQTTVersion: c_int,
    /// 0 or 1.
    pub sessionPresent: c_int,
}

/// The unnamed `struct` inside [`PropertyValue`].
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PropertyStrings {
    /// String, binary data, or the name of a pair.
    pub data: MQTTLenString,
    /// The value of a pair.
    pub value: MQTTLenString,
}

/// The unnamed `union` `value` of a property.
#[repr(C)]
#[derive(Clone, Copy)]
pub union PropertyValue {
    /// One byte.
    pub byte: c_uchar,
    /// Two bytes.
    pub integer2: c_ushort,
    /// Four bytes, or a variable byte integer.
    pub integer4: c_uint,
    /// Strings and binary data.
    pub strings: PropertyStrings,
}
