/* What belongs to the whole process, changed and asked by many threads while messages go to and fro: the trace's level and
 * callback, the texts, and the coming and going of other clients. */
#include "support.h"

#define ASKERS 3
#define MESSAGES 300

static int stop, lines[2];
static MQTTClient client;
static char *topic;

static int going(void) { return !__atomic_load_n(&stop, __ATOMIC_RELAXED); }

#define TRACE_CALLBACK(number) \
    static void trace_##number(enum MQTTCLIENT_TRACE_LEVELS level, char *text) \
    { \
        CHECK(level >= MQTTCLIENT_TRACE_MAXIMUM && level <= MQTTCLIENT_TRACE_FATAL); \
        CHECK(strlen(text) > 0); \
        __atomic_fetch_add(&lines[number], 1, __ATOMIC_RELAXED); \
    }
TRACE_CALLBACK(0)
TRACE_CALLBACK(1)

static void *change_trace(void *argument)
{
    static MQTTClient_traceCallback *const callbacks[] = {trace_0, trace_1, NULL};
    (void)argument;
    for (int i = 0; going() || !__atomic_load_n(&lines[0], __ATOMIC_RELAXED) || !__atomic_load_n(&lines[1], __ATOMIC_RELAXED); ++i) {
        MQTTClient_setTraceCallback(callbacks[i % 3]);
        MQTTClient_setTraceLevel((enum MQTTCLIENT_TRACE_LEVELS)(MQTTCLIENT_TRACE_MAXIMUM + i % 7));
        if (!going()) /* a line for each callback */
            publish_text(client, topic, "end", 0, 0);
    }
    MQTTClient_setTraceCallback(NULL);
    return NULL;
}

static void *ask(void *argument)
{
    int code = 1000 + (int)(size_t)argument;
    char text[32];
    snprintf(text, sizeof text, "Unknown error code %d", code);
    MQTTClient_init_options init = MQTTClient_init_options_initializer;
    while (going()) {
        MQTTClient_global_init(&init);
        CHECK_STR(MQTTClient_strerror(code), text); /* each thread has its own */
        CHECK_STR(MQTTClient_strerror(MQTTCLIENT_SUCCESS), "Success");
        CHECK_STR(MQTTReasonCode_toString(MQTTREASONCODE_BANNED), "Banned");
        CHECK_STR(MQTTPropertyName(MQTTPROPERTY_CODE_USER_PROPERTY), "USER_PROPERTY");
        MQTTClient_nameValue *facts = MQTTClient_getVersionInfo();
        CHECK(facts->name != NULL && facts->value != NULL);
        for (; facts->name != NULL; ++facts)
            CHECK(strlen(facts->name) > 0 && strlen(facts->value) > 0);
    }
    return NULL;
}

static void *come_and_go(void *argument)
{
    char name[32];
    snprintf(name, sizeof name, "other-%d", (int)(size_t)argument);
    char *id = client_id(name);
    while (going()) {
        struct inbox inbox;
        inbox_init(&inbox);
        MQTTClient other = create_client(broker, id);
        use_inbox(other, &inbox);
        connect_client(other, 1);
        deliver_text(other, topic, "hello", 1, 0);
        disconnect_and_destroy(&other);
        CHECK_INT(inbox.lost, 0);
        CHECK_INT(inbox.completed, 1);
    }
    return NULL;
}

/* Clients from nothing to nothing: the first one starts the library, the last one stops it. */
static void *create_and_destroy(void *argument)
{
    (void)argument;
    for (int i = 0; i < 200; ++i) {
        MQTTClient other = create_client(broker, "nobody");
        MQTTClient_setCommandTimeout(other, 6000);
        MQTTClient_destroy(&other);
        CHECK(other == NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    topic = unique("topic");
    pthread_t threads[2 * ASKERS + 1];
    int count = 0;
    for (; count < ASKERS; ++count)
        CHECK_INT(pthread_create(&threads[count], NULL, create_and_destroy, NULL), 0);
    while (count > 0)
        pthread_join(threads[--count], NULL);

    client = create_client(broker, client_id("client"));
    connect_client(client, 1);
    char *own = unique("own");
    CHECK_INT(MQTTClient_subscribe(client, own, 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(pthread_create(&threads[count++], NULL, change_trace, NULL), 0);
    for (size_t i = 0; i < ASKERS; ++i) {
        CHECK_INT(pthread_create(&threads[count++], NULL, ask, (void *)i), 0);
        CHECK_INT(pthread_create(&threads[count++], NULL, come_and_go, (void *)i), 0);
    }
    for (int i = 0; i < MESSAGES; ++i) {
        deliver_text(client, own, "there and back", i % 3, 0);
        expect_text(client, own, "there and back", i % 3);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    disconnect_and_destroy(&client);
    return 0;
}
