/* One half of an exchange of stores between two libraries (scripts/store-exchange.sh).
 *
 *   exchange leave|take SERVER DIRECTORY VERSION MESSAGES EXPECTED
 *
 * leave: publishes MESSAGES messages, lets the server answer what it wants to, and ends without a word.
 * take:  takes the store over, receives EXPECTED messages, and waits until everything is acknowledged. */
#include <string.h>
#include <unistd.h>

#include "kept.h"

#define PATIENCE 10000

static void connect_to(MQTTClient client, char *server, int version)
{
    MQTTClient_connectOptions options = kept_session(&server, version, 100);
    options.keepAliveInterval = 0;
    if (version != MQTTVERSION_5) {
        check(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS, "connect");
        return;
    }
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    check((int)response.reasonCode, MQTTREASONCODE_SUCCESS, "connect5");
    MQTTResponse_free(response);
}

/* QoS 1 retained, QoS 2, QoS 2, QoS 1 and so on. */
static MQTTClient_deliveryToken publish(MQTTClient client, int version, int number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "message %d", number), qos = number % 3 == 0 ? 1 : 2, rc;
    MQTTClient_deliveryToken token = 0;
    if (version == MQTTVERSION_5) {
        MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY,
                                 .value = {.data = {1, "k"}, .value = {1, "v"}}};
        MQTTProperties properties = MQTTProperties_initializer;
        MQTTProperties_add(&properties, &property);
        MQTTResponse response =
            MQTTClient_publish5(client, "t", length, text, qos, number == 0, &properties, &token);
        rc = (int)response.reasonCode;
        MQTTResponse_free(response);
        MQTTProperties_free(&properties);
    } else {
        rc = MQTTClient_publish(client, "t", length, text, qos, number == 0, &token);
    }
    check(rc, MQTTCLIENT_SUCCESS, "publish");
    return token;
}

static void leave(MQTTClient client, int version, int messages)
{
    MQTTClient_deliveryToken token = 0;
    for (int i = 0; i < messages; ++i)
        token = publish(client, version, i);
    /* handles what the server sends meanwhile */
    check(MQTTClient_waitForCompletion(client, token, 1000), MQTTCLIENT_FAILURE, "waitForCompletion");
    _exit(0);
}

static void take(MQTTClient client, int expected)
{
    for (int i = 0; i < expected; ++i) {
        char *topic = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        check(MQTTClient_receive(client, &topic, &length, &message, PATIENCE), MQTTCLIENT_SUCCESS, "receive");
        if (message == NULL) {
            fprintf(stderr, "received %d messages instead of %d\n", i, expected);
            exit(1);
        }
        printf("%s %.*s %d\n", topic, message->payloadlen, (char *)message->payload, message->qos);
        MQTTClient_free(topic);
        MQTTClient_freeMessage(&message);
    }
    MQTTClient_deliveryToken *tokens = NULL;
    check(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS, "getPendingDeliveryTokens");
    for (int i = 0; tokens != NULL && tokens[i] != -1; ++i)
        check(MQTTClient_waitForCompletion(client, tokens[i], PATIENCE), MQTTCLIENT_SUCCESS, "waitForCompletion");
    MQTTClient_free(tokens);
    check(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS, "disconnect");
    MQTTClient_destroy(&client);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: %s leave|take SERVER DIRECTORY VERSION MESSAGES EXPECTED\n", argv[0]);
        return 2;
    }
    int version = atoi(argv[4]);
    MQTTClient client = create("cid", argv[3], version);
    connect_to(client, argv[2], version);
    if (strcmp(argv[1], "leave") == 0)
        leave(client, version, atoi(argv[5]));
    take(client, atoi(argv[6]));
    return 0;
}
