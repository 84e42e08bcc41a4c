/*
 * MQTTProperties.h: MQTT 5 properties.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef MQTTPROPERTIES_H
#define MQTTPROPERTIES_H

#include <stdint.h>
#include "MQTTExportDeclarations.h"

/*
 * Properties travel with most MQTT 5 packets. A list starts as MQTTProperties_initializer, grows with
 * MQTTProperties_add(), which copies what it is given, and is emptied with MQTTProperties_free(). A list belongs
 * to whoever made it; lists are not locked, so use one in one thread at a time.
 *
 * Strings and binary data carry their length. What the library hands out also has a NUL behind it.
 */

/** Start value of an MQTTProperties: the empty list. */
#define MQTTProperties_initializer { 0, 0, 0, NULL }

/**
 * The identifiers of properties [MQTT 5, section 2.2.2.2], with the type of their value and the packets they are for.
 */
enum MQTTPropertyCodes {
    /**
     * Byte. PUBLISH, will: 1 if the payload is UTF-8 text.
     */
    MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR = 1,
    /**
     * Four byte integer, seconds. PUBLISH, will: how long the message is of use.
     */
    MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL = 2,
    /**
     * String. PUBLISH, will: what the payload is, for instance a MIME type.
     */
    MQTTPROPERTY_CODE_CONTENT_TYPE = 3,
    /**
     * String. PUBLISH, will: topic for the answer.
     */
    MQTTPROPERTY_CODE_RESPONSE_TOPIC = 8,
    /**
     * Binary data. PUBLISH, will: tells to which request an answer belongs.
     */
    MQTTPROPERTY_CODE_CORRELATION_DATA = 9,
    /**
     * Variable byte integer. SUBSCRIBE: number of the subscription; PUBLISH: the subscriptions that matched.
     */
    MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER = 11,
    /**
     * Four byte integer, seconds. CONNECT, CONNACK, DISCONNECT: how long the session is kept.
     */
    MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL = 17,
    /**
     * String. CONNACK: the identifier that the server chose.
     */
    MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFIER = 18,
    /**
     * The same under its misspelled former name.
     */
    MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER = 18,
    /**
     * Two byte integer, seconds. CONNACK: keep alive interval to use instead of the one asked for.
     */
    MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE = 19,
    /**
     * String. CONNECT, CONNACK, AUTH.
     */
    MQTTPROPERTY_CODE_AUTHENTICATION_METHOD = 21,
    /**
     * Binary data. CONNECT, CONNACK, AUTH.
     */
    MQTTPROPERTY_CODE_AUTHENTICATION_DATA = 22,
    /**
     * Byte. CONNECT: 1 to get reason strings and user properties on failures.
     */
    MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION = 23,
    /**
     * Four byte integer, seconds. Will: how long the server waits before it publishes the will.
     */
    MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL = 24,
    /**
     * Byte. CONNECT: 1 to get Response Information in CONNACK.
     */
    MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION = 25,
    /**
     * String. CONNACK: basis for response topics.
     */
    MQTTPROPERTY_CODE_RESPONSE_INFORMATION = 26,
    /**
     * String. CONNACK, DISCONNECT: another server to use.
     */
    MQTTPROPERTY_CODE_SERVER_REFERENCE = 28,
    /**
     * String. All acknowledgements, DISCONNECT, AUTH: the reason for people to read.
     */
    MQTTPROPERTY_CODE_REASON_STRING = 31,
    /**
     * Two byte integer. CONNECT, CONNACK: how many QoS 1 and 2 messages may be in flight to the sender.
     */
    MQTTPROPERTY_CODE_RECEIVE_MAXIMUM = 33,
    /**
     * Two byte integer. CONNECT, CONNACK: highest topic alias that the sender accepts.
     */
    MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM = 34,
    /**
     * Two byte integer. PUBLISH: stands for the topic name.
     */
    MQTTPROPERTY_CODE_TOPIC_ALIAS = 35,
    /**
     * Byte. CONNACK: highest QoS that the server supports.
     */
    MQTTPROPERTY_CODE_MAXIMUM_QOS = 36,
    /**
     * Byte. CONNACK: 0 if the server does not keep retained messages.
     */
    MQTTPROPERTY_CODE_RETAIN_AVAILABLE = 37,
    /**
     * String pair, any number of them. All packets except PINGREQ and PINGRESP: name and value of the program's own.
     */
    MQTTPROPERTY_CODE_USER_PROPERTY = 38,
    /**
     * Four byte integer, bytes. CONNECT, CONNACK: largest packet that the sender accepts.
     */
    MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE = 39,
    /**
     * Byte. CONNACK: 0 if the server does not support wildcards.
     */
    MQTTPROPERTY_CODE_WILDCARD_SUBSCRIPTION_AVAILABLE = 40,
    /**
     * Byte. CONNACK: 0 if the server does not support subscription identifiers.
     */
    MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 41,
    /**
     * Byte. CONNACK: 0 if the server does not support shared subscriptions.
     */
    MQTTPROPERTY_CODE_SHARED_SUBSCRIPTION_AVAILABLE = 42
};

