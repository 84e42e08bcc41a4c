//! Return codes and the other numbers of `MQTTClient.h`.

use std::ffi::c_int;

/// Success.
pub const MQTTCLIENT_SUCCESS: c_int = 0;
/// The call failed, and no other code tells why: no connection could be made, the connection broke, the time is over.
pub const MQTTCLIENT_FAILURE: c_int = -1;
/* -2 is MQTTCLIENT_PERSISTENCE_ERROR, in MQTTClientPersistence.h */
/// The client is not connected.
pub const MQTTCLIENT_DISCONNECTED: c_int = -3;
/// All 65535 packet identifiers are in use.
pub const MQTTCLIENT_MAX_MESSAGES_INFLIGHT: c_int = -4;
/// A string is not UTF-8.
pub const MQTTCLIENT_BAD_UTF8_STRING: c_int = -5;
/// A parameter that must not be NULL is NULL.
pub const MQTTCLIENT_NULL_PARAMETER: c_int = -6;
/// The topic of the message returned contains NUL characters: use the length, not strlen(). Not an error.
pub const MQTTCLIENT_TOPICNAME_TRUNCATED: c_int = -7;
/// A structure has a wrong struct_id or a struct_version that the library does not know.
pub const MQTTCLIENT_BAD_STRUCTURE: c_int = -8;
/// The QoS is not 0, 1 or 2.
pub const MQTTCLIENT_BAD_QOS: c_int = -9;
/// Declared for completeness; TLS URIs in the library without TLS give MQTTCLIENT_BAD_PROTOCOL.
pub const MQTTCLIENT_SSL_NOT_SUPPORTED: c_int = -10;
/// The MQTT version is none of the MQTTVERSION_ values.
pub const MQTTCLIENT_BAD_MQTT_VERSION: c_int = -11;
/// The server URI has a scheme that this library does not support.
pub const MQTTCLIENT_BAD_PROTOCOL: c_int = -14;
/// An option is not for this MQTT version: cleansession with MQTT 5, or cleanstart below.
pub const MQTTCLIENT_BAD_MQTT_OPTION: c_int = -15;
/// The call is not for the MQTT version of this client.
pub const MQTTCLIENT_WRONG_MQTT_VERSION: c_int = -16;
/// The topic of the will is empty.
pub const MQTTCLIENT_0_LEN_WILL_TOPIC: c_int = -17;

/// MQTT version: 3.1.1; 3.1 if the server refuses that version, or closes the connection without an answer.
pub const MQTTVERSION_DEFAULT: c_int = 0;
/// MQTT version: 3.1.
pub const MQTTVERSION_3_1: c_int = 3;
/// MQTT version: 3.1.1.
pub const MQTTVERSION_3_1_1: c_int = 4;
/// MQTT version: 5.
pub const MQTTVERSION_5: c_int = 5;

/// The server refused a subscription. Returned by MQTTClient_subscribe() and stored by MQTTClient_subscribeMany().
pub const MQTT_BAD_SUBSCRIBE: c_int = 0x80;

/// TLS version: the best that both sides support.
pub const MQTT_SSL_VERSION_DEFAULT: c_int = 0;
/// TLS version: 1.0.
pub const MQTT_SSL_VERSION_TLS_1_0: c_int = 1;
/// TLS version: 1.1.
pub const MQTT_SSL_VERSION_TLS_1_1: c_int = 2;
/// TLS version: 1.2.
pub const MQTT_SSL_VERSION_TLS_1_2: c_int = 3;
