/* A client is destroyed while its store is slow and a thread has just taken a message: the message is with the program
 * or in the store for the next client, not in both places. Nor is the
 * record of an exchange forgotten when threads connect while messages are stored. */
#include "peer.h"
#include "records.h"
#include "v5.h"

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

static int take_and_destroy(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    MQTTClient_destroy(&client);
    ++taken;
    sem_post(&first_arrived);
    return 1;
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

/* Nobody could be offered it again. */
static void in_message_arrived(void)
{
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; await;" FIRST "expect 40 02 00 01; expect-eof");
    taken = store.puts = store.slow_put = 0;
    CHECK_INT(MQTTClient_create(&client, peer.uri, client_id("c"), MQTTCLIENT_PERSISTENCE_USER, &functions), 0);
    CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, take_and_destroy, NULL), 0);
    connect_client(client, 0);
    peer_signal(&peer);
    wait_for(&first_arrived);
    peer_finish(&peer);
    CHECK_INT(taken, 1);
    CHECK_INT(store.records.count, 0);
}

#define SESSION "accept; expect CONNECT; send 20 03 01 00 00;"
#define AT_QOS_2(id) "send 3c 07 00 01 74 00 " id " 00 " id ";"
#define MESSAGES AT_QOS_2("01") AT_QOS_2("02") AT_QOS_2("03") AT_QOS_2("04") AT_QOS_2("05") AT_QOS_2("06")
#define ANSWERED(id) "expect 50 02 00 " id ";"
#define ALL_ANSWERED ANSWERED("01") ANSWERED("02") ANSWERED("03") ANSWERED("04") ANSWERED("05") ANSWERED("06")

static int count(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    __atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
    return 1;
}

static MQTTClient create_counting(void)
{
    MQTTClient made = NULL;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = MQTTVERSION_5;
    CHECK_INT(MQTTClient_createWithOptions(&made, peer.uri, client_id("c"), MQTTCLIENT_PERSISTENCE_USER, &functions, &options), 0);
    CHECK_INT(MQTTClient_setCallbacks(made, NULL, NULL, count, NULL), 0);
    return made;
}

static void *reconnect(void *handle)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.cleanstart = 0;
    options.connectTimeout = 10;
    MQTTResponse response = MQTTClient_connect5(handle, &options, NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    return NULL;
}

/* Each connect ends the connection of the one before, on which messages may be on their way into the store. The server
 * sends them on each of them until they are answered there. */
static void with_connects(void)
{
    pthread_t callers[3];
    peer_start(&peer, SESSION MESSAGES SESSION MESSAGES SESSION MESSAGES SESSION MESSAGES ALL_ANSWERED "signal; expect-eof");
    taken = store.puts = store.slow_put = 0;
    client = create_counting();
    for (int i = 0; i < 3; ++i)
        CHECK_INT(pthread_create(&callers[i], NULL, reconnect, client), 0);
    for (int i = 0; i < 3; ++i)
        pthread_join(callers[i], NULL);
    MQTTClient_destroy(&client);
    client = create_counting();
    reconnect(client);
    while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) < 6)
        sched_yield();
    peer_await(&peer);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
    CHECK_INT(taken, 6);
    clear_records(&store.records);
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
        in_message_arrived();
        with_connects();
    }
    return 0;
}
