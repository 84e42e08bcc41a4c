/* The in-flight window: one message by default, ten without `reliable`, or what the options say.
 * A publish that finds it full waits, and says so in the trace. */
#include "relay.h"
#include "support.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int blocked, resumed;

static void watch(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    (void)level;
    pthread_mutex_lock(&lock);
    blocked += strstr(text, "Blocking publish on queue full for client ") != NULL;
    resumed += strstr(text, "Resuming publish now queue not full for client ") != NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void watch_anew(void)
{
    pthread_mutex_lock(&lock);
    blocked = resumed = 0;
    pthread_mutex_unlock(&lock);
}

static void expect_seen(int blocks, int resumptions)
{
    pthread_mutex_lock(&lock);
    CHECK_INT(blocked, blocks);
    CHECK_INT(resumed, resumptions);
    pthread_mutex_unlock(&lock);
}

/* Lets the acknowledgements through as soon as a publish is blocked. */
static void *release_when_blocked(void *relay)
{
    pthread_mutex_lock(&lock);
    while (blocked == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    relay_go_on(relay);
    return NULL;
}

static void expect_window(struct relay *relay, MQTTClient client, int reliable, int max_inflight, int window, int qos)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.reliable = reliable;
    options.maxInflightMessages = max_inflight;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    watch_anew();

    char *topic = unique("topic");
    relay_hold(relay);
    for (int i = 0; i < window; ++i)
        publish_text(client, topic, "x", 1 + i % 2, 0);
    expect_seen(0, 0);

    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, release_when_blocked, relay), 0);
    publish_text(client, topic, "one more", qos, 0);
    pthread_join(thread, NULL);
    expect_seen(1, 1);
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
}

/* The connection breaks while a publish waits: -1, no token, nothing kept of that message. */
static void *cut_when_blocked(void *relay)
{
    pthread_mutex_lock(&lock);
    while (blocked == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    relay_cut(relay);
    return NULL;
}

static void a_loss_ends_the_wait(struct relay *relay, MQTTClient client)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    watch_anew();
    relay_hold(relay);
    publish_text(client, unique("topic"), "x", 1, 0);
    pthread_t thread;
    MQTTClient_deliveryToken token = -7;
    CHECK_INT(pthread_create(&thread, NULL, cut_when_blocked, relay), 0);
    CHECK_INT(MQTTClient_publish(client, unique("topic"), 1, "y", 1, 0, &token), MQTTCLIENT_FAILURE);
    pthread_join(thread, NULL);
    CHECK_INT(token, -7);
    expect_seen(1, 0);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    relay_go_on(relay);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static struct inbox inbox;
    struct relay relay;
    relay_start(&relay, broker);
    MQTTClient_setTraceCallback(watch);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_MINIMUM);
    for (int callbacks = 0; callbacks <= 1; ++callbacks) {
        MQTTClient client = create_client(relay.uri, client_id(callbacks ? "callbacks" : "plain"));
        if (callbacks) {
            inbox_init(&inbox);
            use_inbox(client, &inbox);
        }
        expect_window(&relay, client, 1, -1, 1, 1);
        expect_window(&relay, client, 1, -1, 1, 0); /* QoS 0 waits as well */
        expect_window(&relay, client, 0, -1, 10, 2);
        expect_window(&relay, client, 1, 3, 3, 1);
        expect_window(&relay, client, 0, 20, 20, 1);
        a_loss_ends_the_wait(&relay, client);
        MQTTClient_destroy(&client);
    }
    relay_stop(&relay);
    return 0;
}
