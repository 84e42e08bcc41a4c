/* A connection that breaks: connectionLost once, isConnected 0, and connect works again. */
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

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    is_reported_once_with_callbacks();
    is_noticed_by_receive_without();
#ifdef FIXED
    ends_a_waiting_subscribe_at_once();
#endif
    return 0;
}
