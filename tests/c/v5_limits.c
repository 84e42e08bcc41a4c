/* What client and server allow each other in CONNECT and CONNACK is kept, and a message that would break it stays here. */
#include "peer.h"
#include "v5.h"

static struct peer peer;

static MQTTClient client_of_peer(void)
{
    return create_client5(peer.uri, "cid");
}

static void receive_maximum_limits_the_window(void)
{
    peer_start(&peer, "accept; expect CONNECT; send 20 06 00 00 03 21 00 02; expect PUBLISH; expect PUBLISH\n"
                      "expect-nothing 200; send 40 02 00 01; expect 32 07 00 01 74 00 03 00 78; expect-nothing 200\n"
                      /* an error ends a message, too; a QoS 2 message is unfinished until PUBCOMP */
                      "send 50 03 00 02 80; expect 34 07 00 01 74 00 04 00 78; send 50 02 00 04; expect 62 02 00 04\n"
                      "expect-nothing 200; send 70 02 00 04; expect 30 05 00 01 74 00 78; send 40 02 00 03\n" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL));
    static const int qos[] = {1, 2, 1, 2, 0};
    for (int i = 0; i < 5; ++i) /* from the third on they wait; QoS 0 does, too */
        expect_code(MQTTClient_publish5(client, "t", 1, "x", qos[i], 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

/* The original never looks, and mosquitto 2.0.11 miscounts from its first PUBREL on. */
static void a_server_beyond_the_own_receive_maximum_is_listened_to(void)
{
    peer_start(&peer, ACCEPT5 "await; send 34 07 00 01 74 00 01 00 31; expect 50 02 00 01\n"
                              "send 62 02 00 01; expect 70 02 00 01; send 34 07 00 01 74 00 02 00 32; expect 50 02 00 02\n"
                              "send 34 07 00 01 74 00 03 00 33; expect 50 02 00 03\n"
                              "send 62 02 00 02; expect 70 02 00 02; send 62 02 00 03; expect 70 02 00 03\n" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTProperties limits = MQTTProperties_initializer;
    add_number(&limits, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, 1);
    MQTTResponse_free(connect5(client, 1, &limits));
    MQTTProperties_free(&limits);
    peer_signal(&peer);
    static const char *const texts[] = {"1", "2", "3"};
    for (int i = 0; i < 3; ++i) {
        MQTTClient_message *message = receive_text(client, "t", texts[i]);
        MQTTClient_freeMessage(&message);
    }
    /* What the last PUBREL asks for. */
    MQTTClient_yield();
    MQTTClient_yield();
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

#ifdef FIXED
static void impossible_answers_to_connect_fail_it(void)
{
    static const char *const connacks[] = {
        "20 06 00 00 03 21 00 00",       /* Receive Maximum 0 */
        "20 08 00 00 05 27 00 00 00 00", /* Maximum Packet Size 0 */
        "20 05 00 00 02 24 02",          /* Maximum QoS 2 */
        "20 03 01 00 00",                /* a session although a clean start was asked for */
        "20 03 02 00 00",                /* a reserved flag */
        "20 06 00 00 03 23 00 01",       /* a property of other packets */
        "20 09 00 00 06 21 00 01 21 00 01",
        "f0 02 18 00", /* AUTH that nobody asked for */
    };
    for (size_t i = 0; i < sizeof connacks / sizeof *connacks; ++i) {
        char script[200];
        snprintf(script, sizeof script, "accept; expect CONNECT; send %s; expect-eof", connacks[i]);
        peer_start(&peer, script);
        MQTTClient client = client_of_peer();
        MQTTClient_connectOptions options = options5();
        MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
        if ((int)response.reasonCode != MQTTCLIENT_FAILURE)
            CHECK_FAIL("%s gives %d", connacks[i], (int)response.reasonCode);
        expect_code(response, MQTTCLIENT_FAILURE);
        MQTTClient_destroy(&client);
        peer_finish(&peer);
    }
}

static void expect_refusal(MQTTClient client, const char *topic, int length, int qos, int retained, MQTTProperties *list)
{
    static char payload[200];
    MQTTClient_deliveryToken token = -7, *pending = NULL;
    expect_code(MQTTClient_publish5(client, topic, length, payload, qos, retained, list, &token), MQTTCLIENT_FAILURE);
    CHECK_INT(token, -7);
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending == NULL);
    CHECK_INT(MQTTClient_isConnected(client), 1);
}

static void what_the_server_does_not_allow_is_not_sent(void)
{
    peer_start(&peer, "accept; expect CONNECT\n" /* Maximum Packet Size 40, Maximum QoS 1, no retain, 2 aliases */
                      "send 20 0f 00 00 0c 27 00 00 00 28 24 01 25 00 22 00 02\n"
                      "expect-nothing 300; signal\n"
                      "expect 30 26 00 01 74 00; expect 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                      "expect 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                      "expect 30 08 00 01 74 03 23 00 02 78; expect 30 07 00 00 03 23 00 02 79\n"
                      "expect e0 01 04; expect-eof");
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL));
    MQTTProperties alias = MQTTProperties_initializer, text = MQTTProperties_initializer;
    expect_refusal(client, "t", 1, 2, 0, NULL);
    expect_refusal(client, "t", 1, 0, 1, NULL);
    expect_refusal(client, "t", 35, 0, 0, NULL);
    expect_refusal(client, "t", 33, 1, 0, NULL);
    expect_refusal(client, "", 1, 0, 0, NULL);
    add_number(&alias, MQTTPROPERTY_CODE_TOPIC_ALIAS, 3);
    expect_refusal(client, "t", 1, 0, 0, &alias);
    alias.array[0].value.integer2 = 2;
    expect_refusal(client, "", 1, 0, 0, &alias); /* stands for nothing yet */
    const char *long_filter = "a/filter/of/33/bytes/and/some/mor";
    expect_code(MQTTClient_subscribe5(client, long_filter, 0, NULL, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_unsubscribe5(client, "a/filter/of/34/bytes/and/some/more", NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    peer_await(&peer);

    /* The largest that is allowed, and an alias that is. */
    static char zeros[34];
    expect_code(MQTTClient_publish5(client, "t", 34, zeros, 0, 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    deliver5(client, "t", "x", 0, 0, &alias);
    deliver5(client, "", "y", 0, 0, &alias);
    /* An explanation that is too long is left out. */
    add_text(&text, MQTTPROPERTY_CODE_REASON_STRING, "because of all that has happened here and there");
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE, &text), MQTTCLIENT_SUCCESS);
    MQTTProperties_free(&alias);
    MQTTProperties_free(&text);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

static void without_topic_alias_maximum_there_are_no_aliases(void)
{
    peer_start(&peer, ACCEPT5 GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL));
    MQTTProperties alias = MQTTProperties_initializer;
    add_number(&alias, MQTTPROPERTY_CODE_TOPIC_ALIAS, 1);
    expect_refusal(client, "t", 1, 0, 0, &alias);
    MQTTProperties_free(&alias);
    goodbye5(&client);
    peer_finish(&peer);
}

static void resends_stay_within_receive_maximum(void)
{
    peer_start(&peer, ACCEPT5 "expect PUBLISH; expect PUBLISH; expect PUBLISH; expect PUBLISH; expect PUBLISH\n"
                              "send 50 02 00 02; expect 62 02 00 02; signal; close\n"
                              "accept; expect CONNECT; send 20 06 01 00 03 21 00 02\n"
                              "expect 3a 07 00 01 74 00 01 00 78; expect 62 02 00 02; expect-nothing 200\n"
                              "send 70 02 00 02; expect 3a 07 00 01 74 00 03 00 78; expect-nothing 200\n"
                              "send 40 02 00 01; expect 3c 07 00 01 74 00 04 00 78; expect-nothing 200\n"
                              "send 40 02 00 03; expect 3a 07 00 01 74 00 05 00 78; expect-nothing 200\n"
                              "send 40 02 00 05; expect 32 07 00 01 74 00 06 00 78; send 40 02 00 06\n"
                              "send 50 02 00 04; expect 62 02 00 04; send 70 02 00 04\n" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL));
    static const int qos[] = {1, 2, 1, 2, 1};
    for (int i = 0; i < 5; ++i)
        expect_code(MQTTClient_publish5(client, "t", 1, "x", qos[i], 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    while (MQTTClient_isConnected(client)) /* answers PUBREC, and sees the end */
        MQTTClient_yield();
    peer_await(&peer);
    MQTTResponse_free(connect5(client, 0, NULL));
    /* A new message waits until the old ones are within the limit. */
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, NULL, NULL), MQTTREASONCODE_SUCCESS);
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

static void what_a_new_server_does_not_allow_waits_for_another_one(void)
{
    peer_start(&peer, ACCEPT5 "expect PUBLISH; expect PUBLISH; expect PUBLISH; close\n"
                              "accept; expect CONNECT; send 20 0a 01 00 07 27 00 00 00 10 24 01\n"
                              "expect 3a 07 00 01 74 00 03 00 78; send 40 02 00 03\n"
                              "expect 32 07 00 01 74 00 04 00 79; send 40 02 00 04; " GOODBYE "\n"
                              "accept; expect CONNECT; send 20 03 01 00 00\n"
                              "expect 3c 07 00 01 74 00 01 00 78; send 50 02 00 01\n"
                              "expect 3a 12 00 01 74 00 02 00; expect 31 32 33 34 35 36 37 38 39 30 31 32; send 40 02 00 02\n"
                              "expect 62 02 00 01; send 70 02 00 01; " GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTClient_connectOptions options = options5();
    options.maxInflightMessages = 3;
    MQTTResponse_free(MQTTClient_connect5(client, &options, NULL, NULL));
    MQTTClient_deliveryToken first = 0, second = 0, third = 0;
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 2, 0, NULL, &first), MQTTREASONCODE_SUCCESS);
    expect_code(MQTTClient_publish5(client, "t", 12, "123456789012", 1, 0, NULL, &second), MQTTREASONCODE_SUCCESS);
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, NULL, &third), MQTTREASONCODE_SUCCESS);
    while (MQTTClient_isConnected(client))
        MQTTClient_yield();

    options.cleanstart = 0;
    options.maxInflightMessages = 1; /* what waits for another server does not take up the window */
    MQTTResponse_free(MQTTClient_connect5(client, &options, NULL, NULL));
    CHECK_INT(MQTTClient_waitForCompletion(client, third, PATIENCE), MQTTCLIENT_SUCCESS);
    deliver5(client, "t", "y", 1, 0, NULL);
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending != NULL && pending[0] == first && pending[1] == second && pending[2] == -1);
    MQTTClient_free(pending);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);

    MQTTResponse_free(MQTTClient_connect5(client, &options, NULL, NULL));
    CHECK_INT(MQTTClient_waitForCompletion(client, second, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, first, PATIENCE), MQTTCLIENT_SUCCESS);
    goodbye5(&client);
    peer_finish(&peer);
}

