/* A server that leaves it to its system when to send small packets (Nagle's algorithm, as mosquitto does by default) may send
 * the next one only when we have acknowledged the bytes of the one before: where more is to come we do that at once, and not
 * after 40 ms. */
#include "support.h"

#define ROUNDS 20
/* Half of what a held back packet takes at least. */
#define SOON 20

/* A busy machine delays some rounds, a held back packet all of them. */
static void check_fast(int fast, const char *what)
{
    if (fast < ROUNDS / 2)
        CHECK_FAIL("only %d of %d %s came soon", fast, ROUNDS, what);
}

static void retained_messages_come_behind_suback(MQTTClient client)
{
    int fast = 0;
    char *topic = unique("retained");
    deliver_text(client, topic, "kept", 1, 1);
    for (int i = 0; i < ROUNDS; ++i) {
        CHECK_INT(MQTTClient_subscribe(client, topic, 0), MQTTCLIENT_SUCCESS);
        long long start = now_ms();
        expect_text(client, topic, "kept", 0);
        fast += now_ms() - start < SOON;
        CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTCLIENT_SUCCESS);
    }
    deliver_text(client, topic, "", 1, 1);
    check_fast(fast, "retained messages");
}

static void own_messages_come_back(MQTTClient client, int qos)
{
    int fast = 0;
    char *topic = unique("echo");
    CHECK_INT(MQTTClient_subscribe(client, topic, qos), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < ROUNDS; ++i) {
        long long start = now_ms();
        MQTTClient_deliveryToken token = publish_text(client, topic, "echo", qos, 0);
        expect_text(client, topic, "echo", qos);
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
        fast += now_ms() - start < SOON;
    }
    CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTCLIENT_SUCCESS);
    check_fast(fast, qos == 1 ? "messages of QoS 1" : "messages of QoS 2");
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (strncmp(broker, "ws", 2) == 0) {
        printf("skipped: the relay before the broker does not acknowledge at once\n");
        return 0;
    }
    MQTTClient client = create_client(broker, client_id("small"));
    connect_client(client, 1);
    retained_messages_come_behind_suback(client);
    own_messages_come_back(client, 1);
    own_messages_come_back(client, 2);
    disconnect_and_destroy(&client);
    return 0;
}
