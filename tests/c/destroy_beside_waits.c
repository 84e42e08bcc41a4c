/* A client is destroyed in another one's messageArrived while threads wait in calls on it: all of them come back at once,
 * with an error. */
#include "peer.h"

#define ROUNDS 10

static MQTTClient victim;
static struct inbox done; /* counts as `arrived` */

static int destroy_victim(void *context, char *topic, int length, MQTTClient_message *message)
{
    MQTTClient_destroy(&victim);
    CHECK(victim == NULL);
    return inbox_message(context, topic, length, message);
}

/* Each gets the handle, for that of the others is set to NULL. */
static void *wait_for_completion(void *handle)
{
    CHECK_INT(MQTTClient_waitForCompletion(handle, 1, 2 * PATIENCE), MQTTCLIENT_FAILURE);
    return NULL;
}

static void *publish_beyond_the_window(void *handle)
{
    MQTTClient_deliveryToken token = -7;
    CHECK(MQTTClient_publish(handle, "t", 1, "y", 1, 0, &token) < 0);
    CHECK_INT(token, -7);
    return NULL;
}

static void *subscribe_without_answer(void *handle)
{
    CHECK_INT(MQTTClient_setCommandTimeout(handle, 2 * PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK(MQTTClient_subscribe(handle, "t", 1) < 0);
    return NULL;
}

static void *receive_nothing(void *handle)
{
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    CHECK(MQTTClient_receive(handle, &topic, &length, &message, 2 * PATIENCE) < 0);
    CHECK(message == NULL);
    return NULL;
}

static void *disconnect_at_leisure(void *handle)
{
    MQTTClient_disconnect(handle, 2 * PATIENCE); /* whichever comes first ends the connection */
    return NULL;
}

static void one_round(MQTTClient other, const char *topic, int callbacks, int disconnecting)
{
    struct peer peer;
    struct inbox inbox;
    pthread_t threads[4];
    int count = 0;
    /* The order of SUBSCRIBE and what is in front of it is not known when a thread disconnects. */
    peer_start(&peer, disconnecting ? "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; signal; expect-eof"
                                    : "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; expect SUBSCRIBE; signal; expect-eof");
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.maxInflightMessages = 1;
    victim = create_client(peer.uri, client_id("victim"));
    MQTTClient handle = victim;
    inbox_init(&inbox);
    if (callbacks)
        use_inbox(victim, &inbox);
    CHECK_INT(MQTTClient_connect(victim, &options), MQTTCLIENT_SUCCESS);
    publish_text(victim, "t", "x", 1, 0);
    CHECK_INT(pthread_create(&threads[count++], NULL, wait_for_completion, handle), 0);
    if (disconnecting) {
        CHECK_INT(pthread_create(&threads[count++], NULL, disconnect_at_leisure, handle), 0);
    } else {
        CHECK_INT(pthread_create(&threads[count++], NULL, publish_beyond_the_window, handle), 0);
        CHECK_INT(pthread_create(&threads[count++], NULL, subscribe_without_answer, handle), 0);
        if (!callbacks)
            CHECK_INT(pthread_create(&threads[count++], NULL, receive_nothing, handle), 0);
    }
    peer_await(&peer);

    long long start = now_ms();
    int before = done.arrived;
    publish_text(other, topic, "now", 1, 0);
    CHECK_ARRIVES(&done, arrived, before + 1);
    for (int i = 0; i < count; ++i)
        pthread_join(threads[i], NULL);
    CHECK(now_ms() - start < PATIENCE);
    peer_finish(&peer);
    CHECK_INT(inbox.lost, 0);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    inbox_init(&done);
    char *topic = unique("topic");
    MQTTClient other = create_client(broker, client_id("other"));
    CHECK_INT(MQTTClient_setCallbacks(other, &done, inbox_lost, destroy_victim, NULL), MQTTCLIENT_SUCCESS);
    connect_client(other, 1);
    CHECK_INT(MQTTClient_subscribe(other, topic, 1), MQTTCLIENT_SUCCESS);
    for (int round = 0; round < ROUNDS; ++round)
        for (int variant = 0; variant < 4; ++variant)
            one_round(other, topic, variant & 1, variant & 2);
    disconnect_and_destroy(&other);
    return 0;
}
