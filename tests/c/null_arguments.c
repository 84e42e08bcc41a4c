/* NULL, foreign and impossible arguments of every function are answered with a code. */
#include "support.h"

static MQTTClient_message message_of(int qos)
{
    MQTTClient_message message = MQTTClient_message_initializer;
    message.payload = "x";
    message.payloadlen = 1;
    message.qos = qos;
    return message;
}

static int arrived(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    (void)context;
    (void)topic_length;
    MQTTClient_free(topic);
    MQTTClient_freeMessage(&message);
    return 1;
}

static int reason(MQTTResponse response)
{
    int code = (int)response.reasonCode;
    MQTTResponse_free(response);
    return code;
}

/* Every call that takes a handle, with one that is no client any more or never was. */
static void calls_without_a_client_fail(MQTTClient handle)
{
    char *const topics[] = {"t"};
    int qos[] = {0};
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *received = NULL;
    MQTTClient_message message = message_of(0);
    MQTTClient_deliveryToken *tokens = (MQTTClient_deliveryToken *)&message;

    CHECK_INT(MQTTClient_setCallbacks(handle, NULL, NULL, arrived, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setDisconnected(handle, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setPublished(handle, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_disconnect(handle, 0), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_disconnect5(handle, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_isConnected(handle), 0);
    CHECK_INT(MQTTClient_subscribeMany(handle, 1, topics, qos), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_unsubscribe(handle, "t"), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_unsubscribeMany(handle, 1, topics), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_unsubscribe5(handle, "t", NULL)), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_unsubscribeMany5(handle, 1, topics, NULL)), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_publishMessage(handle, "t", &message, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_receive(handle, &topic, &length, &received, 10), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_waitForCompletion(handle, 1, 0), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_waitForCompletion(handle, 1, 10), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(handle, &tokens), MQTTCLIENT_FAILURE);
    CHECK(tokens == NULL);
#ifdef FIXED
    CHECK_INT(MQTTClient_publish(handle, "t", 1, "x", 0, 0, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_subscribe(handle, "t", 0), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setCommandTimeout(handle, 6000), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_publish5(handle, "t", 1, "x", 0, 0, NULL, NULL)), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_publishMessage5(handle, "t", &message, NULL)), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_subscribe5(handle, "t", 0, NULL, NULL)), MQTTCLIENT_FAILURE);
    CHECK_INT(reason(MQTTClient_subscribeMany5(handle, 1, topics, qos, NULL, NULL)), MQTTCLIENT_FAILURE);
#endif
}

static void calls_without_a_connection_fail(MQTTClient client)
{
    char *const topics[] = {NULL};
    int qos[] = {7};
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *received = NULL;
    MQTTClient_message message = message_of(0), bad = message_of(0), new = message_of(0);
    memcpy(bad.struct_id, "XXXX", 4);
    new.struct_version = 2;

    CHECK_INT(MQTTClient_isConnected(client), 0);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setCommandTimeout(client, 4999), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setCommandTimeout(client, 5000), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_publish(client, NULL, 1, "x", 0, 0, NULL), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_publishMessage(client, NULL, &bad, NULL), MQTTCLIENT_BAD_STRUCTURE);
    CHECK_INT(MQTTClient_publishMessage(client, NULL, &new, NULL), MQTTCLIENT_BAD_STRUCTURE);
    CHECK_INT(MQTTClient_publishMessage(client, NULL, &message, NULL), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_subscribe(client, NULL, 7), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_subscribeMany(client, 1, topics, qos), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_unsubscribe(client, NULL), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_unsubscribeMany(client, 1, topics), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_receive(client, &topic, &length, &received, 10), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_receive(client, NULL, NULL, NULL, 10), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, 0), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, 10), MQTTCLIENT_DISCONNECTED);
    MQTTClient_deliveryToken *tokens = (MQTTClient_deliveryToken *)&message;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens == NULL);
#ifdef FIXED
    CHECK(MQTTClient_getPendingDeliveryTokens(client, NULL) < 0);
    CHECK(MQTTClient_publishMessage(client, "t", NULL, NULL) < 0);
#endif
    MQTTResponse response = MQTTClient_publishMessage5(client, "t", NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTCLIENT_NULL_PARAMETER);
    MQTTResponse_free(response);
}

