/* Delivery tokens: which are pending, for how long one can wait for them, what becomes of them. */
#include "relay.h"
#include "support.h"

static void expect_pending(MQTTClient client, int count, const int *expected)
{
    MQTTClient_deliveryToken *tokens = (MQTTClient_deliveryToken *)&count;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK((tokens == NULL) == (count == 0));
    for (int i = 0; i < count; ++i)
        CHECK_INT(tokens[i], expected[i]);
    CHECK(tokens == NULL || tokens[count] == -1);
    MQTTClient_free(tokens);
}

static void tokens_in_one_mode(int callbacks)
{
    static struct inbox inbox;
    struct relay relay;
    inbox_init(&inbox);
    relay_start(&relay, broker);
    MQTTClient client = create_client(relay.uri, client_id(callbacks ? "callbacks" : "plain"));
    char *topic = unique("topic");
    int tokens[5];
    if (callbacks)
        use_inbox(client, &inbox);
    expect_pending(client, 0, NULL);
    connect_client(client, 1);
    expect_pending(client, 0, NULL);

    relay_hold(&relay);
    for (int i = 0; i < 5; ++i) {
        tokens[i] = publish_text(client, topic, "x", 1 + i % 2, 0);
        CHECK_INT(tokens[i], i + 1);
    }
    CHECK_INT(publish_text(client, topic, "x", 0, 0), -7);
    expect_pending(client, 5, tokens);

    long long start = now_ms();
    CHECK_INT(MQTTClient_waitForCompletion(client, tokens[4], 300), MQTTCLIENT_FAILURE);
    CHECK(now_ms() - start >= 290 && now_ms() - start < 2000);
    CHECK_INT(MQTTClient_waitForCompletion(client, tokens[4], 0), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_waitForCompletion(client, 4711, 1000), MQTTCLIENT_SUCCESS); /* unknown: complete */
    expect_pending(client, 5, tokens);

    relay_go_on(&relay);
    for (int i = 4; i >= 0; --i)
        CHECK_INT(MQTTClient_waitForCompletion(client, tokens[i], PATIENCE), MQTTCLIENT_SUCCESS);
    expect_pending(client, 0, NULL);
    if (callbacks)
        CHECK_ARRIVES(&inbox, completed, 5);

    /* disconnect waits for what is under way, at most as long as it is told */
    relay_hold(&relay);
    int last = publish_text(client, topic, "x", 1, 0);
    expect_pending(client, 1, &last);
    start = now_ms();
    CHECK_INT(MQTTClient_disconnect(client, 400), MQTTCLIENT_SUCCESS);
    CHECK(now_ms() - start >= 350 && now_ms() - start < 3000);
    expect_pending(client, 0, NULL); /* a clean session forgets */
    CHECK_INT(MQTTClient_waitForCompletion(client, last, 100), MQTTCLIENT_DISCONNECTED);

    /* a new clean session counts from the start */
    relay_go_on(&relay);
    connect_client(client, 1);
    CHECK_INT(publish_text(client, topic, "x", 2, 0), 1);
    disconnect_and_destroy(&client);
    relay_stop(&relay);
}

struct told {
    MQTTClient client;
    int look;                               /* whether they ask what is pending: the original unlocks at that */
    int published, completed;               /* callbacks that have returned */
    int pending_published, pending_completed; /* whether the token was pending inside them */
    struct gate {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        int reached, open;
    } gate; /* where messageArrived waits */
};

static int is_pending(MQTTClient client, int token)
{
    int found = 0, *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    for (int i = 0; tokens != NULL && tokens[i] != -1; ++i)
        found |= tokens[i] == token;
    MQTTClient_free(tokens);
    return found;
}

static void pause_of(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void slow_published(void *context, int token, int type, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
    struct told *told = context;
    (void)type, (void)properties, (void)reason;
    told->pending_published = told->look && is_pending(told->client, token);
    pause_of(30);
    __atomic_fetch_add(&told->published, 1, __ATOMIC_SEQ_CST);
}

static void slow_complete(void *context, MQTTClient_deliveryToken token)
{
    struct told *told = context;
    told->pending_completed = told->look && is_pending(told->client, token);
    pause_of(30);
    __atomic_fetch_add(&told->completed, 1, __ATOMIC_SEQ_CST);
}

static int gated_arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
    struct gate *gate = &((struct told *)context)->gate;
    (void)length;
    pthread_mutex_lock(&gate->lock);
    gate->reached = 1;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static int publish_one(struct told *told, int version, const char *topic, int qos)
{
    int token = -7;
    if (version == 5) {
        MQTTResponse response = MQTTClient_publish5(told->client, topic, 1, "x", qos, 0, NULL, &token);
        CHECK_INT((int)response.reasonCode, MQTTCLIENT_SUCCESS);
    } else {
        CHECK_INT(MQTTClient_publish(told->client, topic, 1, "x", qos, 0, &token), MQTTCLIENT_SUCCESS);
    }
    return token;
}

struct expected {
    int token, early; /* callbacks that came before their token */
};

static void expected_published(void *context, int token, int type, MQTTProperties *properties,
                               enum MQTTReasonCodes reason)
{
    struct expected *expected = context;
    (void)type, (void)properties, (void)reason;
    expected->early += token != expected->token;
}

static void expected_complete(void *context, MQTTClient_deliveryToken token)
{
    struct expected *expected = context;
    expected->early += token != expected->token;
}

static int no_message(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)topic, (void)length, (void)message;
    CHECK(0);
    return 1;
}

