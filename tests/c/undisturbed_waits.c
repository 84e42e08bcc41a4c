/* A thread that waits for a message sleeps until something may have happened that it waits for: neither the server's
 * receipt of a QoS 2 message wakes it, nor what another thread publishes, nor messages that go to messageArrived. */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "peer.h"

#define ROUNDS 300

static MQTTClient client;
static MQTTClient_deliveryToken awaited;

static long sleeps(void)
{
    struct rusage usage;
    CHECK_INT(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_nvcsw;
}

static void *wait_for_it(void *unused)
{
    (void)unused;
    long before = sleeps();
    CHECK_INT(MQTTClient_waitForCompletion(client, awaited, PATIENCE), MQTTCLIENT_SUCCESS);
    long slept = sleeps() - before;
    if (slept >= ROUNDS / 10)
        CHECK_FAIL("woken %ld times", slept);
    return NULL;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static char script[ROUNDS * 128];
    strcpy(script, "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; await;");
    /* A receipt that comes again is answered again. */
    for (int i = 0; i < ROUNDS; ++i)
        strcat(script, "send 50 02 00 01; expect PUBREL;");
    strcat(script, "signal;");
    for (int i = 0; i < ROUNDS; ++i)
        strcat(script, "expect PUBLISH; signal;");
    for (int i = 0; i < ROUNDS; ++i)
        strcat(script, "send 30 05 00 01 61 62 63; await;");
    strcat(script, "send 70 02 00 01;" GOODBYE);
    struct peer peer;
    peer_start(&peer, script);

    client = create_client(peer.uri, client_id("waits"));
    struct inbox inbox;
    inbox_init(&inbox);
    use_inbox(client, &inbox);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.maxInflightMessages = 2 * ROUNDS;
    options.reliable = 0;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);

    awaited = publish_text(client, "waits", "awaited", 2, 0);
    CHECK_INT(awaited, 1);
    pthread_t waiter;
    CHECK_INT(pthread_create(&waiter, NULL, wait_for_it, NULL), 0);
    peer_signal(&peer);
    peer_await(&peer);
    for (int i = 0; i < ROUNDS; ++i) {
        publish_text(client, "waits", "another", 1, 0);
        peer_await(&peer);
    }
    for (int i = 1; i <= ROUNDS; ++i) {
        CHECK_ARRIVES(&inbox, arrived, i);
        peer_signal(&peer);
    }
    pthread_join(waiter, NULL);

    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
    return 0;
}