/**
 * The types of property values; what MQTTProperty_getType() returns.
 */
enum MQTTPropertyTypes {
    /**
     * One byte, in `value.byte`.
     */
    MQTTPROPERTY_TYPE_BYTE = 0,
    /**
     * Two bytes, in `value.integer2`.
     */
    MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER = 1,
    /**
     * Four bytes, in `value.integer4`.
     */
    MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER = 2,
    /**
     * A number up to 268435455, in `value.integer4`.
     */
    MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER = 3,
    /**
     * Bytes, in `value.data`.
     */
    MQTTPROPERTY_TYPE_BINARY_DATA = 4,
    /**
     * UTF-8 text, in `value.data`.
     */
    MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING = 5,
    /**
     * Two UTF-8 texts: name in `value.data`, value in `value.value`.
     */
    MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR = 6
};

/**
 * Returned by MQTTProperties_add() for an identifier that is none of enum MQTTPropertyCodes.
 */
#define MQTT_INVALID_PROPERTY_ID -2

/**
 * Text or binary data with its length.
 */
typedef struct MQTTLenString {
    /**
     * Number of bytes, 0 to 65535; a NUL behind them does not count.
     */
    int len;
    /**
     * The bytes; may be NULL if `len` is 0.
     */
    char *data;
} MQTTLenString;

/**
 * One property.
 */
typedef struct MQTTProperty {
    /**
     * Which property it is. This decides which member of `value` counts.
     */
    enum MQTTPropertyCodes identifier;
    /**
     * The value.
     */
    union {
        /** Value of MQTTPROPERTY_TYPE_BYTE. */
        unsigned char byte;
        /** Value of MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER. */
        unsigned short integer2;
        /** Value of MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER and MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER. */
        unsigned int integer4;
#ifdef __GNUC__
        __extension__ /* C89 and C99 know no unnamed structures */
#endif
        struct {
            /** Value of MQTTPROPERTY_TYPE_BINARY_DATA and MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING; the name
             *  of MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR. */
            MQTTLenString data;
            /** The value of MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR. */
            MQTTLenString value;
        };
    } value;
} MQTTProperty;

/**
 * A list of properties. Start it with MQTTProperties_initializer, change it only with the functions below.
 */
typedef struct MQTTProperties {
    /**
     * Number of properties.
     */
    int count;
    /**
     * Number of entries that `array` has room for.
     */
    int max_count;
    /**
     * Number of bytes the properties take in a packet.
     */
    int length;
    /**
     * The properties.
     */
    struct MQTTProperty *array;
} MQTTProperties;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * The name of a property, for instance "CONTENT_TYPE".
 *
 * Returns a constant C string that must not be freed, or NULL if there is no such property. May be called from any
 * thread, and in callbacks.
 */
LIBMQTT_API const char *MQTTPropertyName(enum MQTTPropertyCodes value);

/**
 * The type of a property.
 *
 * Returns one of enum MQTTPropertyTypes, or -1 if there is no such property.
 */
