/* What the MQTT 5 scenarios share: properties in one line, and the answers of calls. */
#ifndef V5_H
#define V5_H

#include "support.h"

static inline void add_number(MQTTProperties *list, int identifier, unsigned int value)
{
    MQTTProperty property = {.identifier = identifier};
    switch (MQTTProperty_getType(identifier)) {
    case MQTTPROPERTY_TYPE_BYTE:
        property.value.byte = (unsigned char)value;
        break;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
        property.value.integer2 = (unsigned short)value;
        break;
    default:
        property.value.integer4 = value;
    }
    CHECK_INT(MQTTProperties_add(list, &property), 0);
}

static inline void add_text(MQTTProperties *list, int identifier, const char *text)
{
    MQTTProperty property = {.identifier = identifier};
    property.value.data.data = (char *)text;
    property.value.data.len = (int)strlen(text);
    CHECK_INT(MQTTProperties_add(list, &property), 0);
}

static inline void add_pair(MQTTProperties *list, const char *name, const char *value)
{
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
    property.value.data.data = (char *)name;
    property.value.data.len = (int)strlen(name);
    property.value.value.data = (char *)value;
    property.value.value.len = (int)strlen(value);
    CHECK_INT(MQTTProperties_add(list, &property), 0);
}

static inline void check_len_string(MQTTLenString actual, const char *expected)
{
    if (actual.len != (int)strlen(expected) || memcmp(actual.data, expected, strlen(expected)) != 0)
        CHECK_FAIL("\"%.*s\", not \"%s\"", actual.len, actual.data, expected);
}

static inline void expect_property_text(MQTTProperties *list, int identifier, const char *text)
{
    MQTTProperty *property = MQTTProperties_getProperty(list, identifier);
    if (property == NULL)
        CHECK_FAIL("there is no %s", MQTTPropertyName(identifier));
    check_len_string(property->value.data, text);
}

static inline void expect_pair(MQTTProperties *list, int index, const char *name, const char *value)
{
    MQTTProperty *property = MQTTProperties_getPropertyAt(list, MQTTPROPERTY_CODE_USER_PROPERTY, index);
    if (property == NULL)
        CHECK_FAIL("there is no user property %d", index);
    check_len_string(property->value.data, name);
    check_len_string(property->value.value, value);
}

#define EXPECT_NUMBER(list, identifier, value) CHECK_INT(MQTTProperties_getNumericValue((list), (identifier)), (value))

/* The answer has this reason code and nothing else. */
static inline void expect_code(MQTTResponse response, int code)
{
    CHECK_INT(response.version, 1);
    CHECK_INT((int)response.reasonCode, code);
    CHECK_INT(response.reasonCodeCount, 0);
    CHECK(response.reasonCodes == NULL);
    CHECK(response.properties == NULL);
    MQTTResponse_free(response);
}

static inline MQTTClient_connectOptions options5(void)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.maxInflightMessages = 100;
    options.connectTimeout = 10;
    return options;
}

/* Connects, which must succeed; the caller frees the answer. */
static inline MQTTResponse connect5(MQTTClient client, int cleanstart, MQTTProperties *properties)
{
    MQTTClient_connectOptions options = options5();
    options.cleanstart = cleanstart;
    MQTTResponse response = MQTTClient_connect5(client, &options, properties, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    return response;
}

static inline void goodbye5(MQTTClient *client)
{
    CHECK_INT(MQTTClient_disconnect5(*client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(client);
}

static inline int subscribe5(MQTTClient client, const char *filter, int qos, MQTTSubscribe_options *options,
                             MQTTProperties *properties)
{
    MQTTResponse response = MQTTClient_subscribe5(client, filter, qos, options, properties);
    int code = (int)response.reasonCode;
    MQTTResponse_free(response);
    return code;
}

/* Publishes and, with QoS > 0, waits for the end of the exchange. */
static inline void deliver5(MQTTClient client, const char *topic, const char *text, int qos, int retained,
                            MQTTProperties *properties)
{
    MQTTClient_deliveryToken token = -7;
    MQTTResponse response =
        MQTTClient_publish5(client, topic, (int)strlen(text), text, qos, retained, properties, &token);
    expect_code(response, MQTTREASONCODE_SUCCESS);
    if (qos > 0)
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    else
        CHECK_INT(token, -7);
}

#endif
