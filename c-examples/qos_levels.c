/* The three levels of service side by side: every combination of publishing and subscribing QoS, what was sent
 * and what arrived. The lower of the two decides how a message travels on its second half:
 *
 *   0  at most once   sent and forgotten
 *   1  at least once  repeated until acknowledged
 *   2  exactly once   repeated until acknowledged, and never handed over twice
 *
 *   cc -o qos_levels qos_levels.c -lpaho-mqtt3c
 *   ./qos_levels --uri tcp://localhost:1883 --topic examples/qos --count 10
 *
 * Ends with 1 when a message is missing, comes twice, or has another QoS than it should.
 */
#include "example.h"

struct result {
    int arrived;    /* different messages */
    int duplicates; /* the same message again */
    int strangers;  /* another QoS than the lower of the two, or a text never sent */
    int qos;        /* of the last message */
};

static MQTTClient connected(const struct example *example, const char *id)
{
    MQTTClient client;
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 1;
    check(MQTTClient_create(&client, example->uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");
    check(MQTTClient_connect(client, &options), "connect");
    return client;
}

static void publish_all(MQTTClient publisher, const char *topic, const struct example *example, int qos)
{
    for (int i = 0; i < example->count; ++i) {
        char text[32];
        MQTTClient_deliveryToken token = 0;
        int length = snprintf(text, sizeof text, "%d", i);
        check(MQTTClient_publish(publisher, topic, length, text, qos, 0, &token), "publish");
        if (qos > 0)
            check(MQTTClient_waitForCompletion(publisher, token, (unsigned long)example->timeout), "waitForCompletion");
    }
}

/* Goes on for a moment after the last message, so that one that comes twice is seen. */
static struct result receive_all(MQTTClient subscriber, const struct example *example, int qos)
{
    struct result result = {0, 0, 0, -1};
    char *seen = (char *)calloc((size_t)example->count + 1, 1);
    unsigned long patience = (unsigned long)example->timeout;
    for (;;) {
        char *topic = NULL;
        int topic_length = 0, number = -1;
        MQTTClient_message *message = NULL;
        check(MQTTClient_receive(subscriber, &topic, &topic_length, &message, patience), "receive");
        if (message == NULL)
            break;
        char text[32];
        result.qos = message->qos;
        snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
        if (sscanf(text, "%d", &number) != 1 || number < 0 || number >= example->count || message->qos != qos)
            result.strangers++;
        else if (seen[number]++)
            result.duplicates++;
        else
            result.arrived++;
        if (result.arrived == example->count)
            patience = 100;
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }
    free(seen);
    return result;
}

int main(int argc, char **argv)
{
    static const char *const promise[] = {"at most once", "at least once", "exactly once"};
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/qos", .count = 10, .qos = 2, .timeout = 5000};
    read_options(argc, argv, "show all combinations of publishing and subscribing QoS (up to --qos)", &example);

    char id[80];
    snprintf(id, sizeof id, "%s-in", client_id("qos-levels"));
    MQTTClient subscriber = connected(&example, id);
    snprintf(id, sizeof id, "%s-out", client_id("qos-levels"));
    MQTTClient publisher = connected(&example, id);

    int failures = 0;
    printf("published  subscribed  sent  arrived  at QoS  missing  twice  promise\n");
    for (int published = 0; published <= example.qos; ++published) {
        for (int subscribed = 0; subscribed <= example.qos; ++subscribed) {
            int lower = published < subscribed ? published : subscribed;
            char topic[256];
            snprintf(topic, sizeof topic, "%.200s/%ld/%d/%d", example.topic, (long)getpid(), published, subscribed);
            check(MQTTClient_subscribe(subscriber, topic, subscribed), "subscribe");
            publish_all(publisher, topic, &example, published);
            struct result result = receive_all(subscriber, &example, lower);
            check(MQTTClient_unsubscribe(subscriber, topic), "unsubscribe");

            int missing = example.count - result.arrived;
            int good = missing == 0 && result.duplicates == 0 && result.strangers == 0;
            printf("QoS %d      QoS %d       %4d  %7d  QoS %d   %7d  %5d  %s%s\n", published, subscribed, example.count,
                   result.arrived, result.qos, missing, result.duplicates, promise[lower], good ? "" : "  FAILED");
            failures += !good;
        }
    }

    check(MQTTClient_disconnect(publisher, example.timeout), "disconnect");
    check(MQTTClient_disconnect(subscriber, example.timeout), "disconnect");
    MQTTClient_destroy(&publisher);
    MQTTClient_destroy(&subscriber);
    if (failures > 0)
        fprintf(stderr, "%d combinations failed\n", failures);
    return failures > 0 ? 1 : 0;
}