static void server_keep_alive_replaces_the_own_one(void)
{
    peer_start(&peer, "accept; expect CONNECT; send 20 06 00 00 03 13 00 01; expect c0 00; send d0 00; expect c0 00; signal\n"
                      "send d0 00;" GOODBYE);
    MQTTClient client = client_of_peer();
    MQTTResponse_free(connect5(client, 1, NULL)); /* asks for 60 s */
    long long start = now_ms();
    char *topic;
    int length;
    MQTTClient_message *message;
    CHECK_INT(MQTTClient_receive(client, &topic, &length, &message, 2500), MQTTCLIENT_SUCCESS);
    peer_await(&peer);
    CHECK(now_ms() - start < 5000);
    goodbye5(&client);
    peer_finish(&peer);
}

/* `script` goes on after CONNACK and ends in the client's DISCONNECT. */
static void expect_complaint(MQTTProperties *own_limits, const char *script, int messages)
{
    char whole[1000];
    snprintf(whole, sizeof whole, ACCEPT5 "await; %s; expect-eof", script);
    peer_start(&peer, whole);
    struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient client = client_of_peer();
    use_inbox(client, &inbox);
    MQTTResponse_free(connect5(client, 1, own_limits));
    peer_signal(&peer);
    peer_finish(&peer);
    CHECK_ARRIVES(&inbox, lost, 1);
    CHECK_INT(inbox.arrived, messages);
    MQTTClient_destroy(&client);
}