LIBMQTT_API int MQTTProperty_getType(enum MQTTPropertyCodes value);

/**
 * Declared only so that old sources compile: the shared library does not export it. See `length` instead.
 */
extern int MQTTProperties_len(const struct MQTTProperties *props);

/**
 * Declared only so that old sources compile: the shared library does not export it.
 */
extern int MQTTProperties_write(char **pptr, const struct MQTTProperties *properties);

/**
 * Declared only so that old sources compile: the shared library does not export it.
 */
extern int MQTTProperties_read(struct MQTTProperties *properties, char **pptr, char *enddata);

/**
 * Adds a copy of a property to the end of a list.
 *
 * Parameters:
 * - `props`: the list; started with MQTTProperties_initializer.
 * - `prop`: the property. Its text and data are copied; the caller keeps its own.
 *
 * Returns:
 * - 0: added.
 * - MQTT_INVALID_PROPERTY_ID: there is no property of this identifier.
 * - -1: a length is negative or above 65535, or a variable byte integer is above 268435455.
 * - -6: `prop` is NULL, or a text is NULL and its length is not 0.
 * - -99: `props` is NULL, or there is no memory.
 *
 * Unless 0 is returned the list is as it was.
 */
LIBMQTT_API int MQTTProperties_add(struct MQTTProperties *props, const struct MQTTProperty *prop);

/**
 * Frees all properties of a list and makes it the empty list again.
 *
 * The list may be NULL or empty. It may be used again afterwards.
 */
LIBMQTT_API void MQTTProperties_free(struct MQTTProperties *properties);

/**
 * Copies a list with all texts and data in it.
 *
 * Returns the copy, to be freed with MQTTProperties_free(). If `props` is NULL, or there is no memory for the whole
 * list, it is empty.
 */
LIBMQTT_API struct MQTTProperties MQTTProperties_copy(const struct MQTTProperties *props);

/**
 * Tells whether a list has a property of this identifier.
 *
 * Returns 1 if it has, 0 if not or if `props` is NULL.
 */
LIBMQTT_API int MQTTProperties_hasProperty(const struct MQTTProperties *props, enum MQTTPropertyCodes propid);

/**
 * Counts the properties of this identifier in a list.
 *
 * Only user properties and, in received messages, subscription identifiers may occur more than once. Returns 0 if
 * `props` is NULL.
 */
LIBMQTT_API int MQTTProperties_propertyCount(const struct MQTTProperties *props, enum MQTTPropertyCodes propid);

/**
 * The number in the first property of this identifier.
 *
 * Returns the number (0 to 4294967295), -9999999 if the list has no such property or is NULL, -999999 if the value of
 * the property is not a number.
 */
LIBMQTT_API int64_t MQTTProperties_getNumericValue(const struct MQTTProperties *props, enum MQTTPropertyCodes propid);

/**
 * The number in one of several properties of this identifier.
 *
 * `index` is 0 for the first of them; a negative one counts as 0. Returns what MQTTProperties_getNumericValue() does.
 */
LIBMQTT_API
int64_t MQTTProperties_getNumericValueAt(const struct MQTTProperties *props,
                                         enum MQTTPropertyCodes propid,
                                         int index);

/**
 * The first property of this identifier.
 *
 * Returns a pointer into the list, valid until the list is changed or freed and not to be freed itself; NULL if the
 * list has no such property or is NULL.
 */
LIBMQTT_API
struct MQTTProperty *MQTTProperties_getProperty(const struct MQTTProperties *props,
                                                enum MQTTPropertyCodes propid);

/**
 * One of several properties of this identifier.
 *
 * `index` is 0 for the first of them. Returns what MQTTProperties_getProperty() does, NULL for a negative index.
 */
LIBMQTT_API
struct MQTTProperty *MQTTProperties_getPropertyAt(const struct MQTTProperties *props,
                                                  enum MQTTPropertyCodes propid,
                                                  int index);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */

#endif  /* MQTTPROPERTIES_H */
