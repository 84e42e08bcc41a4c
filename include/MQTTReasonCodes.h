/*
 * MQTTReasonCodes.h: MQTT 5 reason codes.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef MQTTREASONCODES_H
#define MQTTREASONCODES_H

#include "MQTTExportDeclarations.h"

/*
 * One byte tells how a request went in MQTT 5: below 128 it succeeded, from 128 on it failed. The functions whose
 * result is an MQTTResponse store the negative MQTTCLIENT_ error codes in the same place.
 */

/**
 * The reason codes of MQTT 5 [MQTT 5, section 2.4].
 */
enum MQTTReasonCodes {
    /**
     * The request was done.
     */
    MQTTREASONCODE_SUCCESS = 0,
    /**
     * DISCONNECT: end the connection, do not publish the will. Same value as MQTTREASONCODE_SUCCESS.
     */
    MQTTREASONCODE_NORMAL_DISCONNECTION = 0,
    /**
     * SUBACK: granted with QoS 0. Same value as MQTTREASONCODE_SUCCESS.
     */
    MQTTREASONCODE_GRANTED_QOS_0 = 0,
    /**
     * SUBACK: granted with at most QoS 1.
     */
    MQTTREASONCODE_GRANTED_QOS_1 = 1,
    /**
     * SUBACK: granted with QoS 2.
     */
    MQTTREASONCODE_GRANTED_QOS_2 = 2,
    /**
     * DISCONNECT: end the connection and publish the will.
     */
    MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE = 4,
    /**
     * PUBACK, PUBREC: accepted, but nobody has subscribed to the topic.
     */
    MQTTREASONCODE_NO_MATCHING_SUBSCRIBERS = 16,
    /**
     * UNSUBACK: there was no such subscription.
     */
    MQTTREASONCODE_NO_SUBSCRIPTION_FOUND = 17,
    /**
     * AUTH: go on with the next step.
     */
    MQTTREASONCODE_CONTINUE_AUTHENTICATION = 24,
    /**
     * AUTH: authenticate again.
     */
    MQTTREASONCODE_RE_AUTHENTICATE = 25,
    /**
     * Failed for a reason that the server does not tell, or that no other code fits.
     */
    MQTTREASONCODE_UNSPECIFIED_ERROR = 128,
    /**
     * A packet could not be understood.
     */
    MQTTREASONCODE_MALFORMED_PACKET = 129,
    /**
     * A packet came at the wrong time or contradicts the standard.
     */
    MQTTREASONCODE_PROTOCOL_ERROR = 130,
    /**
     * The packet is valid but the receiver does not accept it.
     */
    MQTTREASONCODE_IMPLEMENTATION_SPECIFIC_ERROR = 131,
    /**
     * CONNACK: the server does not speak this version of MQTT.
     */
    MQTTREASONCODE_UNSUPPORTED_PROTOCOL_VERSION = 132,
    /**
     * CONNACK: the server does not allow this client identifier.
     */
    MQTTREASONCODE_CLIENT_IDENTIFIER_NOT_VALID = 133,
    /**
     * CONNACK: user name or password is wrong.
     */
    MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD = 134,
    /**
     * Not permitted.
     */
    MQTTREASONCODE_NOT_AUTHORIZED = 135,
    /**
     * CONNACK: the server cannot take connections.
     */
    MQTTREASONCODE_SERVER_UNAVAILABLE = 136,
    /**
     * The server is busy; try again later.
     */
    MQTTREASONCODE_SERVER_BUSY = 137,
    /**
     * CONNACK: this client is banned by administrative action.
     */
    MQTTREASONCODE_BANNED = 138,
    /**
     * DISCONNECT: the server is shutting down.
     */
    MQTTREASONCODE_SERVER_SHUTTING_DOWN = 139,
    /**
     * The authentication method is not supported or not the one in use.
     */
    MQTTREASONCODE_BAD_AUTHENTICATION_METHOD = 140,
    /**
     * DISCONNECT: nothing was received for 1.5 times the keep alive interval.
     */
    MQTTREASONCODE_KEEP_ALIVE_TIMEOUT = 141,
    /**
     * DISCONNECT: another connection uses the same client identifier.
     */
    MQTTREASONCODE_SESSION_TAKEN_OVER = 142,
    /**
     * The topic filter is well formed but not accepted.
     */
    MQTTREASONCODE_TOPIC_FILTER_INVALID = 143,
    /**
     * The topic name is well formed but not accepted.
     */
    MQTTREASONCODE_TOPIC_NAME_INVALID = 144,
    /**
     * The packet identifier is already in use.
     */
    MQTTREASONCODE_PACKET_IDENTIFIER_IN_USE = 145,
    /**
     * The packet identifier is not known: the two sides disagree about the session.
     */
    MQTTREASONCODE_PACKET_IDENTIFIER_NOT_FOUND = 146,
    /**
     * DISCONNECT: more messages in flight than Receive Maximum allows.
     */
    MQTTREASONCODE_RECEIVE_MAXIMUM_EXCEEDED = 147,
    /**
     * DISCONNECT: topic alias of 0 or above the allowed maximum.
     */
    MQTTREASONCODE_TOPIC_ALIAS_INVALID = 148,
    /**
     * A packet is larger than the receiver accepts.
     */
    MQTTREASONCODE_PACKET_TOO_LARGE = 149,
    /**
     * DISCONNECT: too many messages.
     */
    MQTTREASONCODE_MESSAGE_RATE_TOO_HIGH = 150,
    /**
     * A limit of the implementation or of the administrator is exceeded.
     */
    MQTTREASONCODE_QUOTA_EXCEEDED = 151,
    /**
     * DISCONNECT: closed by an administrator.
     */
    MQTTREASONCODE_ADMINISTRATIVE_ACTION = 152,
    /**
     * The payload is not what the Payload Format Indicator says.
     */
    MQTTREASONCODE_PAYLOAD_FORMAT_INVALID = 153,
    /**
     * The server does not keep retained messages.
     */
    MQTTREASONCODE_RETAIN_NOT_SUPPORTED = 154,
    /**
     * The QoS is higher than the server supports.
     */
    MQTTREASONCODE_QOS_NOT_SUPPORTED = 155,
    /**
     * Use another server for now; see the property Server Reference.
     */
    MQTTREASONCODE_USE_ANOTHER_SERVER = 156,
    /**
     * Use another server from now on; see the property Server Reference.
     */
    MQTTREASONCODE_SERVER_MOVED = 157,
    /**
     * The server does not support shared subscriptions.
     */
    MQTTREASONCODE_SHARED_SUBSCRIPTIONS_NOT_SUPPORTED = 158,
    /**
     * Too many connections in a short time.
     */
    MQTTREASONCODE_CONNECTION_RATE_EXCEEDED = 159,
    /**
     * DISCONNECT: the longest time allowed for this connection is over.
     */
    MQTTREASONCODE_MAXIMUM_CONNECT_TIME = 160,
    /**
     * The server does not support subscription identifiers.
     */
    MQTTREASONCODE_SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED = 161,
    /**
     * The server does not support wildcards in topic filters.
     */
    MQTTREASONCODE_WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED = 162
};

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * The text of a reason code, in English.
 *
 * Returns a constant C string that must not be freed, or NULL if `value` is none of the codes of MQTT 5. The three
 * codes of value 0 have one text. May be called from any thread, and in callbacks.
 */
LIBMQTT_API const char *MQTTReasonCode_toString(enum MQTTReasonCodes value);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */

#endif  /* MQTTREASONCODES_H */
