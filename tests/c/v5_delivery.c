/* Delivery in MQTT 5 where it differs from the older versions, and what outlives a connection. */
#include "peer.h"
#include "v5.h"

static struct peer peer;

static MQTTClient client_of_peer(void)
{
    return create_client5(peer.uri, "cid");
}

static void expect_no_more(MQTTClient client)
{
    char *topic = NULL;
    int length;
    MQTTClient_message *message = NULL;
    MQTTClient_receive(client, &topic, &length, &message, QUIET);
    CHECK(message == NULL);
}

static void take(MQTTClient client, const char *text, int qos, int dup)
{
    MQTTClient_message *message = receive_text(client, "t", text);
    CHECK_INT(message->qos, qos);
    CHECK_INT(message->dup, dup);
    MQTTClient_freeMessage(&message);
}

static void qos_2_is_delivered_with_the_first_publish_and_once(void)
{
    peer_start(&peer, ACCEPT5 "await; send 34 07 00 01 74 00 07 00 61; expect 50 02 00 07; signal; await\n"
                              "send 3c 07 00 01 74 00 07 00 61; expect 50 02 00 07; send 62 02 00 07; expect 70 02 00 07\n"
                              "send 62 03 00 07 92; expect 70 02 00 07\n" /* known or not, PUBREL is answered */
                              "send 34 07 00 01 74 00 07 00 62; expect 50 02 00 07; signal; await; close");
    struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient client = client_of_peer();
    use_inbox(client, &inbox);
    MQTTResponse_free(connect5(client, 1, NULL));
    peer_signal(&peer);
    peer_await(&peer);
    CHECK_ARRIVES(&inbox, arrived, 1); /* there is no PUBREL yet */
    CHECK_STR(inbox.letters[0].payload, "a");
    CHECK_INT(inbox.letters[0].qos, 2);
    peer_signal(&peer);
    peer_await(&peer);
    CHECK_ARRIVES(&inbox, arrived, 2); /* the repetition was none, the identifier is free again */
    CHECK_STR(inbox.letters[1].payload, "b");
    peer_signal(&peer);
    peer_finish(&peer);
    CHECK_ARRIVES(&inbox, lost, 1);
    CHECK_INT(inbox.arrived, 2);
    MQTTClient_destroy(&client);
}

/* QoS 1 may be repeated: every PUBLISH is a message, and acknowledged in order. */
static void qos_1_repetitions_are_new_messages(void)
{
    peer_start(&peer, ACCEPT5 "send 32 07 00 01 74 00 07 00 61 3a 07 00 01 74 00 07 00 61 32 07 00 01 74 00 03 00 62\n"
                              "expect 40 02 00 07 40 02 00 07 40 02 00 03;" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL));
    take(client, "a", 1, 0);
    take(client, "a", 1, 1);
    take(client, "b", 1, 0);
    goodbye5(&client);
    peer_finish(&peer);
}

static void an_inbound_exchange_goes_on_with_its_session(void)
{
    peer_start(&peer, ACCEPT5 "send 34 07 00 01 74 00 07 00 61; expect 50 02 00 07; await; close\n"
                              "accept; expect CONNECT; send 20 03 01 00 00; send 3c 07 00 01 74 00 07 00 61\n"
                              "expect 50 02 00 07; send 62 02 00 07; expect 70 02 00 07\n" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 0, NULL));
    take(client, "a", 2, 0);
    peer_signal(&peer);
    while (MQTTClient_isConnected(client))
        MQTTClient_yield();
    MQTTResponse_free(connect5(client, 0, NULL));
    expect_no_more(client);
    goodbye5(&client);
    peer_finish(&peer);
}

#ifdef FIXED
/* The server may use the identifiers of a session it has forgotten for new messages. */
static void an_inbound_exchange_ends_with_its_session(void)
{
    peer_start(&peer, ACCEPT5 "send 34 07 00 01 74 00 07 00 61; expect 50 02 00 07; await; close\n"
                              "accept; expect CONNECT; send 20 03 00 00 00; send 34 07 00 01 74 00 07 00 62\n"
                              "expect 50 02 00 07; send 62 02 00 07; expect 70 02 00 07\n" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 0, NULL));
    take(client, "a", 2, 0);
    peer_signal(&peer);
    while (MQTTClient_isConnected(client))
        MQTTClient_yield();
    MQTTResponse_free(connect5(client, 0, NULL));
    take(client, "b", 2, 0);
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}
#endif

/* Whether the server still has the session or not, and in the order of the first sending. */
static void outbound_messages_are_resent(int session_present)
{
    char script[600];
    snprintf(script, sizeof script,
             ACCEPT5 "expect PUBLISH; expect PUBLISH; expect PUBLISH; send 50 02 00 02; expect 62 02 00 02; close\n"
                     "accept; expect CONNECT; send 20 03 0%d 00 00\n"
                     "expect 3a 0e 00 01 74 00 01 07 26 00 01 6b 00 01 76 31; expect 62 02 00 02\n"
                     "expect 3d 07 00 01 74 00 03 00 33\n"
                     "send 40 02 00 01; send 70 03 00 02 92; send 50 02 00 03; expect 62 02 00 03; send 70 02 00 03\n" GOODBYE,
             session_present);
    peer_start(&peer, script);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL)); /* the clean start of this connection ends nothing */
    MQTTProperties list = MQTTProperties_initializer;
    add_pair(&list, "k", "v");
    expect_code(MQTTClient_publish5(client, "t", 1, "1", 1, 0, &list, NULL), MQTTREASONCODE_SUCCESS);
    MQTTProperties_free(&list);
    expect_code(MQTTClient_publish5(client, "t", 1, "2", 2, 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    expect_code(MQTTClient_publish5(client, "t", 1, "3", 2, 1, NULL, NULL), MQTTREASONCODE_SUCCESS);
    while (MQTTClient_isConnected(client))
        MQTTClient_yield();
    MQTTClient_connectOptions options = options5();
    options.cleanstart = 0;
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
#ifdef FIXED
    CHECK_INT(options.returned.sessionPresent, session_present);
#endif
    MQTTResponse_free(response);
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

static void a_clean_start_ends_everything(void)
{
    peer_start(&peer, ACCEPT5 "expect PUBLISH; close;" ACCEPT5 "expect-nothing 200; signal; expect 32 07 00 01 74 00 01 00 32\n"
                              "send 40 02 00 01; " GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 0, NULL));
    expect_code(MQTTClient_publish5(client, "t", 1, "1", 1, 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    while (MQTTClient_isConnected(client))
        MQTTClient_yield();
    MQTTResponse_free(connect5(client, 1, NULL));
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending == NULL);
    peer_await(&peer);
    deliver5(client, "t", "2", 1, 0, NULL);
    goodbye5(&client);
    peer_finish(&peer);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    qos_2_is_delivered_with_the_first_publish_and_once();
    qos_1_repetitions_are_new_messages();
    an_inbound_exchange_goes_on_with_its_session();
#ifdef FIXED
    an_inbound_exchange_ends_with_its_session();
#endif
    for (int session_present = 0; session_present <= 1; ++session_present)
        outbound_messages_are_resent(session_present);
    a_clean_start_ends_everything();
    return 0;
}
