/* Asks and answers over MQTT 5: a request says where its answer is wanted (Response Topic) and what to put on it
 * (Correlation Data), so that the one who asks can tell which answer belongs to which question.
 *
 *   cc -o request_response request_response.c -lpaho-mqtt3c
 *   ./request_response --uri tcp://localhost:1883 --topic examples/requests --count 3
 *
 * Both sides run in this program, as two clients. Usually they are two programs.
 */
#include "example.h"

static MQTTClient connected(const struct example *example, const char *id)
{
    MQTTClient client;
    MQTTClient_createOptions create_options = MQTTClient_createOptions_initializer;
    create_options.MQTTVersion = MQTTVERSION_5;
    check(MQTTClient_createWithOptions(&client, example->uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create_options),
          "create");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.keepAliveInterval = 20;
    check5(MQTTClient_connect5(client, &options, NULL, NULL), "connect");
    return client;
}

static void add_bytes(MQTTProperties *properties, enum MQTTPropertyCodes identifier, const char *data, int length)
{
    MQTTProperty property;
    property.identifier = identifier;
    property.value.data.data = (char *)data; /* is copied */
    property.value.data.len = length;
    check(MQTTProperties_add(properties, &property), "add a property");
}

/* The next message, or the end of the program. */
static MQTTClient_message *receive(MQTTClient client, const struct example *example)
{
    char *topic = NULL;
    int topic_length = 0;
    MQTTClient_message *message = NULL;
    int rc = MQTTClient_receive(client, &topic, &topic_length, &message, (unsigned long)example->timeout);
    if (message == NULL) {
        check(rc, "receive");
        fprintf(stderr, "nothing arrived for %d ms\n", example->timeout);
        exit(1);
    }
    MQTTClient_free(topic);
    return message;
}

static void ask(MQTTClient client, const struct example *example, const char *response_topic, int number)
{
    char question[32];
    int length = snprintf(question, sizeof question, "%d * %d", number, number);
    MQTTProperties properties = MQTTProperties_initializer;
    add_bytes(&properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, response_topic, (int)strlen(response_topic));
    add_bytes(&properties, MQTTPROPERTY_CODE_CORRELATION_DATA, (const char *)&number, sizeof number);
    check5(MQTTClient_publish5(client, example->topic, length, question, example->qos, 0, &properties, NULL), "publish");
    MQTTProperties_free(&properties);
}

static void answer(MQTTClient client, const struct example *example)
{
    MQTTClient_message *request = receive(client, example);
    MQTTProperty *where = MQTTProperties_getProperty(&request->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    MQTTProperty *which = MQTTProperties_getProperty(&request->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    if (where == NULL) {
        printf("a message that wants no answer: %.*s\n", request->payloadlen, (const char *)request->payload);
    } else {
        char result[32] = "?";
        int a, b;
        /* What the library hands out ends in a NUL that is not counted, topics in properties too. */
        if (sscanf((const char *)request->payload, "%d * %d", &a, &b) == 2)
            snprintf(result, sizeof result, "%lld", (long long)a * b);
        MQTTProperties properties = MQTTProperties_initializer;
        if (which != NULL)
            check(MQTTProperties_add(&properties, which), "add a property");
        check5(MQTTClient_publish5(client, where->value.data.data, (int)strlen(result), result, example->qos, 0,
                                   &properties, NULL),
               "publish");
        MQTTProperties_free(&properties);
    }
    MQTTClient_freeMessage(&request);
}

static void print_answer(MQTTClient client, const struct example *example)
{
    MQTTClient_message *message = receive(client, example);
    MQTTProperty *which = MQTTProperties_getProperty(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    int number = 0;
    if (which == NULL || which->value.data.len != sizeof number) {
        fprintf(stderr, "an answer that does not say to what\n");
        exit(1);
    }
    memcpy(&number, which->value.data.data, sizeof number);
    printf("%d * %d = %.*s\n", number, number, message->payloadlen, (const char *)message->payload);
    MQTTClient_freeMessage(&message);
}

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/requests", .count = 3, .qos = 1, .timeout = 10000};
    read_options(argc, argv, "ask questions over MQTT 5 and answer them", &example);

    char response_topic[256];
    snprintf(response_topic, sizeof response_topic, "%.150s/answers/%ld", example.topic, (long)getpid());
    MQTTClient answering = connected(&example, client_id("answering"));
    MQTTClient asking = connected(&example, client_id("asking"));
    check5(MQTTClient_subscribe5(answering, example.topic, example.qos, NULL, NULL), "subscribe");
    check5(MQTTClient_subscribe5(asking, response_topic, example.qos, NULL, NULL), "subscribe");

    for (int i = 1; i <= example.count; ++i) {
        ask(asking, &example, response_topic, i);
        answer(answering, &example);
        print_answer(asking, &example);
    }

    check(MQTTClient_disconnect5(asking, example.timeout, MQTTREASONCODE_SUCCESS, NULL), "disconnect");
    check(MQTTClient_disconnect5(answering, example.timeout, MQTTREASONCODE_SUCCESS, NULL), "disconnect");
    MQTTClient_destroy(&asking);
    MQTTClient_destroy(&answering);
    return 0;
}