/* The token is there before the callbacks for it run, which may be before publish has returned. */
static void tokens_come_before_callbacks(int version)
{
    struct expected expected = {0, 0};
    char *topic = unique("expected");
    const char *id = client_id(version == 5 ? "expected5" : "expected");
    MQTTClient client = version == 5 ? create_client5(broker, id) : create_client(broker, id);
    CHECK_INT(MQTTClient_setCallbacks(client, &expected, NULL, no_message, expected_complete), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_setPublished(client, &expected, expected_published), MQTTCLIENT_SUCCESS);
    if (version == 5)
        connect_client5(client);
    else
        connect_client(client, 1);
#ifdef FIXED
    int count = 1000;
#else
    int count = 20; /* the original takes 0.1 s for each */
#endif
    for (int i = 0; i < count; ++i) {
        expected.token = -7;
        if (version == 5) {
            MQTTResponse response = MQTTClient_publish5(client, topic, 1, "x", 1 + i % 2, 0, NULL, &expected.token);
            CHECK_INT((int)response.reasonCode, MQTTCLIENT_SUCCESS);
        } else {
            CHECK_INT(MQTTClient_publish(client, topic, 1, "x", 1 + i % 2, 0, &expected.token), MQTTCLIENT_SUCCESS);
        }
        CHECK_INT(MQTTClient_waitForCompletion(client, expected.token, PATIENCE), MQTTCLIENT_SUCCESS);
    }
    CHECK_INT(expected.early, 0);
    disconnect_and_destroy(&client);
}

/* Behind a wait, and when a token is no longer pending, the callbacks for it have returned. */
static void callbacks_return_before_the_wait(int version)
{
    struct told told = {.gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0}};
    char *topic = unique("told");
    told.client = version == 5 ? create_client5(broker, client_id("told5")) : create_client(broker, client_id("told"));
    CHECK_INT(MQTTClient_setCallbacks(told.client, &told, NULL, gated_arrived, slow_complete), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_setPublished(told.client, &told, slow_published), MQTTCLIENT_SUCCESS);
    if (version == 5)
        connect_client5(told.client);
    else
        connect_client(told.client, 1);

    int published = 0;
    for (int count = 1; count <= 6; ++count) {
        told.look = count <= 2;
        int token = publish_one(&told, version, topic, 1 + count % 2);
        if (told.look)
            while (__atomic_load_n(&told.completed, __ATOMIC_SEQ_CST) < count)
                pause_of(1);
        else if (count <= 4)
            CHECK_INT(MQTTClient_waitForCompletion(told.client, token, PATIENCE), MQTTCLIENT_SUCCESS);
        else
            while (is_pending(told.client, token))
                pause_of(1);
        CHECK_INT(__atomic_load_n(&told.completed, __ATOMIC_SEQ_CST), count);
        published += version == 5;
        CHECK_INT(__atomic_load_n(&told.published, __ATOMIC_SEQ_CST), published);
        CHECK_INT(told.pending_published, told.look && version == 5);
        CHECK_INT(told.pending_completed, 0);
    }
#ifdef FIXED
    /* but a wait does not outlast a callback about something else */
    if (version == 5) {
        MQTTResponse response = MQTTClient_subscribe5(told.client, topic, 0, NULL, NULL);
        MQTTResponse_free(response);
    } else {
        CHECK_INT(MQTTClient_subscribe(told.client, topic, 0), MQTTCLIENT_SUCCESS);
    }
    publish_one(&told, version, topic, 0);
    pthread_mutex_lock(&told.gate.lock);
    while (!told.gate.reached)
        pthread_cond_wait(&told.gate.changed, &told.gate.lock);
    pthread_mutex_unlock(&told.gate.lock);
    int token = publish_one(&told, version, topic, 1);
    CHECK_INT(MQTTClient_waitForCompletion(told.client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(told.completed, 6);
    CHECK(is_pending(told.client, token));
#endif
    pthread_mutex_lock(&told.gate.lock);
    told.gate.open = 1;
    pthread_cond_broadcast(&told.gate.changed);
    pthread_mutex_unlock(&told.gate.lock);
#ifdef FIXED
    CHECK_INT(MQTTClient_waitForCompletion(told.client, token, PATIENCE), MQTTCLIENT_SUCCESS);
#endif
    disconnect_and_destroy(&told.client);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    tokens_in_one_mode(0);
    tokens_in_one_mode(1);
    tokens_come_before_callbacks(4);
    tokens_come_before_callbacks(5);
    callbacks_return_before_the_wait(4);
    callbacks_return_before_the_wait(5);
    return 0;
}
