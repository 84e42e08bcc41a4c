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

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    tokens_in_one_mode(0);
    tokens_in_one_mode(1);
    return 0;
}