static void bad_topics_and_qos_are_told_apart(MQTTClient client)
{
    char *const topics[] = {"good", "\xff"};
    int bad_first[] = {3, 0}, bad_last[] = {0, 3};
    char *const null_topic[] = {NULL};

    CHECK_INT(MQTTClient_publish(client, NULL, 1, "x", 0, 0, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_publish(client, "\xc3", 1, "x", 0, 0, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_subscribe(client, NULL, 0), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_subscribe(client, "\xff", 3), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_subscribe(client, "t", 3), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_subscribe(client, "t", -1), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_subscribeMany(client, 2, topics, bad_first), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_subscribeMany(client, 2, topics, bad_last), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_unsubscribe(client, "\xff"), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_unsubscribeMany(client, 1, null_topic), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_publish(client, unique("empty"), 0, NULL, 1, 0, NULL), MQTTCLIENT_SUCCESS);
#ifdef FIXED
    MQTTClient_deliveryToken token = -7;
    MQTTClient_message message = message_of(3);
    static char long_topic[65537];
    memset(long_topic, 'a', sizeof long_topic - 1);
    CHECK_INT(MQTTClient_publish(client, "t", 1, "x", 3, 0, &token), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_publish(client, "t", 1, "x", -1, 0, &token), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_publish(client, "\xff", 1, "x", 3, 0, &token), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(MQTTClient_publishMessage(client, "t", &message, &token), MQTTCLIENT_BAD_QOS);
    CHECK_INT(MQTTClient_publish(client, "t", -1, "x", 1, 0, &token), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_publish(client, "t", 1, NULL, 1, 0, &token), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_publish(client, long_topic, 1, "x", 1, 0, &token), MQTTCLIENT_FAILURE);
    CHECK_INT(token, -7);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    deliver_text(client, unique("after"), "the connection lives", 2, 0);
#endif
}

static void receive_needs_places_for_topic_and_message(MQTTClient client)
{
    char *topic = (char *)&client;
    MQTTClient_message *message = (MQTTClient_message *)&client;
    CHECK_INT(MQTTClient_receive(client, &topic, NULL, &message, 10), MQTTCLIENT_SUCCESS);
    CHECK(topic == NULL && message == NULL);
#ifdef FIXED
    char *const name = unique("to receive");
    int length = -7;
    CHECK_INT(MQTTClient_subscribe(client, name, 1), MQTTCLIENT_SUCCESS);
    deliver_text(client, name, "still there", 1, 0);
    CHECK_INT(MQTTClient_receive(client, NULL, &length, &message, PATIENCE), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_receive(client, &topic, &length, NULL, PATIENCE), MQTTCLIENT_FAILURE);
    CHECK(topic == NULL && length == -7 && message == NULL);
    CHECK_INT(MQTTClient_receive(client, &topic, NULL, &message, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_STR(topic, name);
    CHECK_INT(message->payloadlen, strlen("still there"));
    MQTTClient_free(topic);
    MQTTClient_freeMessage(&message);
#endif
}

static void helpers_take_null(void)
{
    MQTTClient_free(NULL);
    MQTTProperties_free(NULL);
#ifdef FIXED
    MQTTClient_message *message = NULL;
    MQTTClient_freeMessage(NULL);
    MQTTClient_freeMessage(&message);
    MQTTClient_destroy(NULL);
    CHECK(MQTTClient_create(NULL, "tcp://h", "id", MQTTCLIENT_PERSISTENCE_NONE, NULL) < 0);
    MQTTClient_global_init(NULL);
    CHECK_INT(MQTTProperties_hasProperty(NULL, MQTTPROPERTY_CODE_TOPIC_ALIAS), 0);
    CHECK_INT(MQTTProperties_propertyCount(NULL, MQTTPROPERTY_CODE_TOPIC_ALIAS), 0);
    CHECK(MQTTProperties_getProperty(NULL, MQTTPROPERTY_CODE_TOPIC_ALIAS) == NULL);
    MQTTProperty property = {0};
    property.identifier = MQTTPROPERTY_CODE_TOPIC_ALIAS;
    CHECK_INT(MQTTProperties_add(NULL, &property), -99);
    MQTTProperties empty = MQTTProperties_copy(NULL);
    CHECK_INT(empty.count, 0);
#endif
    MQTTClient_setTraceCallback(NULL);
    CHECK(MQTTClient_strerror(12345) != NULL);
    CHECK(MQTTReasonCode_toString((enum MQTTReasonCodes)3) == NULL);
    CHECK(MQTTPropertyName((enum MQTTPropertyCodes)4) == NULL);
    CHECK_INT(MQTTProperty_getType((enum MQTTPropertyCodes)4), -1);
}

#ifdef FIXED
static void connect_refuses_negative_lengths(MQTTClient client)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = "will";
    will.payload.data = "x";
    will.payload.len = -1;
    options.will = &will;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    options.will = NULL;
    options.binarypwd.data = "x";
    options.binarypwd.len = -1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    options.username = "user"; /* without one, brokers refuse the password */
    options.password = "text"; /* wins: the binary one is not looked at */
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    helpers_take_null();
    CHECK_INT(MQTTClient_isConnected(NULL), 0);

    MQTTClient client = create_client(broker, client_id("client"));
    calls_without_a_client_fail(NULL);
    calls_without_a_connection_fail(client);
    connect_client(client, 1);
    bad_topics_and_qos_are_told_apart(client);
    receive_needs_places_for_topic_and_message(client);
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
#ifdef FIXED
    connect_refuses_negative_lengths(client);
    MQTTClient gone = client;
    MQTTClient other = create_client(broker, client_id("other"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_destroy(&client);
    calls_without_a_client_fail(gone);
    CHECK(MQTTClient_connect(gone, &options) < 0);
    MQTTClient_destroy(&gone);
    calls_without_a_client_fail((MQTTClient)&options);
    MQTTClient_destroy(&other);
#else
    MQTTClient_destroy(&client);
#endif
    return 0;
}
