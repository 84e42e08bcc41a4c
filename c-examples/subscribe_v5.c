/* Subscribes with MQTT 5 and prints what the broker says about it: the properties of its answer to connect, the reason
 * codes of subscriptions, and each message with its properties. Ends after --count messages.
 *
 *   cc -o subscribe_v5 subscribe_v5.c -lpaho-mqtt3c
 *   ./subscribe_v5 --uri tcp://localhost:1883 --topic 'examples/#' --count 3 --timeout 60000
 */
#include "example.h"

static void print_text(MQTTLenString text)
{
    for (int i = 0; i < text.len; ++i)
        if (text.data[i] >= ' ' && text.data[i] <= '~')
            putchar(text.data[i]);
        else
            printf("\\x%02x", (unsigned char)text.data[i]);
}

/* One line each, in the order they came. */
static void print_properties(const MQTTProperties *properties)
{
    for (int i = 0; properties != NULL && i < properties->count; ++i) {
        const MQTTProperty *property = &properties->array[i];
        printf("  %s ", MQTTPropertyName(property->identifier));
        switch (MQTTProperty_getType(property->identifier)) {
        case MQTTPROPERTY_TYPE_BYTE:
            printf("%d", property->value.byte);
            break;
        case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
            printf("%d", property->value.integer2);
            break;
        case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
        case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER:
            printf("%u", property->value.integer4);
            break;
        case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
            print_text(property->value.data);
            printf(" = ");
            print_text(property->value.value);
            break;
        default: /* text or bytes */
            print_text(property->value.data);
        }
        putchar('\n');
    }
}

static void print_reason(const char *what, enum MQTTReasonCodes reason)
{
    const char *text = MQTTReasonCode_toString(reason);
    printf("%s: %d, %s\n", what, (int)reason, text != NULL ? text : "unknown");
}

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/#", .count = 3, .qos = 1, .timeout = 60000};
    read_options(argc, argv, "print messages and what MQTT 5 says about them", &example);

    MQTTClient client;
    MQTTClient_createOptions create_options = MQTTClient_createOptions_initializer;
    create_options.MQTTVersion = MQTTVERSION_5;
    /* An empty client id: the broker makes one up, and tells it in a property. */
    check(MQTTClient_createWithOptions(&client, example.uri, "", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create_options),
          "create");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.keepAliveInterval = 20;
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    if ((int)response.reasonCode >= 0) { /* a reason code; below 0 it is an error of the call */
        print_reason("connect", response.reasonCode);
        print_properties(response.properties);
    }
    check5(response, "connect");

    /* Two filters in one request. The number given with it comes back with each message that matches one of them. */
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty identifier;
    identifier.identifier = MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER;
    identifier.value.integer4 = 5;
    check(MQTTProperties_add(&properties, &identifier), "add a property");
    char *filters[] = {(char *)example.topic, (char *)"examples/v5/+"};
    int qos[] = {example.qos, 0};
    MQTTSubscribe_options subscribe_options[] = {MQTTSubscribe_options_initializer, MQTTSubscribe_options_initializer};
    subscribe_options[1].retainHandling = 2; /* no retained messages for this one */
    response = MQTTClient_subscribeMany5(client, 2, filters, qos, subscribe_options, &properties);
    MQTTProperties_free(&properties);
    for (int i = 0; i < response.reasonCodeCount && response.reasonCodes != NULL; ++i)
        print_reason(filters[i], response.reasonCodes[i]);
    check5(response, "subscribe");
    printf("subscribed to %s\n", example.topic);
    fflush(stdout);

    for (int i = 0; i < example.count; ++i) {
        char *topic = NULL;
        int topic_length = 0;
        MQTTClient_message *message = NULL;
        int rc = MQTTClient_receive(client, &topic, &topic_length, &message, (unsigned long)example.timeout);
        if (message == NULL) {
            check(rc, "receive");
            fprintf(stderr, "%d of %d messages arrived, then none for %d ms\n", i, example.count, example.timeout);
            return 1;
        }
        printf("%.*s: %.*s (QoS %d)\n", topic_length, topic, message->payloadlen, (const char *)message->payload,
               message->qos);
        print_properties(&message->properties);
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }

    check(MQTTClient_disconnect5(client, example.timeout, MQTTREASONCODE_SUCCESS, NULL), "disconnect");
    MQTTClient_destroy(&client);
    return 0;
}
