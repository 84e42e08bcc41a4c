/* A client is destroyed while its store is slow and a thread has just taken a message: the message is with the program
 * or in the store for the next client, not in both places. */
#include "peer.h"
#include "records.h"

#include "MQTTClientPersistence.h"

#define ROUNDS 40
#define FIRST "send 32 05 00 01 74 00 01;"
#define SECOND "send 32 05 00 01 74 00 02;"

static struct store {
    pthread_mutex_t lock;
    struct records records;
    int puts, slow_put; /* that one waits */
    sem_t begun, go_on;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct peer peer;
static MQTTClient client;
static int taken;
static sem_t first_arrived;

static int open_store(void **handle, const char *id, const char *uri, void *context)
{
    (void)id, (void)uri;
    *handle = context;
    return 0;
}

static int close_store(void *handle)
{
    (void)handle;
    return 0;
}

static void wait_for(sem_t *event)
{
    while (sem_wait(event) != 0)
        ;
}

static int put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)handle;
    if (++store.puts == store.slow_put) {
        sem_post(&store.begun);
        wait_for(&store.go_on);
    }
    pthread_mutex_lock(&store.lock);
    put_record(&store.records, key, count, buffers, lengths);
    pthread_mutex_unlock(&store.lock);
    return 0;
}

static int get(void *handle, char *key, char **bytes, int *length)
{
    (void)handle;
    return get_record(&store.records, key, bytes, length) ? 0 : MQTTCLIENT_PERSISTENCE_ERROR;
}

static int take_away(void *handle, char *key)
{
    (void)handle;
    pthread_mutex_lock(&store.lock);
    remove_record(&store.records, key);
    pthread_mutex_unlock(&store.lock);
    return 0;
}

static int list(void *handle, char ***keys, int *count)
{
    (void)handle;
    list_records(&store.records, keys, count);
    return 0;
}

static int clear(void *handle)
{
    (void)handle;
    clear_records(&store.records);
    return 0;
}

static int contains(void *handle, char *key)
{
    (void)handle;
    return find_record(&store.records, key) != NULL ? 0 : MQTTCLIENT_PERSISTENCE_ERROR;
}

static MQTTClient_persistence functions = {&store, open_store, close_store, put, get, take_away, list, clear, contains};

/* For the first message returns when the second one is being stored. */
static int take(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    if (++taken == 1) {
        peer_signal(&peer);
        wait_for(&store.begun);
        sem_post(&first_arrived);
    }
    return 1;
}

static void *subscribe(void *handle)
{
    CHECK(MQTTClient_subscribe(handle, "t", 1) < 0);
    return NULL;
}

static void *receive(void *handle)
{
    char *topic = NULL;
    int length;
    MQTTClient_message *message = NULL;
    MQTTClient_receive(handle, &topic, &length, &message, PATIENCE);
    if (message != NULL) {
        ++taken;
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }
    return NULL;
}

static void *destroy(void *unused)
{
    MQTTClient handle = client;
    MQTTClient_destroy(&handle);
    return unused;
}

static void begin(const char *script, int slow_put, int callbacks)
{
    store.puts = taken = 0;
    store.slow_put = slow_put;
    peer_start(&peer, script);
    CHECK_INT(MQTTClient_create(&client, peer.uri, client_id("c"), MQTTCLIENT_PERSISTENCE_USER, &functions), 0);
    if (callbacks)
        CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, take, NULL), 0);
    connect_client(client, 0);
}

/* With the store in the middle of a record. */
static void destroy_and_count(int received, pthread_t *callers, int count)
{
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, destroy, NULL), 0);
    while (MQTTClient_isConnected(client)) /* until the handle stands for nothing */
        sched_yield();
    sem_post(&store.go_on);
    pthread_join(thread, NULL);
    for (int i = 0; i < count; ++i)
        pthread_join(callers[i], NULL);
    peer_signal(&peer);
    peer_finish(&peer);
    CHECK_INT(taken + store.records.count, received);
    clear_records(&store.records);
}

/* messageArrived has returned and its record cannot be removed yet. */
static void with_callbacks(void)
{
    begin("accept; expect CONNECT; send 20 02 00 00;" FIRST "expect 40 02 00 01; await;" SECOND "await", 2, 1);
    wait_for(&first_arrived);
    destroy_and_count(2, NULL, 0);
}

/* A receive waits behind the thread that stores the message. */
static void without_callbacks(void)
{
    pthread_t callers[2];
    begin("accept; expect CONNECT; send 20 02 00 00; expect SUBSCRIBE; signal; await;" FIRST "await", 1, 0);
    CHECK_INT(pthread_create(&callers[0], NULL, subscribe, client), 0);
    peer_await(&peer);
    CHECK_INT(pthread_create(&callers[1], NULL, receive, client), 0);
    peer_signal(&peer);
    wait_for(&store.begun);
    destroy_and_count(1, callers, 2);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK_INT(sem_init(&store.begun, 0, 0), 0);
    CHECK_INT(sem_init(&store.go_on, 0, 0), 0);
    CHECK_INT(sem_init(&first_arrived, 0, 0), 0);
    for (int round = 0; round < ROUNDS; ++round) {
        with_callbacks();
        without_callbacks();
    }
    return 0;
}
