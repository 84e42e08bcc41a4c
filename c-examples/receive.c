/* Fetches messages without callbacks and without a second thread, and ends after --count of them.
 *
 *   cc -o receive receive.c -lpaho-mqtt3c
 *   ./receive --uri tcp://localhost:1883 --topic 'examples/#' --count 3 --timeout 60000
 */
#include "example.h"

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/#", .count = 3, .qos = 1, .timeout = 60000};
    read_options(argc, argv, "fetch messages one by one", &example);

    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("receive"), MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 1;
    check(MQTTClient_connect(client, &options), "connect");
    check(MQTTClient_subscribe(client, example.topic, example.qos), "subscribe");
    printf("subscribed to %s\n", example.topic);
    fflush(stdout);

    for (int i = 0; i < example.count; ++i) {
        char *topic = NULL;
        int topic_length = 0;
        MQTTClient_message *message = NULL;
        int rc = MQTTClient_receive(client, &topic, &topic_length, &message, (unsigned long)example.timeout);
        /* A message may come along with an error, so look at it first. Success without one is a timeout. */
        if (message != NULL) {
            printf("%.*s: %.*s (QoS %d)\n", topic_length, topic, message->payloadlen, (const char *)message->payload,
                   message->qos);
            MQTTClient_freeMessage(&message);
            MQTTClient_free(topic);
            if (rc == MQTTCLIENT_TOPICNAME_TRUNCATED) /* only says that the topic contains NUL characters */
                rc = MQTTCLIENT_SUCCESS;
        } else if (rc == MQTTCLIENT_SUCCESS) {
            fprintf(stderr, "%d of %d messages arrived, then none for %d ms\n", i, example.count, example.timeout);
            MQTTClient_disconnect(client, 0);
            MQTTClient_destroy(&client);
            return 1;
        }
        check(rc, "receive");
    }

    check(MQTTClient_unsubscribe(client, example.topic), "unsubscribe");
    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    return 0;
}
