/* A store of the program's own whose calls fail, each in its turn: nothing that was accepted is lost, and no call of the
 * program comes back with anything but a code. */
#include "records.h"

#include "MQTTClientPersistence.h"

struct store {
    pthread_mutex_t lock;
    struct records records;
    int calls, failing; /* how many there were, and which of them fails; -1: none */
    char failed[64];    /* the one that did */
};

static struct store store = {.lock = PTHREAD_MUTEX_INITIALIZER, .failing = -1};

/* Begins a call; false: it has to fail. */
static int begin(const char *call, const char *key)
{
    pthread_mutex_lock(&store.lock);
    int fails = store.calls++ == store.failing;
    if (fails)
        snprintf(store.failed, sizeof store.failed, "%s %s", call, key);
    return !fails;
}

static int finish(int rc)
{
    pthread_mutex_unlock(&store.lock);
    return rc;
}

static int open_store(void **handle, const char *id, const char *uri, void *context)
{
    (void)id;
    (void)uri;
    *handle = context;
    return finish(begin("open", "") ? 0 : MQTTCLIENT_PERSISTENCE_ERROR);
}

static int close_store(void *handle)
{
    (void)handle;
    return finish(begin("close", "") ? 0 : MQTTCLIENT_PERSISTENCE_ERROR);
}

static int put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)handle;
    if (!begin("put", key))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    put_record(&store.records, key, count, buffers, lengths);
    return finish(0);
}

static int get(void *handle, char *key, char **bytes, int *length)
{
    (void)handle;
    if (!begin("get", key) || !get_record(&store.records, key, bytes, length))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    return finish(0);
}

static int take_away(void *handle, char *key)
{
    (void)handle;
    if (!begin("remove", key))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    remove_record(&store.records, key);
    return finish(0);
}

static int list(void *handle, char ***keys, int *count)
{
    (void)handle;
    if (!begin("keys", ""))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    list_records(&store.records, keys, count);
    return finish(0);
}

static int clear(void *handle)
{
    (void)handle;
    if (!begin("clear", ""))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    clear_records(&store.records);
    return finish(0);
}

static int contains(void *handle, char *key)
{
    (void)handle;
    if (!begin("contains", key))
        return finish(MQTTCLIENT_PERSISTENCE_ERROR);
    return finish(find_record(&store.records, key) == NULL);
}

static MQTTClient_persistence callbacks = {
    .context = &store, .popen = open_store, .pclose = close_store, .pput = put, .pget = get,
    .premove = take_away, .pkeys = list, .pclear = clear, .pcontainskey = contains,
};

static MQTTClient create_stored(const char *id)
{
    MQTTClient client = NULL;
    int rc;
    /* one call fails, so the second attempt cannot */
    for (int attempt = 0; (rc = MQTTClient_create(&client, broker, id, MQTTCLIENT_PERSISTENCE_USER, &callbacks)) != 0;
         ++attempt) {
        CHECK_INT(rc, MQTTCLIENT_PERSISTENCE_ERROR);
        CHECK_INT(attempt, 0);
        MQTTClient_destroy(&client);
    }
    return client;
}

static int connected(MQTTClient client, int cleansession)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleansession = cleansession;
    options.maxInflightMessages = 10;
    for (int attempt = 0; !MQTTClient_isConnected(client) && attempt < 3; ++attempt)
        MQTTClient_connect(client, &options);
    return MQTTClient_isConnected(client);
}

#define MESSAGES 4
static char expected[MESSAGES][64], arrived[4 * MESSAGES][64];
static int expected_count, arrived_count;

static void publish(MQTTClient client, const char *topic, const char *run, int number)
{
    char text[64];
    CHECK(connected(client, 0));
    snprintf(text, sizeof text, "%s %d", run, number);
    MQTTClient_deliveryToken token;
    int rc = MQTTClient_publish(client, topic, (int)strlen(text), text, 1 + number % 2, 0, &token);
    if (rc == MQTTCLIENT_SUCCESS)
        strcpy(expected[expected_count++], text);
    else
        CHECK_INT(rc, MQTTCLIENT_FAILURE);
}

static void receive(MQTTClient client, long patience)
{
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    CHECK(connected(client, 0));
    MQTTClient_receive(client, &topic, &length, &message, (unsigned long)patience);
    if (message == NULL)
        return;
    CHECK(arrived_count < 4 * MESSAGES);
    snprintf(arrived[arrived_count++], sizeof arrived[0], "%.*s", message->payloadlen, (char *)message->payload);
    MQTTClient_free(topic);
    MQTTClient_freeMessage(&message);
}

static int count_arrived(const char *text)
{
    int count = 0;
    for (int i = 0; i < arrived_count; ++i)
        count += strcmp(arrived[i], text) == 0;
    return count;
}

static int all_arrived(void)
{
    for (int i = 0; i < expected_count; ++i)
        if (count_arrived(expected[i]) == 0)
            return 0;
    return 1;
}

static void receive_all(MQTTClient client)
{
    for (long long until = now_ms() + PATIENCE; !all_arrived() && now_ms() < until;)
        receive(client, QUIET);
}

/* Sends messages to itself, through two clients one after the other; the call with this number fails. False: there was
 * none with this number. */
static int run(int failing)
{
    char name[32], *id, *topic;
    snprintf(name, sizeof name, "run-%d", failing);
    id = client_id(name);
    topic = unique(name);
    expected_count = arrived_count = 0;
    store.calls = 0;
    store.failing = failing;
    store.failed[0] = '\0';

    MQTTClient client = create_stored(id);
    CHECK(connected(client, 0));
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < MESSAGES - 1; ++i)
        publish(client, topic, name, i);
    receive(client, PATIENCE);
    MQTTClient_destroy(&client); /* with messages under way in both directions */
    client = create_stored(id);
    publish(client, topic, name, MESSAGES - 1);
    receive_all(client);
    if (!all_arrived() && (strncmp(store.failed, "get q", 5) == 0 || strncmp(store.failed, "keys", 4) == 0)) {
        /* as with the original, what could not be read waits in the store for the next client */
        MQTTClient_destroy(&client);
        client = create_stored(id);
        receive_all(client);
    }
    receive(client, 50); /* nothing comes twice */
    int failed = store.calls > failing;
    if (!all_arrived())
        CHECK_FAIL("a message was lost when call %d failed: %s", failing, store.failed);
    /* a taken message whose record cannot be removed is known to the store only */
    if (strncmp(store.failed, "remove q", 8) != 0)
        for (int i = 0; i < expected_count; ++i)
            if (strchr(expected[i], ' ')[1] % 2 == 1 && count_arrived(expected[i]) != 1)
                CHECK_FAIL("%s came twice when call %d failed: %s", expected[i], failing, store.failed);
    store.failing = -1;
    MQTTClient_disconnect(client, 0);
    CHECK(connected(client, 1)); /* the broker forgets the session */
    MQTTClient_disconnect(client, 0);
    MQTTClient_destroy(&client);
    clear(NULL);
    free(id);
    free(topic);
    return failed;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    int failing = 0;
    while (run(failing))
        ++failing;
    CHECK(failing > 30);
    return 0;
}
