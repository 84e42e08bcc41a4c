/* Several threads receive, yield and publish with one client that has no callbacks: each message comes to exactly one of
 * them, and a disconnect ends what waits. */
#include "peer.h"

#define PUBLISHERS 4
#define RECEIVERS 4
#define YIELDERS 2
#define EACH 90

static MQTTClient client;
static char *topic;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int seen[PUBLISHERS][EACH], total, stop;

static void *publish_all(void *argument)
{
    for (int i = 0; i < EACH; ++i) {
        char text[32];
        snprintf(text, sizeof text, "%d %d", (int)(size_t)argument, i);
        publish_text(client, topic, text, i % 3, 0);
    }
    return NULL;
}

static void take(const char *name, int length, const MQTTClient_message *message)
{
    int number = -1, position = -1;
    char text[32];
    CHECK_STR(name, topic);
    CHECK_INT(length, strlen(topic));
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
    CHECK_INT(sscanf(text, "%d %d", &number, &position), 2);
    CHECK(number >= 0 && number < PUBLISHERS && position >= 0 && position < EACH);
    CHECK_INT(message->qos, position % 3);
    pthread_mutex_lock(&lock);
    seen[number][position]++;
    total++;
    pthread_mutex_unlock(&lock);
}

static int all_came(void)
{
    pthread_mutex_lock(&lock);
    int all = total >= PUBLISHERS * EACH;
    pthread_mutex_unlock(&lock);
    return all;
}

static void *receive_all(void *argument)
{
    long long start = now_ms();
    (void)argument;
    while (!all_came() && now_ms() - start < PATIENCE) {
        char *name = NULL;
        int length = -1;
        MQTTClient_message *message = NULL;
        CHECK_INT(MQTTClient_receive(client, &name, &length, &message, 50), MQTTCLIENT_SUCCESS);
        if (message == NULL)
            continue;
        take(name, length, message);
        MQTTClient_free(name);
        MQTTClient_freeMessage(&message);
    }
    return NULL;
}

static void *yield_on(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        MQTTClient_yield();
    return NULL;
}

static long long returned;

static void *receive_to_the_end(void *handle)
{
    char *name = NULL;
    int length;
    MQTTClient_message *message = NULL;
    CHECK(MQTTClient_receive(handle, &name, &length, &message, PATIENCE) < 0);
    returned = now_ms();
    return NULL;
}

/* How long receive lasts beyond a disconnect by another thread, in ms. */
static long long outlast_disconnect(void)
{
    struct peer peer;
    pthread_t thread;
    /* only receive gives the answer */
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; await; send 62 02 00 07; expect 70 02 00 07; signal;"
                      "expect e0 00; expect-eof");
    MQTTClient waiting = create_client(peer.uri, "waiting");
    connect_client(waiting, 1);
    peer_signal(&peer);
    CHECK_INT(pthread_create(&thread, NULL, receive_to_the_end, waiting), 0);
    peer_await(&peer);
    CHECK_INT(MQTTClient_disconnect(waiting, 0), MQTTCLIENT_SUCCESS);
    long long start = now_ms();
    CHECK_INT(pthread_join(thread, NULL), 0);
    peer_finish(&peer);
    MQTTClient_destroy(&waiting);
    return returned - start;
}

static void receive_ends_with_the_connection(void)
{
    /* On a busy machine it may take longer for once. */
    for (int i = 0; outlast_disconnect() > 200; ++i)
        CHECK(i < 10);
}

int main(int argc, char **argv)
{
    static void *(*const work[])(void *) = {publish_all, receive_all, yield_on};
    static const int counts[] = {PUBLISHERS, RECEIVERS, YIELDERS};
    pthread_t threads[3][4];
    read_arguments(argc, argv);
    topic = unique("topic");
    client = create_client(broker, client_id("client"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    for (int kind = 0; kind < 3; ++kind)
        for (int i = 0; i < counts[kind]; ++i)
            CHECK_INT(pthread_create(&threads[kind][i], NULL, work[kind], (void *)(size_t)i), 0);
    for (int kind = 0; kind < 3; ++kind) {
        if (work[kind] == yield_on)
            __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        for (int i = 0; i < counts[kind]; ++i)
            pthread_join(threads[kind][i], NULL);
    }
    expect_nothing(client);
    for (int i = 0; i < PUBLISHERS; ++i)
        for (int j = 0; j < EACH; ++j)
            CHECK_INT(seen[i][j], 1);
    disconnect_and_destroy(&client);
    receive_ends_with_the_connection();
    return 0;
}