static void a_server_beyond_the_own_limits_is_told_so(void)
{
    MQTTProperties limits = MQTTProperties_initializer;
    add_number(&limits, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, 20);
    add_number(&limits, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 3);
    add_number(&limits, MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION, 0);
    expect_complaint(&limits, "send 30 12 00 01 74 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e; send 30 13; expect e0 01 95", 1);
    expect_complaint(&limits, "send 30 08 00 01 74 03 23 00 04 78; expect e0 01 94", 0);
    expect_complaint(&limits, "send 30 08 00 01 74 03 23 00 00 78; expect e0 01 94", 0);
    expect_complaint(&limits, "send 30 07 00 00 03 23 00 02 78; expect e0 01 82", 0);
    expect_complaint(NULL, "send 30 08 00 01 74 03 23 00 01 78; expect e0 01 94", 0);
    expect_complaint(&limits, "send 62 0c 00 07 00 08 1f 00 05 70 6c 65 61 73; expect e0 01 82", 0);
    add_number(&limits, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, 1);
    expect_complaint(&limits, "send 34 06 00 01 74 00 01 00 34 06 00 01 74 00 02 00; expect 50 02 00 01 e0 01 93", 1);
    MQTTProperties_free(&limits);
}

static void aliases_of_the_server_are_resolved(void)
{
    peer_start(&peer, ACCEPT5 "send 30 0a 00 03 61 2f 62 03 23 00 01 31; send 30 07 00 00 03 23 00 01 32\n"
                              "send 30 08 00 01 63 03 23 00 01 33; send 30 07 00 00 03 23 00 01 34;" GOODBYE
                      ";" ACCEPT5 "await; send 30 07 00 00 03 23 00 01 35; expect e0 01 82; expect-eof");
    MQTTClient client = client_of_peer();
    MQTTProperties limits = MQTTProperties_initializer;
    add_number(&limits, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 1);
    MQTTResponse_free(connect5(client, 1, &limits));
    static const char *const topics[] = {"a/b", "a/b", "c", "c"}, *const texts[] = {"1", "2", "3", "4"};
    for (int i = 0; i < 4; ++i) {
        MQTTClient_message *message = receive_text(client, topics[i], texts[i]);
        EXPECT_NUMBER(&message->properties, MQTTPROPERTY_CODE_TOPIC_ALIAS, 1);
        MQTTClient_freeMessage(&message);
    }
    /* They end with the connection. */
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTResponse_free(connect5(client, 0, &limits));
    peer_signal(&peer);
    char *topic;
    int length;
    MQTTClient_message *message;
    CHECK_INT(MQTTClient_receive(client, &topic, &length, &message, PATIENCE), MQTTCLIENT_FAILURE);
    MQTTProperties_free(&limits);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

/* A message that used an alias is stored with its topic, and without the alias: another process can resend it. */
static void an_alias_does_not_outlive_its_connection(void)
{
    char directory[] = "/tmp/mqtt3c-alias-XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    peer_start(&peer, "accept; expect CONNECT; send 20 06 00 00 03 22 00 0a\n"
                      "expect 32 0c 00 03 61 2f 62 00 01 03 23 00 05 31; send 40 02 00 01\n"
                      "expect 34 10 00 00 00 02 0a 23 00 05 26 00 01 6b 00 01 76 32; close\n"
                      "accept; expect CONNECT; send 20 06 01 00 03 22 00 0a\n"
                      "expect 3c 10 00 03 61 2f 62 00 02 07 26 00 01 6b 00 01 76 32\n"
                      "send 50 02 00 02; expect 62 02 00 02; send 70 02 00 02;" GOODBYE);
    MQTTClient client = NULL;
    MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
    create.MQTTVersion = MQTTVERSION_5;
    CHECK_INT(MQTTClient_createWithOptions(&client, peer.uri, "cid", MQTTCLIENT_PERSISTENCE_DEFAULT, directory, &create),
              MQTTCLIENT_SUCCESS);
    MQTTResponse_free(connect5(client, 0, NULL));
    MQTTProperties list = MQTTProperties_initializer;
    add_number(&list, MQTTPROPERTY_CODE_TOPIC_ALIAS, 5);
    deliver5(client, "a/b", "1", 1, 0, &list);
    add_pair(&list, "k", "v");
    expect_code(MQTTClient_publish5(client, "", 1, "2", 2, 0, &list, NULL), MQTTREASONCODE_SUCCESS);
    MQTTProperties_free(&list);
    MQTTClient_destroy(&client);

    CHECK_INT(MQTTClient_createWithOptions(&client, peer.uri, "cid", MQTTCLIENT_PERSISTENCE_DEFAULT, directory, &create),
              MQTTCLIENT_SUCCESS);
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending != NULL && pending[0] == 2 && pending[1] == -1);
    MQTTClient_free(pending);
    MQTTResponse_free(connect5(client, 0, NULL));
    CHECK_INT(MQTTClient_waitForCompletion(client, 2, PATIENCE), MQTTCLIENT_SUCCESS);
    goodbye5(&client);
    peer_finish(&peer);
    CHECK_INT(rmdir(directory), 0);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    receive_maximum_limits_the_window();
    a_server_beyond_the_own_receive_maximum_is_listened_to();
#ifdef FIXED
    impossible_answers_to_connect_fail_it();
    what_the_server_does_not_allow_is_not_sent();
    without_topic_alias_maximum_there_are_no_aliases();
    resends_stay_within_receive_maximum();
    what_a_new_server_does_not_allow_waits_for_another_one();
    server_keep_alive_replaces_the_own_one();
    a_server_beyond_the_own_limits_is_told_so();
    aliases_of_the_server_are_resolved();
    an_alias_does_not_outlive_its_connection();
#endif
    return 0;
}
