/* Two clients of one process: they talk to each other and do not disturb each other. */
#include "peer.h"
#include "relay.h"
#include "support.h"

static void without_callbacks(void)
{
    MQTTClient left = create_client(broker, client_id("left")), right = create_client(broker, client_id("right"));
    char *to_left = unique("left"), *to_right = unique("right");
    connect_client(left, 1);
    connect_client(right, 1);
    CHECK_INT(MQTTClient_subscribe(left, to_left, 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(right, to_right, 2), MQTTCLIENT_SUCCESS);
    for (int qos = 0; qos <= 2; ++qos) {
        deliver_text(left, to_right, "ping", qos, 0);
        expect_text(right, to_right, "ping", qos);
        deliver_text(right, to_left, "pong", qos, 0);
        expect_text(left, to_left, "pong", qos);
    }
    CHECK_INT(MQTTClient_disconnect(left, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_isConnected(right), 1);
    deliver_text(right, to_right, "alone", 1, 0);
    expect_text(right, to_right, "alone", 1);
    MQTTClient_destroy(&left);
    deliver_text(right, to_right, "quite", 1, 0);
    expect_text(right, to_right, "quite", 1);
    disconnect_and_destroy(&right);
}

static void with_callbacks(void)
{
    static struct inbox inboxes[2];
    MQTTClient clients[2];
    char *topics[2] = {unique("first"), unique("second")};
    for (int i = 0; i < 2; ++i) {
        inbox_init(&inboxes[i]);
        clients[i] = create_client(broker, client_id(i == 0 ? "first" : "second"));
        use_inbox(clients[i], &inboxes[i]);
        connect_client(clients[i], 1);
        CHECK_INT(MQTTClient_subscribe(clients[i], topics[i], 2), MQTTCLIENT_SUCCESS);
    }
    for (int n = 0; n < 20; ++n)
        for (int i = 0; i < 2; ++i)
            publish_text(clients[i], topics[1 - i], i == 0 ? "from first" : "from second", 1, 0);
    for (int i = 0; i < 2; ++i) {
        CHECK_ARRIVES(&inboxes[i], arrived, 20);
        CHECK_ARRIVES(&inboxes[i], completed, 20);
        for (int n = 0; n < 20; ++n)
            CHECK_STR(inboxes[i].letters[n].payload, i == 0 ? "from second" : "from first");
    }
    disconnect_and_destroy(&clients[0]);
    publish_text(clients[1], topics[1], "alone", 1, 0);
    CHECK_ARRIVES(&inboxes[1], arrived, 21);
    disconnect_and_destroy(&clients[1]);
    CHECK_INT(inboxes[0].lost + inboxes[1].lost, 0);
}

#ifdef FIXED
/* The mode is a client's own affair: one with callbacks does not take receive from one without. */
static void one_of_each(void)
{
    static struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient calling = create_client(broker, client_id("calling")), plain = create_client(broker, client_id("plain"));
    char *topic = unique("both");
    use_inbox(calling, &inbox);
    connect_client(calling, 1);
    connect_client(plain, 1);
    CHECK_INT(MQTTClient_subscribe(calling, topic, 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(plain, topic, 1), MQTTCLIENT_SUCCESS);
    deliver_text(calling, topic, "for both", 1, 0);
    expect_text(plain, topic, "for both", 1);
    CHECK_ARRIVES(&inbox, arrived, 1);
    disconnect_and_destroy(&calling);
    disconnect_and_destroy(&plain);
}

static sem_t go_on;

static int block(void *context, char *name, int length, MQTTClient_message *message)
{
    inbox_message(context, name, length, message);
    while (sem_wait(&go_on) != 0)
        ;
    return 1;
}

/* Another client's callback holds up this one's callbacks, and nothing else. */
static void a_callback_that_does_not_return_delays_no_other_clients_calls(void)
{
    struct inbox blocked, inbox;
    inbox_init(&blocked);
    inbox_init(&inbox);
    CHECK_INT(sem_init(&go_on, 0, 0), 0);
    MQTTClient blocking = create_client(broker, client_id("blocking")), other = create_client(broker, client_id("other"));
    CHECK_INT(MQTTClient_setCallbacks(blocking, &blocked, NULL, block, NULL), MQTTCLIENT_SUCCESS);
    use_inbox(other, &inbox);
    connect_client(blocking, 1);
    connect_client(other, 1);
    CHECK_INT(MQTTClient_subscribe(blocking, unique("blocking"), 1), MQTTCLIENT_SUCCESS);
    deliver_text(other, unique("blocking"), "stop", 1, 0);
    CHECK_ARRIVES(&blocked, arrived, 1);
    long long start = now_ms();
    CHECK_INT(MQTTClient_subscribe(other, unique("other"), 1), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < 3; ++i)
        deliver_text(other, unique("other"), "x", 2, 0);
    CHECK_INT(MQTTClient_disconnect(other, 100), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&other);
    CHECK(now_ms() - start < 3000);
    sem_post(&go_on);
    disconnect_and_destroy(&blocking);
}

static void *connect_to_silence(void *client)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.connectTimeout = 3;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    return NULL;
}

/* A connect that waits for a silent server holds up nobody else. */
static void a_slow_connect_delays_no_other_client(void)
{
    struct relay relay;
    pthread_t thread;
    relay_start(&relay, broker);
    relay_hold(&relay);
    MQTTClient slow = create_client(relay.uri, client_id("slow")), quick = create_client(broker, client_id("quick"));
    CHECK_INT(pthread_create(&thread, NULL, connect_to_silence, slow), 0);
    long long start = now_ms();
    connect_client(quick, 1);
    deliver_text(quick, unique("quick"), "x", 1, 0);
    disconnect_and_destroy(&quick);
    CHECK(now_ms() - start < 1500);
    pthread_join(thread, NULL);
    MQTTClient_destroy(&slow);
    relay_stop(&relay);
}

static void a_connect_waits_for_another_of_its_client_no_longer_than_its_timeout(void)
{
    struct peer peer;
    pthread_t thread;
    peer_start(&peer, "accept; expect CONNECT; signal; expect-eof");
    MQTTClient slow = create_client(peer.uri, client_id("slow"));
    CHECK_INT(pthread_create(&thread, NULL, connect_to_silence, slow), 0);
    peer_await(&peer);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.connectTimeout = 1;
    long long start = now_ms();
    CHECK_INT(MQTTClient_connect(slow, &options), MQTTCLIENT_FAILURE);
    CHECK(now_ms() - start < 1500);
    pthread_join(thread, NULL);
    MQTTClient_destroy(&slow);
    peer_finish(&peer);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    without_callbacks();
    with_callbacks();
#ifdef FIXED
    one_of_each();
    a_callback_that_does_not_return_delays_no_other_clients_calls();
    a_slow_connect_delays_no_other_client();
    a_connect_waits_for_another_of_its_client_no_longer_than_its_timeout();
#endif
    return 0;
}
