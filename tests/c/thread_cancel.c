/* Threads of the program that are cancelled inside calls: they end, and the client goes on. */
#include "peer.h"

/* So long no test lasts, in ms. */
#define LONG 1000000

static MQTTClient client;
static sem_t begun;

static void take_one(void)
{
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    MQTTClient_receive(client, &topic, &length, &message, LONG);
    CHECK(message == NULL);
}

static void *receiving(void *unused)
{
    sem_post(&begun);
    for (;;)
        take_one();
    return unused;
}

/* To be cancelled at any place, not only in calls that are points for it. */
static void *receiving_asynchronously(void *unused)
{
    int before = 0;
    CHECK_INT(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before), 0);
    return receiving(unused);
}

static void *yielding(void *unused)
{
    sem_post(&begun);
    for (;;)
        MQTTClient_yield();
    return unused;
}

static void *waiting(void *token)
{
    sem_post(&begun);
    for (;;)
        MQTTClient_waitForCompletion(client, *(MQTTClient_deliveryToken *)token, LONG);
    return token;
}

#ifdef FIXED
static void *publishing(void *unused)
{
    sem_post(&begun);
    for (;;)
        CHECK_INT(MQTTClient_publish(client, "t", 1, "x", 0, 0, NULL), MQTTCLIENT_SUCCESS);
    return unused;
}
#endif

/* Returns what the thread left. */
static void *cancel(void *(*thread)(void *), void *argument)
{
    pthread_t id;
    void *result = NULL;
    CHECK_INT(pthread_create(&id, NULL, thread, argument), 0);
    while (sem_wait(&begun) != 0)
        ;
    usleep(50000); /* into the call; to be earlier is no fault */
    long long start = now_ms();
    CHECK_INT(pthread_cancel(id), 0);
    CHECK_INT(pthread_join(id, &result), 0);
    CHECK(now_ms() - start < PATIENCE);
    return result;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK_INT(sem_init(&begun, 0, 0), 0);
    client = create_client(broker, client_id("cancelled"));
    connect_client(client, 1);
    CHECK(cancel(receiving, NULL) == PTHREAD_CANCELED);
    CHECK(cancel(yielding, NULL) == PTHREAD_CANCELED);
    cancel(receiving_asynchronously, NULL); /* that it was cancelled is told by some versions of glibc only */
    deliver_text(client, unique("after"), "still here", 1, 0);
#ifdef FIXED
    CHECK(cancel(publishing, NULL) == PTHREAD_CANCELED);
    deliver_text(client, unique("after"), "still here", 2, 0);
#endif
    disconnect_and_destroy(&client);

    struct peer peer;
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; await; send 40 02 00 01; expect DISCONNECT");
    client = create_client(peer.uri, client_id("waiting"));
    connect_client(client, 1);
    MQTTClient_deliveryToken token = publish_text(client, "t", "x", 1, 0);
    CHECK(cancel(waiting, &token) == PTHREAD_CANCELED);
    peer_signal(&peer);
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    disconnect_and_destroy(&client);
    peer_finish(&peer);
    return 0;
}
