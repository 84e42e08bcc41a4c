/* Publishes messages without callbacks, and waits until the broker has taken each of them.
 *
 *   cc -o publish publish.c -lpaho-mqtt3c
 *   ./publish --uri tcp://localhost:1883 --topic examples/hello --count 3
 */
#include "example.h"

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/hello", .count = 3, .qos = 1, .timeout = 10000};
    read_options(argc, argv, "publish messages and wait for each", &example);

    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("publish"), MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 1;
    check(MQTTClient_connect(client, &options), "connect");

    for (int i = 1; i <= example.count; ++i) {
        char text[64];
        MQTTClient_deliveryToken token = 0;
        int length = snprintf(text, sizeof text, "message %d of %d", i, example.count);
        check(MQTTClient_publish(client, example.topic, length, text, example.qos, 0, &token), "publish");
        /* QoS 0 is never acknowledged, so there is nothing to wait for and no token. */
        if (example.qos > 0)
            check(MQTTClient_waitForCompletion(client, token, (unsigned long)example.timeout), "waitForCompletion");
        printf("published \"%s\" to %s\n", text, example.topic);
    }

    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    return 0;
}
