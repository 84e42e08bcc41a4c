/* A connection that breaks: connectionLost once, isConnected 0, and connect works again. */
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "peer.h"
#include "relay.h"

static void is_reported_once_with_callbacks(void)
{
    static struct inbox inbox;
    struct relay relay;
    inbox_init(&inbox);
    relay_start(&relay, broker);
    char *topic = unique("callbacks");
    MQTTClient client = create_client(relay.uri, client_id("callbacks"));
    use_inbox(client, &inbox);
    for (int i = 1; i <= 3; ++i) {
        connect_client(client, 1);
        CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
        publish_text(client, topic, "still alive", 1, 0);
        CHECK_ARRIVES(&inbox, arrived, i);
        CHECK_INT(inbox_wait_for(&inbox, &inbox.lost, 0, 0), i - 1);
        relay_cut(&relay);
        CHECK_ARRIVES(&inbox, lost, i);
        CHECK_INT(MQTTClient_isConnected(client), 0);
        CHECK_INT(MQTTClient_publish(client, topic, 1, "x", 1, 0, NULL), MQTTCLIENT_DISCONNECTED);
        CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_DISCONNECTED);
    }
    CHECK_STAYS(&inbox, lost, 3);

    /* neither a failed connect nor an orderly end is a loss */
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    relay_refuse(&relay);
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    relay_accept_again(&relay);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_STAYS(&inbox, lost, 3);
    MQTTClient_destroy(&client);
    relay_stop(&relay);
}

