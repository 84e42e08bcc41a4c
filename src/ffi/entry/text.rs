//! Texts of error codes, reason codes and property names.

use crate::ffi::c_spelling::{MQTTPropertyCodes, MQTTReasonCodes};
use crate::ffi::client::codes::*;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};
use std::io::Write;
use std::ptr;

/// Room for the text of a code that has none of its own, with its NUL. The original's text is cut to it.
const TEXT_SIZE: usize = 30;

thread_local! {
    /// Per thread, so that two threads do not overwrite each other's text.
    static UNKNOWN_CODE: Cell<[u8; TEXT_SIZE]> = const { Cell::new([0; TEXT_SIZE]) };
}

/// The text of a return code.
pub(in crate::ffi) fn error(code: c_int) -> *const c_char {
    let known = match code {
        MQTTCLIENT_SUCCESS => c"Success",
        MQTTCLIENT_FAILURE => c"Failure",
        MQTTCLIENT_DISCONNECTED => c"Disconnected",
        MQTTCLIENT_MAX_MESSAGES_INFLIGHT => c"Maximum in-flight messages amount reached",
        MQTTCLIENT_BAD_UTF8_STRING => c"Invalid UTF8 string",
        MQTTCLIENT_NULL_PARAMETER => c"Invalid (NULL) parameter",
        MQTTCLIENT_TOPICNAME_TRUNCATED => c"Topic containing NULL characters has been truncated",
        MQTTCLIENT_BAD_STRUCTURE => c"Bad structure",
        MQTTCLIENT_BAD_QOS => c"Invalid QoS value",
        MQTTCLIENT_SSL_NOT_SUPPORTED => c"SSL is not supported",
        MQTTCLIENT_BAD_MQTT_VERSION => c"Unrecognized MQTT version",
        MQTTCLIENT_BAD_PROTOCOL => c"Invalid protocol scheme",
        MQTTCLIENT_BAD_MQTT_OPTION => c"Options for wrong MQTT version",
        MQTTCLIENT_WRONG_MQTT_VERSION => c"Client created for another version of MQTT",
        MQTTCLIENT_0_LEN_WILL_TOPIC => c"Zero length will topic on connect",
        unknown => return unknown_code(unknown),
    };
    known.as_ptr()
}

fn unknown_code(code: c_int) -> *const c_char {
    let mut text = [0; TEXT_SIZE];
    // What does not fit is cut off; the last byte stays NUL.
    let _ = write!(&mut text[..TEXT_SIZE - 1], "Unknown error code {code}");
    UNKNOWN_CODE
        .try_with(|buffer| {
            buffer.set(text);
            buffer.as_ptr().cast::<c_char>().cast_const()
        })
        // The thread is ending.
        .unwrap_or(c"Unknown error code".as_ptr())
}

/// The text of a reason code of MQTT 5; NULL if there is no such code.
pub(in crate::ffi) fn reason_code(code: MQTTReasonCodes) -> *const c_char {
    text_or_null(match code {
        0 => Some(c"SUCCESS"),
        1 => Some(c"Granted QoS 1"),
        2 => Some(c"Granted QoS 2"),
        4 => Some(c"Disconnect with Will Message"),
        16 => Some(c"No matching subscribers"),
        17 => Some(c"No subscription found"),
        24 => Some(c"Continue authentication"),
        25 => Some(c"Re-authenticate"),
        128 => Some(c"Unspecified error"),
        129 => Some(c"Malformed Packet"),
        130 => Some(c"Protocol error"),
        131 => Some(c"Implementation specific error"),
        132 => Some(c"Unsupported Protocol Version"),
        133 => Some(c"Client Identifier not valid"),
        134 => Some(c"Bad User Name or Password"),
        135 => Some(c"Not authorized"),
        136 => Some(c"Server unavailable"),
        137 => Some(c"Server busy"),
        138 => Some(c"Banned"),
        139 => Some(c"Server shutting down"),
        140 => Some(c"Bad authentication method"),
        141 => Some(c"Keep Alive timeout"),
        142 => Some(c"Session taken over"),
        143 => Some(c"Topic filter invalid"),
        144 => Some(c"Topic name invalid"),
        145 => Some(c"Packet Identifier in use"),
        146 => Some(c"Packet Identifier not found"),
        147 => Some(c"Receive Maximum exceeded"),
        148 => Some(c"Topic Alias invalid"),
        149 => Some(c"Packet too large"),
        150 => Some(c"Message rate too high"),
        151 => Some(c"Quota exceeded"),
        152 => Some(c"Administrative action"),
        153 => Some(c"Payload format invalid"),
        154 => Some(c"Retain not supported"),
        155 => Some(c"QoS not supported"),
        156 => Some(c"Use another server"),
        157 => Some(c"Server moved"),
        158 => Some(c"Shared subscriptions not supported"),
        159 => Some(c"Connection rate exceeded"),
        160 => Some(c"Maximum connect time"),
        161 => Some(c"Subscription Identifiers not supported"),
        162 => Some(c"Wildcard Subscriptions not supported"),
        _ => None,
    })
}

/// The name of a property; NULL if there is no such property.
pub(in crate::ffi) fn property_name(id: MQTTPropertyCodes) -> *const c_char {
    text_or_null(match id {
        1 => Some(c"PAYLOAD_FORMAT_INDICATOR"),
        2 => Some(c"MESSAGE_EXPIRY_INTERVAL"),
        3 => Some(c"CONTENT_TYPE"),
        8 => Some(c"RESPONSE_TOPIC"),
        9 => Some(c"CORRELATION_DATA"),
        11 => Some(c"SUBSCRIPTION_IDENTIFIER"),
        17 => Some(c"SESSION_EXPIRY_INTERVAL"),
        18 => Some(c"ASSIGNED_CLIENT_IDENTIFIER"),
        19 => Some(c"SERVER_KEEP_ALIVE"),
        21 => Some(c"AUTHENTICATION_METHOD"),
        22 => Some(c"AUTHENTICATION_DATA"),
        23 => Some(c"REQUEST_PROBLEM_INFORMATION"),
        24 => Some(c"WILL_DELAY_INTERVAL"),
        25 => Some(c"REQUEST_RESPONSE_INFORMATION"),
        26 => Some(c"RESPONSE_INFORMATION"),
        28 => Some(c"SERVER_REFERENCE"),
        31 => Some(c"REASON_STRING"),
        33 => Some(c"RECEIVE_MAXIMUM"),
        34 => Some(c"TOPIC_ALIAS_MAXIMUM"),
        35 => Some(c"TOPIC_ALIAS"),
        36 => Some(c"MAXIMUM_QOS"),
        37 => Some(c"RETAIN_AVAILABLE"),
        38 => Some(c"USER_PROPERTY"),
        39 => Some(c"MAXIMUM_PACKET_SIZE"),
        40 => Some(c"WILDCARD_SUBSCRIPTION_AVAILABLE"),
        41 => Some(c"SUBSCRIPTION_IDENTIFIERS_AVAILABLE"),
        42 => Some(c"SHARED_SUBSCRIPTION_AVAILABLE"),
        _ => None,
    })
}

fn text_or_null(text: Option<&'static CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}
