/* Calls of MQTT 5 on clients and connections of every version: who is told -16, -15, and what works all the same. */
#include "v5.h"

static void connects_are_for_their_own_kind_of_client(void)
{
    MQTTClient old = create_client(broker, client_id("old")), five = create_client5(broker, client_id("five"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    CHECK_INT(MQTTClient_connect(five, &options), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_connect(five, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    MQTTClient_connectOptions options_5 = options5();
    expect_code(MQTTClient_connect5(old, &options_5, NULL, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    expect_code(MQTTClient_connect5(old, NULL, NULL, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    expect_code(MQTTClient_connect5(five, NULL, NULL, NULL), MQTTCLIENT_NULL_PARAMETER);
    expect_code(MQTTClient_connect5(NULL, &options_5, NULL, NULL), MQTTCLIENT_NULL_PARAMETER);

    options_5.struct_version = 9;
    expect_code(MQTTClient_connect5(five, &options_5, NULL, NULL), MQTTCLIENT_BAD_STRUCTURE);
    options_5 = options5();
    options_5.MQTTVersion = 6;
    expect_code(MQTTClient_connect5(five, &options_5, NULL, NULL), MQTTCLIENT_BAD_MQTT_VERSION);
    options_5 = options5();
    options_5.cleansession = 1;
    expect_code(MQTTClient_connect5(five, &options_5, NULL, NULL), MQTTCLIENT_BAD_MQTT_OPTION);
    options_5 = options5();
    options_5.MQTTVersion = MQTTVERSION_3_1_1;
    options_5.cleanstart = 1;
    expect_code(MQTTClient_connect5(five, &options_5, NULL, NULL), MQTTCLIENT_BAD_MQTT_OPTION);
    options.cleanstart = 1;
    CHECK_INT(MQTTClient_connect(old, &options), MQTTCLIENT_BAD_MQTT_OPTION);

    /* What was rejected has changed nothing. */
    MQTTResponse_free(connect5(five, 1, NULL));
    goodbye5(&five);
    MQTTClient_destroy(&old);
}

static void create_options_decide_and_are_checked(void)
{
    MQTTClient client = NULL;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.struct_version = 1;
    CHECK_INT(MQTTClient_createWithOptions(&client, broker, "x", MQTTCLIENT_PERSISTENCE_NONE, NULL, &options),
              MQTTCLIENT_BAD_STRUCTURE);
    CHECK(client == NULL);
    memcpy(options.struct_id, "MQCX", 4);
    options.struct_version = 0;
    CHECK_INT(MQTTClient_createWithOptions(&client, broker, "x", MQTTCLIENT_PERSISTENCE_NONE, NULL, &options),
              MQTTCLIENT_BAD_STRUCTURE);
    CHECK_INT(MQTTClient_createWithOptions(&client, broker, "x", MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL),
              MQTTCLIENT_SUCCESS);
    MQTTClient_connectOptions five = options5();
    expect_code(MQTTClient_connect5(client, &five, NULL, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    MQTTClient_destroy(&client);
}

static void old_calls_on_a_connection_of_5(void)
{
    char *topic = unique("old-on-5"), *topics[] = {topic};
    int qos[] = {1};
    MQTTClient client = create_client5(broker, client_id("old-on-5"));
    MQTTClient_deliveryToken token = -7;
    MQTTClient_message message = MQTTClient_message_initializer;
    CHECK_INT(MQTTClient_publish(client, topic, 1, "x", 1, 0, &token), MQTTCLIENT_WRONG_MQTT_VERSION);
    MQTTResponse_free(connect5(client, 1, NULL));
    CHECK_INT(MQTTClient_publish(client, topic, 1, "x", 1, 0, &token), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_publishMessage(client, topic, &message, &token), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(token, -7);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_subscribeMany(client, 1, topics, qos), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_unsubscribeMany(client, 1, topics), MQTTCLIENT_WRONG_MQTT_VERSION);
    /* This one is not ruled out, and answers with the reason code of UNSUBACK. */
    CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTREASONCODE_NO_SUBSCRIPTION_FOUND);
    CHECK_INT(subscribe5(client, topic, 1, NULL, NULL), 1);
    CHECK_INT(MQTTClient_unsubscribe(client, topic), 0);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    MQTTClient_destroy(&client);
}

static void calls_of_5_on_an_old_connection(void)
{
    char *topic = unique("5-on-old"), *more = unique("5-on-old/more"), *topics[] = {topic, more};
    int qos[] = {1, 2};
    MQTTClient client = create_client(broker, client_id("5-on-old"));
    connect_client(client, 1);
    MQTTProperties properties = MQTTProperties_initializer;
    add_pair(&properties, "ignored", "here");
    MQTTSubscribe_options options = MQTTSubscribe_options_initializer;
    options.noLocal = 1;

    expect_code(MQTTClient_subscribe5(client, topic, 2, &options, &properties), MQTTREASONCODE_SUCCESS);
    MQTTSubscribe_options both_options[] = {options, options};
    expect_code(MQTTClient_subscribeMany5(client, 2, topics, qos, both_options, &properties), MQTTREASONCODE_SUCCESS);
    CHECK_INT(qos[0], 1);
    CHECK_INT(qos[1], 2);

    deliver5(client, topic, "one", 2, 0, &properties);
    MQTTClient_message *got = receive_text(client, topic, "one");
    CHECK_INT(got->properties.count, 0);
    CHECK_INT(got->qos, 1);
    MQTTClient_freeMessage(&got);

    MQTTClient_message message = MQTTClient_message_initializer;
    message.payload = "two";
    message.payloadlen = 3;
    message.qos = 2;
    message.properties = properties;
    MQTTClient_deliveryToken token = 0;
    expect_code(MQTTClient_publishMessage5(client, more, &message, &token), MQTTREASONCODE_SUCCESS);
    CHECK(token > 0);
    got = receive_text(client, more, "two");
    CHECK_INT(got->properties.count, 0);
    MQTTClient_freeMessage(&got);

    expect_code(MQTTClient_unsubscribe5(client, topic, &properties), MQTTREASONCODE_SUCCESS);
    expect_code(MQTTClient_unsubscribeMany5(client, 2, topics, &properties), MQTTREASONCODE_SUCCESS);
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_ADMINISTRATIVE_ACTION, &properties),
              MQTTCLIENT_SUCCESS);
    MQTTProperties_free(&properties);
    MQTTClient_destroy(&client);
}

static void the_last_connect_decides_the_version(void)
{
    /* A client of 5 that asks for another version is one of that version from then on, .. */
    MQTTClient client = create_client5(broker, client_id("turns"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer;
    add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 5);
    expect_code(MQTTClient_connect5(client, &options, &properties, NULL), MQTTREASONCODE_SUCCESS);
    CHECK_INT(options.returned.MQTTVersion, MQTTVERSION_3_1_1);
    MQTTProperties_free(&properties);
    deliver_text(client, unique("turns"), "x", 1, 0);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_connectOptions five = options5();
    expect_code(MQTTClient_connect5(client, &five, NULL, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    /* .. and the other way round. */
    CHECK_INT(MQTTClient_connect(client, &five), MQTTCLIENT_SUCCESS);
    CHECK_INT(five.returned.MQTTVersion, MQTTVERSION_5);
    deliver5(client, unique("turns"), "x", 1, 0, NULL);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_WRONG_MQTT_VERSION);
    MQTTClient_destroy(&client);
}

static void calls_without_a_connection_or_with_wrong_arguments(void)
{
    char *topic = unique("wrong"), *topics[] = {topic, "\xff"};
    int qos[] = {1, 1};
    MQTTClient client = create_client5(broker, client_id("wrong"));
    MQTTClient_message message = MQTTClient_message_initializer;
    expect_code(MQTTClient_subscribe5(client, topic, 1, NULL, NULL), MQTTCLIENT_DISCONNECTED);
    expect_code(MQTTClient_subscribeMany5(client, 1, topics, qos, NULL, NULL), MQTTCLIENT_DISCONNECTED);
    expect_code(MQTTClient_unsubscribe5(client, topic, NULL), MQTTCLIENT_DISCONNECTED);
    expect_code(MQTTClient_unsubscribeMany5(client, 1, topics, NULL), MQTTCLIENT_DISCONNECTED);
    expect_code(MQTTClient_publish5(client, topic, 1, "x", 0, 0, NULL, NULL), MQTTCLIENT_DISCONNECTED);
    expect_code(MQTTClient_publishMessage5(client, topic, &message, NULL), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);

    MQTTResponse_free(connect5(client, 1, NULL));
    expect_code(MQTTClient_subscribe5(client, NULL, 1, NULL, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    expect_code(MQTTClient_subscribe5(client, topic, 3, NULL, NULL), MQTTCLIENT_BAD_QOS);
    expect_code(MQTTClient_subscribeMany5(client, 2, topics, qos, NULL, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    expect_code(MQTTClient_unsubscribe5(client, "\xff", NULL), MQTTCLIENT_BAD_UTF8_STRING);
    expect_code(MQTTClient_unsubscribeMany5(client, 2, topics, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    expect_code(MQTTClient_publish5(client, "\xff", 1, "x", 0, 0, NULL, NULL), MQTTCLIENT_BAD_UTF8_STRING);
    expect_code(MQTTClient_publishMessage5(client, topic, NULL, NULL), MQTTCLIENT_NULL_PARAMETER);
    message.struct_version = 2;
    expect_code(MQTTClient_publishMessage5(client, topic, &message, NULL), MQTTCLIENT_BAD_STRUCTURE);

    expect_code(MQTTClient_subscribe5(NULL, topic, 1, NULL, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_subscribeMany5(NULL, 1, topics, qos, NULL, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_unsubscribe5(NULL, topic, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_unsubscribeMany5(NULL, 1, topics, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_publish5(NULL, topic, 1, "x", 0, 0, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_disconnect5(NULL, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setDisconnected(NULL, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setPublished(NULL, NULL, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_setDisconnected(client, NULL, NULL), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_setPublished(client, NULL, NULL), MQTTCLIENT_SUCCESS);
    goodbye5(&client);
}

static void several_answers_come_as_an_array(void)
{
    char *topics[] = {unique("many/1"), unique("many/2"), unique("many/none")};
    int qos[] = {0, 2};
    MQTTClient client = create_client5(broker, client_id("many"));
    MQTTResponse response = connect5(client, 1, NULL);
    CHECK(response.properties != NULL);
    CHECK_INT(response.reasonCodeCount, 0);
    CHECK(response.reasonCodes == NULL);
    MQTTResponse_free(response);

    response = MQTTClient_subscribeMany5(client, 2, topics, qos, NULL, NULL);
    CHECK_INT(response.reasonCode, MQTTREASONCODE_GRANTED_QOS_0);
    CHECK_INT(response.reasonCodeCount, 2);
    CHECK_INT(response.reasonCodes[0], MQTTREASONCODE_GRANTED_QOS_0);
    CHECK_INT(response.reasonCodes[1], MQTTREASONCODE_GRANTED_QOS_2);
    CHECK(response.properties == NULL);
    MQTTResponse_free(response);
    CHECK_INT(qos[0], 0);
    CHECK_INT(qos[1], 2);

    response = MQTTClient_unsubscribeMany5(client, 3, topics, NULL);
    CHECK_INT(response.reasonCode, MQTTREASONCODE_SUCCESS);
    CHECK_INT(response.reasonCodeCount, 3);
    CHECK_INT(response.reasonCodes[1], MQTTREASONCODE_SUCCESS);
    CHECK_INT(response.reasonCodes[2], MQTTREASONCODE_NO_SUBSCRIPTION_FOUND);
    MQTTResponse_free(response);
    goodbye5(&client);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    connects_are_for_their_own_kind_of_client();
    create_options_decide_and_are_checked();
    old_calls_on_a_connection_of_5();
    calls_of_5_on_an_old_connection();
    the_last_connect_decides_the_version();
    calls_without_a_connection_or_with_wrong_arguments();
    several_answers_come_as_an_array();
    return 0;
}
