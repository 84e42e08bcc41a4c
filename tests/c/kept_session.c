/* cleansession 0: the broker keeps subscriptions and QoS 1 and 2 messages for a client that is away,
 * and the client keeps what was not acknowledged. */
#include "relay.h"
#include "support.h"

static int session_present(MQTTClient client, int cleansession)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleansession = cleansession;
    options.maxInflightMessages = 10;
    options.connectTimeout = 10;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    return options.returned.sessionPresent;
}

static void messages_wait_for_the_client(void)
{
    char *topic = unique("offline"), *id = client_id("subscriber");
    MQTTClient subscriber = create_client(broker, id), publisher = create_client(broker, client_id("publisher"));
    connect_client(publisher, 1);

    CHECK_INT(session_present(subscriber, 1), 0);
    CHECK_INT(MQTTClient_disconnect(subscriber, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(session_present(subscriber, 0), 0);
    CHECK_INT(MQTTClient_subscribe(subscriber, topic, 2), MQTTCLIENT_SUCCESS);
    disconnect_and_destroy(&subscriber);

    deliver_text(publisher, topic, "one", 1, 0);
    deliver_text(publisher, topic, "two", 2, 0);
    deliver_text(publisher, topic, "nothing", 0, 0);

    subscriber = create_client(broker, id); /* the session belongs to the id, not to the handle */
    CHECK_INT(session_present(subscriber, 0), 1);
    expect_text(subscriber, topic, "one", 1);
    expect_text(subscriber, topic, "two", 2);
    expect_nothing(subscriber);
    CHECK_INT(MQTTClient_disconnect(subscriber, PATIENCE), MQTTCLIENT_SUCCESS);

    CHECK_INT(session_present(subscriber, 0), 1);
    expect_nothing(subscriber);
    CHECK_INT(MQTTClient_disconnect(subscriber, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(session_present(subscriber, 1), 0);
    deliver_text(publisher, topic, "too late", 1, 0);
    expect_nothing(subscriber);
    disconnect_and_destroy(&subscriber);
    disconnect_and_destroy(&publisher);
}

static int pending(MQTTClient client)
{
    MQTTClient_deliveryToken *tokens = NULL;
    int count = 0;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    while (tokens != NULL && tokens[count] != -1)
        ++count;
    MQTTClient_free(tokens);
    return count;
}

/* The acknowledgements are lost with the connection: the next connect sends again, QoS 2 arrives once. */
static void unacknowledged_messages_are_sent_again(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    char *topic = unique("again");
    MQTTClient subscriber = create_client(broker, client_id("listener"));
    MQTTClient publisher = create_client(relay.uri, client_id("sender"));
    connect_client(subscriber, 1);
    CHECK_INT(MQTTClient_subscribe(subscriber, topic, 2), MQTTCLIENT_SUCCESS);
    session_present(publisher, 1); /* no leftovers of an earlier run */
    CHECK_INT(MQTTClient_disconnect(publisher, PATIENCE), MQTTCLIENT_SUCCESS);
    session_present(publisher, 0);

    relay_hold(&relay);
    MQTTClient_deliveryToken first = publish_text(publisher, topic, "at least once", 1, 0);
    MQTTClient_deliveryToken second = publish_text(publisher, topic, "exactly once", 2, 0);
    CHECK_INT(second, first + 1);
    expect_text(subscriber, topic, "at least once", 1);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, first, 200), MQTTCLIENT_FAILURE);
    CHECK_INT(pending(publisher), 2);
    relay_cut(&relay);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, first, PATIENCE) < 0, 1);
    CHECK_INT(MQTTClient_isConnected(publisher), 0);
    CHECK_INT(pending(publisher), 2);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, first, 100), MQTTCLIENT_DISCONNECTED);

    relay_go_on(&relay);
    CHECK_INT(session_present(publisher, 0), 1);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, first, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, second, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(pending(publisher), 0);

    /* QoS 1 may arrive again, QoS 2 exactly once */
    int exactly = 0;
    for (;;) {
        char *name = NULL;
        int length;
        MQTTClient_message *message = NULL;
        CHECK_INT(MQTTClient_receive(subscriber, &name, &length, &message, QUIET), MQTTCLIENT_SUCCESS);
        if (message == NULL)
            break;
        exactly += message->qos == 2;
        MQTTClient_free(name);
        MQTTClient_freeMessage(&message);
    }
    CHECK_INT(exactly, 1);

    CHECK_INT(MQTTClient_disconnect(publisher, PATIENCE), MQTTCLIENT_SUCCESS);
    session_present(publisher, 1);
    disconnect_and_destroy(&publisher);
    disconnect_and_destroy(&subscriber);
    relay_stop(&relay);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    messages_wait_for_the_client();
    unacknowledged_messages_are_sent_again();
    return 0;
}
