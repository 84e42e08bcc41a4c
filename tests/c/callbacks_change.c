/* Callbacks that are set anew while messages come: each message and each completion goes to one set of them, whole: the
 * function with the context it was set with; and the new ones are called from then on. */
#include <stddef.h>

#include "support.h"

#define SETS 3
#define CHANGES 60
#define MOST 100000

static struct inbox sets[SETS]; /* only what came is counted in them */
static int seen[MOST], published, stop;
static MQTTClient client;
static char *topic;

static void count(struct inbox *set, int *counter)
{
    pthread_mutex_lock(&set->lock);
    ++*counter;
    pthread_cond_broadcast(&set->changed);
    pthread_mutex_unlock(&set->lock);
}

static int arrived(struct inbox *set, void *context, char *name, MQTTClient_message *message)
{
    CHECK(context == set);
    char text[16];
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
    __atomic_fetch_add(&seen[atoi(text)], 1, __ATOMIC_RELAXED);
    MQTTClient_free(name);
    MQTTClient_freeMessage(&message);
    count(set, &set->arrived);
    return 1;
}

#define SET_OF_CALLBACKS(number) \
    static int arrived_##number(void *context, char *name, int length, MQTTClient_message *message) \
    { \
        (void)length; \
        return arrived(&sets[number], context, name, message); \
    } \
    static void completed_##number(void *context, MQTTClient_deliveryToken token) \
    { \
        (void)token; \
        CHECK(context == &sets[number]); \
        count(&sets[number], &sets[number].completed); \
    }
SET_OF_CALLBACKS(0)
SET_OF_CALLBACKS(1)
SET_OF_CALLBACKS(2)

static void use(int number)
{
    static MQTTClient_messageArrived *const arrivals[] = {arrived_0, arrived_1, arrived_2};
    static MQTTClient_deliveryComplete *const completions[] = {completed_0, completed_1, completed_2};
    CHECK_INT(MQTTClient_setCallbacks(client, &sets[number], inbox_lost, arrivals[number], completions[number]),
              MQTTCLIENT_SUCCESS);
}

static void *publish_until_told(void *argument)
{
    (void)argument;
    for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED) && published < MOST; ++published) {
        char text[16];
        snprintf(text, sizeof text, "%d", published);
        publish_text(client, topic, text, 1 + published % 2, 0);
    }
    return NULL;
}

/* What all sets have seen together. */
static int sum(size_t counter)
{
    int sum = 0;
    for (int i = 0; i < SETS; ++i)
        sum += inbox_wait_for(&sets[i], (int *)((char *)&sets[i] + counter), 0, 0);
    return sum;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    topic = unique("topic");
    for (int i = 0; i < SETS; ++i)
        inbox_init(&sets[i]);
    client = create_client(broker, client_id("client"));
    use(0);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    pthread_t publisher;
    CHECK_INT(pthread_create(&publisher, NULL, publish_until_told, NULL), 0);
    for (int i = 0; i < CHANGES; ++i) {
        struct inbox *set = &sets[i % SETS];
        use(i % SETS);
        int before = inbox_wait_for(set, &set->arrived, 0, 0);
        CHECK(inbox_wait_for(set, &set->arrived, before + 1, PATIENCE) > before);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(publisher, NULL);
    long long start = now_ms();
    while (sum(offsetof(struct inbox, arrived)) < published || sum(offsetof(struct inbox, completed)) < published)
        CHECK(now_ms() - start < PATIENCE);
    disconnect_and_destroy(&client);
    CHECK_INT(sum(offsetof(struct inbox, arrived)), published);
    CHECK_INT(sum(offsetof(struct inbox, completed)), published);
    for (int i = 0; i < published; ++i)
        CHECK_INT(__atomic_load_n(&seen[i], __ATOMIC_RELAXED), 1);
    return 0;
}
