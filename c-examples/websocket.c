/* Sends itself messages over a WebSocket, as through a web server: with a header for the server's own access control.
 * (wss:// works the same with -lpaho-mqtt3cs and TLS options, see tls.c.)
 *
 *   cc -o websocket websocket.c -lpaho-mqtt3c
 *   ./websocket --uri ws://localhost:8080/mqtt
 */
#include "example.h"

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "ws://localhost:8080/mqtt", .topic = "examples/websocket", .count = 3, .qos = 1, .timeout = 10000};
    read_options(argc, argv, "send messages to oneself over a WebSocket", &example);

    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("websocket"), MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");

    const MQTTClient_nameValue headers[] = {
        {"Authorization", "Bearer example"},
        {NULL, NULL},
    };
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer_ws;
    options.cleansession = 1;
    options.httpHeaders = headers;
    check(MQTTClient_connect(client, &options), "connect");
    check(MQTTClient_subscribe(client, example.topic, example.qos), "subscribe");

    for (int i = 1; i <= example.count; ++i) {
        char text[64];
        int length = snprintf(text, sizeof text, "message %d of %d", i, example.count);
        check(MQTTClient_publish(client, example.topic, length, text, example.qos, 0, NULL), "publish");

        char *topic = NULL;
        int topic_length = 0;
        MQTTClient_message *message = NULL;
        check(MQTTClient_receive(client, &topic, &topic_length, &message, (unsigned long)example.timeout), "receive");
        if (message == NULL) {
            fprintf(stderr, "the message does not come back\n");
            return 1;
        }
        printf("\"%.*s\" came back\n", message->payloadlen, (const char *)message->payload);
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }

    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    return 0;
}