static void is_noticed_by_receive_without(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    char *topic = unique("plain");
    MQTTClient client = create_client(relay.uri, client_id("plain"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    relay_cut(&relay);

    char *got = NULL;
    int length, rc;
    MQTTClient_message *message = NULL;
    long long start = now_ms();
    rc = MQTTClient_receive(client, &got, &length, &message, PATIENCE);
    CHECK_INT(rc, MQTTCLIENT_FAILURE);
    CHECK(message == NULL);
    CHECK(now_ms() - start < PATIENCE / 2);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    CHECK_INT(MQTTClient_receive(client, &got, &length, &message, 10), MQTTCLIENT_DISCONNECTED);

    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    deliver_text(client, topic, "back again", 1, 0);
    expect_text(client, topic, "back again", 1);
    disconnect_and_destroy(&client);
    relay_stop(&relay);
}

static void slow_lost(void *context, char *cause)
{
    struct timespec pause = {0, 20 * 1000000};
    (void)cause;
    nanosleep(&pause, NULL);
    __atomic_fetch_add((int *)context, 1, __ATOMIC_SEQ_CST);
}

static int no_message(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)topic, (void)length, (void)message;
    return 0;
}

static int says_lost(MQTTClient client, const char *topic, int way)
{
    char *got = NULL;
    int length;
    MQTTClient_message *message = NULL;
    switch (way) {
    case 0: return !MQTTClient_isConnected(client);
    case 1: return MQTTClient_publish(client, topic, 1, "x", 0, 0, NULL) != MQTTCLIENT_SUCCESS;
    case 2: return MQTTClient_waitForCompletion(client, 4711, 100) != MQTTCLIENT_SUCCESS;
    default: return MQTTClient_receive(client, &got, &length, &message, 100) != MQTTCLIENT_SUCCESS;
    }
}

/* Whoever is told of a loss by a call finds that connectionLost has returned, if it does so within 0.1 s. */
static void returns_before_calls_tell_of_it(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    char *topic = unique("order");
    for (int way = 0; way < 4; ++way) {
        int lost = 0, receives = way == 3;
        MQTTClient client = create_client(relay.uri, client_id("order"));
        if (receives) /* callbacks that are set later are for the next connect */
            connect_client(client, 1);
        CHECK_INT(MQTTClient_setCallbacks(client, &lost, slow_lost, no_message, NULL), MQTTCLIENT_SUCCESS);
        if (!receives)
            connect_client(client, 1);
        long long cut = now_ms(); /* not later than the loss, with which the time begins */
        relay_cut(&relay);
        for (;;) {
            struct timespec pause = {0, 1000000};
            if (says_lost(client, topic, way)) {
                CHECK(__atomic_load_n(&lost, __ATOMIC_SEQ_CST) == 1 || now_ms() - cut >= 90);
                break;
            }
            nanosleep(&pause, NULL);
        }
        MQTTClient_destroy(&client);
    }
    relay_stop(&relay);
}

static sem_t begun;

static void noted_lost(void *context, char *cause)
{
    sem_post(&begun);
    slow_lost(context, cause);
}

/* A program may free what its callback uses behind the call, if the callback returns within 0.1 s. */
static void returns_before_destroy_and_disconnect(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    CHECK_INT(sem_init(&begun, 0, 0), 0);
    for (int destroys = 0; destroys < 2; ++destroys) {
        int lost = 0;
        MQTTClient client = create_client(relay.uri, client_id("end"));
        CHECK_INT(MQTTClient_setCallbacks(client, &lost, noted_lost, no_message, NULL), MQTTCLIENT_SUCCESS);
        connect_client(client, 1);
        relay_cut(&relay);
        while (sem_wait(&begun) != 0)
            ;
        long long start = now_ms();
        if (destroys)
            MQTTClient_destroy(&client);
        else
            CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
        CHECK(__atomic_load_n(&lost, __ATOMIC_SEQ_CST) == 1 || now_ms() - start >= 90);
        MQTTClient_destroy(&client);
    }
    relay_stop(&relay);
}

#ifdef FIXED
/* A call that waits for an answer ends with the connection, not with its time limit. */
static void ends_a_waiting_subscribe_at_once(void)
{
    static struct inbox inbox;
    struct peer peer;
    inbox_init(&inbox);
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect SUBSCRIBE; close");
    MQTTClient client = create_client(peer.uri, client_id("waiting"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    long long start = now_ms();
    CHECK_INT(MQTTClient_subscribe(client, unique("waiting"), 1), MQTTCLIENT_FAILURE);
    CHECK(now_ms() - start < 3000);
    CHECK_ARRIVES(&inbox, lost, 1);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}
#endif

#ifdef FIXED
static sem_t traced, go_on;

static void hold_back(enum MQTTCLIENT_TRACE_LEVELS level, char *line)
{
    (void)level;
    if (strstr(line, "Calling connectionLost") == NULL)
        return;
    sem_post(&traced);
    while (sem_wait(&go_on) != 0)
        ;
}

/* However long the trace callback takes that comes before it. */
static void does_not_begin_behind_destroy(void)
{
    static struct inbox inbox;
    struct relay relay;
    inbox_init(&inbox);
    relay_start(&relay, broker);
    CHECK(sem_init(&traced, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    MQTTClient client = create_client(relay.uri, client_id("traced")), other = create_client(broker, client_id("other"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    MQTTClient_setTraceCallback(hold_back);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_MINIMUM);
    relay_cut(&relay);
    while (sem_wait(&traced) != 0)
        ;
    MQTTClient_destroy(&client);
    MQTTClient_setTraceCallback(NULL);
    sem_post(&go_on);
    CHECK_STAYS(&inbox, lost, 0);
    MQTTClient_destroy(&other);
    relay_stop(&relay);
}

#define ACCEPT3 "accept; expect CONNECT; send 20 02 00 00; await;"

static struct peer ending;
static MQTTClient ended;

/* Has the server end the connection, and sees it end. */
static void end_it(void)
{
    peer_signal(&ending);
    for (long long limit = now_ms() + PATIENCE; MQTTClient_isConnected(ended);) {
        CHECK(now_ms() < limit);
        sched_yield();
    }
}

static int end_during_message(void *context, char *topic, int length, MQTTClient_message *message)
{
    struct inbox *inbox = context;
    end_it();
    CHECK_INT(inbox_wait_for(inbox, &inbox->lost, 1, QUIET), 0);
    return inbox_message(context, topic, length, message);
}

static void comes_behind_the_message_before_it(void)
{
    static struct inbox inbox;
    inbox_init(&inbox);
    peer_start(&ending, ACCEPT3 "send 30 04 00 01 74 78; await; close");
    ended = create_client(ending.uri, "cid");
    CHECK_INT(MQTTClient_setCallbacks(ended, &inbox, inbox_lost, end_during_message, NULL), MQTTCLIENT_SUCCESS);
    connect_client(ended, 1);
    peer_signal(&ending);
    CHECK_ARRIVES(&inbox, lost, 1);
    CHECK_INT(inbox_wait_for(&inbox, &inbox.arrived, 1, 0), 1);
    peer_finish(&ending);
    MQTTClient_destroy(&ended);
}

static void reconnect_and_end(void *context, char *cause)
{
    struct inbox *inbox = context;
    inbox_lost(context, cause);
    if (inbox_wait_for(inbox, &inbox->lost, 2, 0) == 2)
        return;
    connect_client(ended, 1);
    end_it();
    CHECK_INT(inbox_wait_for(inbox, &inbox->lost, 2, QUIET), 1);
}

static void returns_before_it_comes_for_the_next_connection(void)
{
    static struct inbox inbox;
    inbox_init(&inbox);
    peer_start(&ending, ACCEPT3 "close;" ACCEPT3 "close");
    ended = create_client(ending.uri, "cid");
    CHECK_INT(MQTTClient_setCallbacks(ended, &inbox, reconnect_and_end, inbox_message, NULL), MQTTCLIENT_SUCCESS);
    connect_client(ended, 1);
    peer_signal(&ending);
    CHECK_ARRIVES(&inbox, lost, 2);
    CHECK_STAYS(&inbox, lost, 2);
    peer_finish(&ending);
    MQTTClient_destroy(&ended);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    is_reported_once_with_callbacks();
    is_noticed_by_receive_without();
    returns_before_calls_tell_of_it();
    returns_before_destroy_and_disconnect();
#ifdef FIXED
    ends_a_waiting_subscribe_at_once();
    does_not_begin_behind_destroy();
    comes_behind_the_message_before_it();
    returns_before_it_comes_for_the_next_connection();
#endif
    return 0;
}
