/* Payloads of 1 MB and 10 MB come back byte for byte at every QoS, with and without callbacks. */
#include "support.h"

static unsigned char *pattern(size_t size)
{
    unsigned char *bytes = malloc(size);
    CHECK(bytes != NULL);
    unsigned state = (unsigned)size;
    for (size_t i = 0; i < size; ++i) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(state >> 24);
    }
    return bytes;
}

static void send_large(MQTTClient client, const char *topic, const unsigned char *bytes, int size, int qos)
{
    MQTTClient_deliveryToken token = 0;
    CHECK_INT(MQTTClient_publish(client, topic, size, bytes, qos, 0, &token), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, token, 3 * PATIENCE), MQTTCLIENT_SUCCESS);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static struct inbox inbox;
    static const int sizes[] = {1000000, 10000000};
    char *topic = unique("topic");
    int expected = 0;

    MQTTClient client = create_client(broker, client_id("plain"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    for (int s = 0; s < 2; ++s) {
        unsigned char *bytes = pattern((size_t)sizes[s]);
        for (int qos = 0; qos <= 2; ++qos) {
            char *got = NULL;
            int length;
            MQTTClient_message *message = NULL;
            send_large(client, topic, bytes, sizes[s], qos);
            CHECK_INT(MQTTClient_receive(client, &got, &length, &message, 3 * PATIENCE), MQTTCLIENT_SUCCESS);
            CHECK(message != NULL);
            CHECK_INT(message->qos, qos);
            CHECK_INT(message->payloadlen, sizes[s]);
            CHECK(memcmp(message->payload, bytes, (size_t)sizes[s]) == 0);
            MQTTClient_free(got);
            MQTTClient_freeMessage(&message);
        }
        free(bytes);
    }
    disconnect_and_destroy(&client);

    inbox_init(&inbox);
    client = create_client(broker, client_id("callbacks"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    for (int s = 0; s < 2; ++s) {
        unsigned char *bytes = pattern((size_t)sizes[s]);
        for (int qos = 0; qos <= 2; ++qos) {
            send_large(client, topic, bytes, sizes[s], qos);
            CHECK_INT(inbox_wait_for(&inbox, &inbox.arrived, expected + 1, 3 * PATIENCE), expected + 1);
            CHECK_INT(inbox.letters[expected].length, sizes[s]);
            CHECK(memcmp(inbox.letters[expected].payload, bytes, (size_t)sizes[s]) == 0);
            ++expected;
        }
        free(bytes);
    }
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
    return 0;
}
