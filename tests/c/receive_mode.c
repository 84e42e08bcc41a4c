/* A client without callbacks fetches its messages: in order, with a time limit, nothing twice. */
#include "support.h"

static int receive(MQTTClient client, int timeout, MQTTClient_message **message)
{
    char *topic = (char *)&broker;
    int length = -1;
    *message = (MQTTClient_message *)&broker;
    int rc = MQTTClient_receive(client, &topic, &length, message, (unsigned long)timeout);
    if (rc == MQTTCLIENT_SUCCESS && *message == NULL) {
        CHECK(topic == NULL);
        CHECK_INT(length, -1);
    } else if (rc == MQTTCLIENT_SUCCESS) {
        MQTTClient_free(topic);
    }
    return rc;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    MQTTClient client = create_client(broker, client_id("client"));
    MQTTClient_message *message;
    CHECK_INT(receive(client, 0, &message), MQTTCLIENT_DISCONNECTED);
    connect_client(client, 1);

    long long start = now_ms();
    CHECK_INT(receive(client, 350, &message), MQTTCLIENT_SUCCESS);
    CHECK(message == NULL);
    CHECK(now_ms() - start >= 300 && now_ms() - start < 2000);

    start = now_ms();
    CHECK_INT(receive(client, 0, &message), MQTTCLIENT_SUCCESS);
    CHECK(message == NULL);
    CHECK(now_ms() - start < 200);

    char *filter = unique("#"), *topic = unique("a/b");
    CHECK_INT(MQTTClient_subscribe(client, filter, 2), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < 30; ++i) {
        char text[16];
        snprintf(text, sizeof text, "message %d", i);
        deliver_text(client, topic, text, i % 3, 0);
    }
    /* mosquitto keeps the order per QoS level only: QoS 2 takes longer to release */
    int next[3] = {0, 1, 2};
    for (int i = 0; i < 30; ++i) {
        char text[16];
        CHECK_INT(receive(client, PATIENCE, &message), MQTTCLIENT_SUCCESS);
        CHECK(message != NULL);
        CHECK(memcmp(message->struct_id, "MQTM", 4) == 0);
        CHECK(message->qos >= 0 && message->qos <= 2);
        CHECK_INT(message->msgid == 0, message->qos == 0);
        CHECK_INT(message->retained, 0);
        CHECK_INT(message->dup, 0);
        snprintf(text, sizeof text, "message %d", next[message->qos]);
        CHECK_INT(message->payloadlen, strlen(text));
        CHECK_STR((const char *)message->payload, text); /* a NUL follows every payload */
        next[message->qos] += 3;
        MQTTClient_freeMessage(&message);
    }
    expect_nothing(client);

    deliver_text(client, topic, "", 1, 0);
    expect_text(client, topic, "", 1);

    CHECK_INT(MQTTClient_unsubscribe(client, filter), MQTTCLIENT_SUCCESS);
    deliver_text(client, topic, "nobody listens", 1, 0);
    expect_nothing(client);

    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(receive(client, 0, &message), MQTTCLIENT_DISCONNECTED);
    MQTTClient_destroy(&client);
    return 0;
}
