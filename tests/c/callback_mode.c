/* A client with callbacks: every message once and in order, one deliveryComplete per token, no false alarm. */
#include "support.h"

#define COUNT 60

static struct inbox inbox;

struct published {
    pthread_mutex_t lock;
    int count, last_token, last_type, last_reason;
};

static void on_published(void *context, int token, int packet_type, MQTTProperties *properties,
                         enum MQTTReasonCodes reason)
{
    struct published *seen = context;
    CHECK(properties != NULL);
    pthread_mutex_lock(&seen->lock);
    seen->count++;
    seen->last_token = token;
    seen->last_type = packet_type;
    seen->last_reason = (int)reason;
    pthread_mutex_unlock(&seen->lock);
}

static void everything_arrives_once_and_in_order(int qos)
{
    char name[16], *topic;
    snprintf(name, sizeof name, "qos%d", qos);
    topic = unique(name);
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id(name));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);

    int tokens[COUNT];
    for (int i = 0; i < COUNT; ++i) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        tokens[i] = publish_text(client, topic, text, qos, 0);
    }
    CHECK_ARRIVES(&inbox, arrived, COUNT);
    for (int i = 0; i < COUNT; ++i) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        CHECK_STR(inbox.letters[i].payload, text);
        CHECK_STR(inbox.letters[i].topic, topic);
        CHECK_INT(inbox.letters[i].topic_length, 0);
        CHECK_INT(inbox.letters[i].qos, qos);
        CHECK_INT(inbox.letters[i].dup, 0);
    }
    CHECK_ARRIVES(&inbox, completed, qos > 0 ? COUNT : 0);
    for (int i = 0; qos > 0 && i < COUNT; ++i) {
        int completions = 0;
        for (int j = 0; j < COUNT; ++j)
            completions += inbox.tokens[j] == tokens[i];
        CHECK_INT(completions, 1);
        CHECK_INT(MQTTClient_waitForCompletion(client, tokens[i], 100), MQTTCLIENT_SUCCESS);
    }
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending == NULL);

    CHECK_STAYS(&inbox, arrived, COUNT);
    CHECK_STAYS(&inbox, completed, qos > 0 ? COUNT : 0);
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
}

static void published_comes_before_delivery_complete(void)
{
    struct published seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    inbox_init(&inbox);
    MQTTClient client = create_client5(broker, client_id("v5"));
    use_inbox(client, &inbox);
    CHECK_INT(MQTTClient_setPublished(client, &seen, on_published), MQTTCLIENT_SUCCESS);
    connect_client5(client);

    for (int qos = 1; qos <= 2; ++qos) {
        MQTTClient_deliveryToken token = 0;
        MQTTResponse response = MQTTClient_publish5(client, unique("v5"), 2, "hi", qos, 0, NULL, &token);
        CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
        MQTTResponse_free(response);
        CHECK_ARRIVES(&inbox, completed, qos);
        pthread_mutex_lock(&seen.lock);
        CHECK_INT(seen.count, qos);
        CHECK_INT(seen.last_token, token);
        CHECK_INT(seen.last_type, qos == 1 ? 4 : 7);
        CHECK(seen.last_reason == 0 || seen.last_reason == MQTTREASONCODE_NO_MATCHING_SUBSCRIBERS);
        pthread_mutex_unlock(&seen.lock);
    }
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    CHECK_INT(inbox.lost, 0);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    for (int qos = 0; qos <= 2; ++qos)
        everything_arrives_once_and_in_order(qos);
    published_comes_before_delivery_complete();
    return 0;
}
