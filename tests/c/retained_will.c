/* Retained messages reach later subscribers; a will is sent when a client vanishes and not when it says goodbye. */
#include "relay.h"
#include "support.h"

static MQTTClient watcher;

static void expect(const char *topic, const char *text, int qos, int retained)
{
    char *got = NULL;
    int length;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(watcher, &got, &length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK(message != NULL);
    CHECK_STR(got, topic);
    CHECK_INT(message->payloadlen, strlen(text));
    CHECK(memcmp(message->payload, text, strlen(text)) == 0);
    CHECK_INT(message->qos, qos);
    CHECK_INT(message->retained, retained);
    MQTTClient_free(got);
    MQTTClient_freeMessage(&message);
}

static void forget(const char *topic)
{
    MQTTClient_deliveryToken token;
    CHECK_INT(MQTTClient_publish(watcher, topic, 0, NULL, 1, 1, &token), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(watcher, token, PATIENCE), MQTTCLIENT_SUCCESS);
}

static void retained_messages_wait_for_subscribers(void)
{
    char *topic = unique("retained");
    deliver_text(watcher, topic, "old", 1, 1);
    deliver_text(watcher, topic, "latest", 2, 1);
    CHECK_INT(MQTTClient_subscribe(watcher, topic, 2), MQTTCLIENT_SUCCESS);
    expect(topic, "latest", 2, 1);
    deliver_text(watcher, topic, "live", 1, 1);
    expect(topic, "live", 1, 0); /* not "retained" for those already subscribed */
    CHECK_INT(MQTTClient_unsubscribe(watcher, topic), MQTTCLIENT_SUCCESS);
    forget(topic);
    CHECK_INT(MQTTClient_subscribe(watcher, topic, 2), MQTTCLIENT_SUCCESS);
    expect_nothing(watcher);
    CHECK_INT(MQTTClient_unsubscribe(watcher, topic), MQTTCLIENT_SUCCESS);
}

static void connect_with_will(MQTTClient client, MQTTClient_willOptions *will)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.will = will;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
}

static void wills_are_for_those_who_vanish(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    char *topic = unique("will");
    MQTTClient client = create_client(relay.uri, client_id("mortal"));
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = topic;
    will.qos = 1;
    will.retained = 1;
    will.message = "text";
    CHECK_INT(MQTTClient_subscribe(watcher, topic, 2), MQTTCLIENT_SUCCESS);

    connect_with_will(client, &will);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    expect_nothing(watcher);

    connect_with_will(client, &will);
    relay_cut(&relay);
    expect(topic, "text", 1, 0);
    CHECK_INT(MQTTClient_unsubscribe(watcher, topic), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(watcher, topic, 2), MQTTCLIENT_SUCCESS);
    expect(topic, "text", 1, 1);
    forget(topic);
    expect(topic, "", 1, 0);
    MQTTClient_disconnect(client, 0);

    /* a binary payload wins over the text, its NUL is part of it */
    will.payload.data = "bi\0nary";
    will.payload.len = 7;
    will.retained = 0;
    will.qos = 2;
    connect_with_will(client, &will);
    relay_cut(&relay);
    char *got = NULL;
    int length;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(watcher, &got, &length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK(message != NULL);
    CHECK_INT(message->payloadlen, 7);
    CHECK(memcmp(message->payload, "bi\0nary", 7) == 0);
    CHECK_INT(message->qos, 2);
    MQTTClient_free(got);
    MQTTClient_freeMessage(&message);
    MQTTClient_disconnect(client, 0);

    /* structure version 0 knows no binary payload */
    will.struct_version = 0;
    connect_with_will(client, &will);
    relay_cut(&relay);
    expect(topic, "text", 2, 0);
    MQTTClient_disconnect(client, 0);

#ifdef FIXED
    /* destroying a connected client closes its socket without a goodbye */
    connect_with_will(client, &will);
    MQTTClient_destroy(&client);
    expect(topic, "text", 2, 0);
#else
    MQTTClient_destroy(&client);
#endif
    relay_stop(&relay);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    watcher = create_client(broker, client_id("watcher"));
    connect_client(watcher, 1);
    retained_messages_wait_for_subscribers();
    wills_are_for_those_who_vanish();
    disconnect_and_destroy(&watcher);
    return 0;
}
