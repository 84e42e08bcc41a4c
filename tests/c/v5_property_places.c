/* Every property in every packet: sent or taken where MQTT 5 allows it, and nowhere else. A call that would break the
 * rules sends nothing and fails; a server that breaks them is told with DISCONNECT and left. */
#include "peer.h"
#include "v5.h"

enum { CONNECT = 1, WILL = 2, CONNACK = 4, PUBLISH = 8, ACKS = 16, SUBSCRIBE = 32, UNSUBSCRIBE = 64, DISCONNECT = 128 };

/* Table 2-4 of the standard, without AUTH. ACKS: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK. */
static const struct {
    int identifier, places;
    const char *hex; /* a valid one */
} properties[] = {
    {MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, PUBLISH | WILL, "01 01"},
    {MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, PUBLISH | WILL, "02 00 00 00 01"},
    {MQTTPROPERTY_CODE_CONTENT_TYPE, PUBLISH | WILL, "03 00 01 78"},
    {MQTTPROPERTY_CODE_RESPONSE_TOPIC, PUBLISH | WILL, "08 00 01 78"},
    {MQTTPROPERTY_CODE_CORRELATION_DATA, PUBLISH | WILL, "09 00 01 78"},
    {MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, PUBLISH | SUBSCRIBE, "0b 01"},
    {MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, CONNECT | CONNACK | DISCONNECT, "11 00 00 00 01"},
    {MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER, CONNACK, "12 00 01 78"},
    {MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, CONNACK, "13 00 01"},
    {MQTTPROPERTY_CODE_AUTHENTICATION_METHOD, CONNECT | CONNACK, "15 00 01 78"},
    {MQTTPROPERTY_CODE_AUTHENTICATION_DATA, CONNACK, "16 00 01 78"}, /* CONNECT: only with a method */
    {MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION, CONNECT, "17 01"},
    {MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, WILL, "18 00 00 00 01"},
    {MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION, CONNECT, "19 01"},
    {MQTTPROPERTY_CODE_RESPONSE_INFORMATION, CONNACK, "1a 00 01 78"},
    {MQTTPROPERTY_CODE_SERVER_REFERENCE, CONNACK | DISCONNECT, "1c 00 01 78"},
    {MQTTPROPERTY_CODE_REASON_STRING, CONNACK | ACKS | DISCONNECT, "1f 00 01 78"},
    {MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, CONNECT | CONNACK, "21 00 01"},
    {MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, CONNECT | CONNACK, "22 00 01"},
    {MQTTPROPERTY_CODE_TOPIC_ALIAS, PUBLISH, "23 00 01"},
    {MQTTPROPERTY_CODE_MAXIMUM_QOS, CONNACK, "24 01"},
    {MQTTPROPERTY_CODE_RETAIN_AVAILABLE, CONNACK, "25 01"},
    {MQTTPROPERTY_CODE_USER_PROPERTY, -1, "26 00 01 78 00 01 79"},
    {MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, CONNECT | CONNACK, "27 00 00 00 ff"},
    {MQTTPROPERTY_CODE_WILDCARD_SUBSCRIPTION_AVAILABLE, CONNACK, "28 01"},
    {MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIERS_AVAILABLE, CONNACK, "29 01"},
    {MQTTPROPERTY_CODE_SHARED_SUBSCRIPTION_AVAILABLE, CONNACK, "2a 01"},
};
#define PROPERTIES (sizeof properties / sizeof *properties)

static struct peer peer;
static struct inbox inbox;

static int bytes_of(const char *hex)
{
    return (int)(strlen(hex) + 1) / 3;
}

static MQTTProperties list_of(size_t i)
{
    MQTTProperties list = MQTTProperties_initializer;
    switch (MQTTProperty_getType(properties[i].identifier)) {
    case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
        add_pair(&list, "x", "y");
        break;
    case MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING:
    case MQTTPROPERTY_TYPE_BINARY_DATA:
        add_text(&list, properties[i].identifier, "x");
        break;
    default:
        add_number(&list, properties[i].identifier, properties[i].identifier == MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE ? 255 : 1);
    }
    return list;
}

/* One property too much: connect5 fails before it connects, or succeeds. */
static void try_connect(size_t i, int place)
{
    int allowed = properties[i].places & place;
    MQTTProperties list = list_of(i);
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = "w";
    MQTTClient_connectOptions options = options5();
    options.will = &will;
    peer_start(&peer, allowed ? ACCEPT5 GOODBYE : "");
    MQTTClient client = create_client5(peer.uri, "cid");
    MQTTResponse response = MQTTClient_connect5(client, &options, place == CONNECT ? &list : NULL,
                                                place == WILL ? &list : NULL);
    if ((int)response.reasonCode != (allowed ? 0 : MQTTCLIENT_FAILURE))
        CHECK_FAIL("%s at place %d gives %d", MQTTPropertyName(properties[i].identifier), place,
                   (int)response.reasonCode);
    MQTTResponse_free(response);
    MQTTProperties_free(&list);
    goodbye5(&client);
    peer_finish(&peer);
}

static void the_own_packets_have_what_is_allowed(void)
{
    for (size_t i = 0; i < PROPERTIES; ++i) {
        try_connect(i, CONNECT);
        try_connect(i, WILL);
    }
    for (size_t i = 0; i < PROPERTIES; ++i) {
        const char *hex = properties[i].hex;
        int places = properties[i].places, length = bytes_of(hex);
        /* one from a client to a server it must not be */
        int publish = (places & PUBLISH) && properties[i].identifier != MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER;
        char script[1000], *end = script;
        end += sprintf(end, "accept; expect CONNECT; send 20 06 00 00 03 22 00 01\n");
        if (publish)
            end += sprintf(end, "expect 30 %02x 00 01 74 %02x %s 78\n", 5 + length, length, hex);
        if (places & SUBSCRIBE)
            end += sprintf(end, "expect 82 %02x ?? ?? %02x %s 00 01 74 01; send 90 04 00 01 00 01\n", 7 + length, length, hex);
        if (places & UNSUBSCRIBE)
            end += sprintf(end, "expect a2 %02x ?? ?? %02x %s 00 01 74; send b0 04 00 02 00 00\n", 6 + length, length, hex);
        if (places & DISCONNECT)
            sprintf(end, "expect e0 %02x 00 %02x %s; expect-eof", 2 + length, length, hex);
        else
            sprintf(end, GOODBYE);
        peer_start(&peer, script);
        MQTTClient client = create_client5(peer.uri, "cid");
        MQTTResponse_free(connect5(client, 1, NULL));
        MQTTProperties list = list_of(i);
        MQTTClient_deliveryToken token = -7;
        expect_code(MQTTClient_publish5(client, "t", 1, "x", 0, 0, &list, NULL), publish ? 0 : MQTTCLIENT_FAILURE);
        if (!publish)
            expect_code(MQTTClient_publish5(client, "t", 1, "x", 2, 0, &list, &token), MQTTCLIENT_FAILURE);
        CHECK_INT(token, -7);
        CHECK_INT(subscribe5(client, "t", 1, NULL, &list), places & SUBSCRIBE ? 1 : MQTTCLIENT_FAILURE);
        MQTTResponse response = MQTTClient_unsubscribe5(client, "t", &list);
        CHECK_INT((int)response.reasonCode, places & UNSUBSCRIBE ? 0 : MQTTCLIENT_FAILURE);
        MQTTResponse_free(response);
        CHECK_INT(MQTTClient_isConnected(client), 1);
        MQTTProperties *at_end = places & DISCONNECT ? &list : NULL;
        CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, at_end), MQTTCLIENT_SUCCESS);
        MQTTProperties_free(&list);
        MQTTClient_destroy(&client);
        peer_finish(&peer);
    }
}

static void expect_not_published(MQTTClient client, MQTTProperties *list)
{
    MQTTClient_deliveryToken token = -7;
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, list, &token), MQTTCLIENT_FAILURE);
    CHECK_INT(token, -7);
    MQTTProperties_free(list);
}

static void add_raw(MQTTProperties *list, int identifier, char *data, int length)
{
    MQTTProperty property = {.identifier = identifier};
    property.value.data.data = data;
    property.value.data.len = length;
    CHECK_INT(MQTTProperties_add(list, &property), 0);
}

static void values_that_cannot_be_are_not_sent(void)
{
    peer_start(&peer, "accept; expect CONNECT; send 20 06 00 00 03 22 00 05;" GOODBYE);
    MQTTClient client = create_client5(peer.uri, "cid");
    MQTTResponse_free(connect5(client, 1, NULL));
    MQTTProperties list = MQTTProperties_initializer;
    add_number(&list, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, 2);
    expect_not_published(client, &list);
    add_number(&list, MQTTPROPERTY_CODE_TOPIC_ALIAS, 0);
    expect_not_published(client, &list);
    add_number(&list, MQTTPROPERTY_CODE_TOPIC_ALIAS, 6);
    expect_not_published(client, &list);
    add_text(&list, MQTTPROPERTY_CODE_RESPONSE_TOPIC, "a/#");
    expect_not_published(client, &list);
    add_raw(&list, MQTTPROPERTY_CODE_CONTENT_TYPE, "\xc3\x28", 2);
    expect_not_published(client, &list);
    add_raw(&list, MQTTPROPERTY_CODE_CONTENT_TYPE, "a\0b", 3);
    expect_not_published(client, &list);
    add_pair(&list, "\xed\xa0\x80", "x");
    expect_not_published(client, &list);
    add_text(&list, MQTTPROPERTY_CODE_CONTENT_TYPE, "once");
    add_text(&list, MQTTPROPERTY_CODE_CONTENT_TYPE, "twice");
    expect_not_published(client, &list);
    /* lists that no function of the library makes */
    MQTTProperty strange = {.identifier = 5};
    MQTTProperties made_up = {.count = 1, .max_count = 1, .length = 2, .array = &strange};
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, &made_up, NULL), MQTTCLIENT_FAILURE);
    strange.identifier = MQTTPROPERTY_CODE_CONTENT_TYPE;
    strange.value.data.len = -1;
    strange.value.data.data = "x";
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, &made_up, NULL), MQTTCLIENT_FAILURE);
    static char large[65536];
    strange.value.data.len = sizeof large;
    strange.value.data.data = large;
    expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, &made_up, NULL), MQTTCLIENT_FAILURE);
    made_up.count = -1;
    MQTTResponse_free(MQTTClient_publish5(client, "t", 1, "x", 1, 0, &made_up, NULL));

    static const unsigned int identifiers[] = {0, 268435456};
    for (int i = 0; i < 2; ++i) {
        MQTTProperty number = {.identifier = MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER};
        number.value.integer4 = identifiers[i];
        MQTTProperties one = {.count = 1, .max_count = 1, .length = 2, .array = &number};
        CHECK_INT(subscribe5(client, "t", 1, NULL, &one), MQTTCLIENT_FAILURE);
    }
    /* nor requests for nothing */
    char *no_topics[] = {NULL};
    int no_qos[] = {0};
    expect_code(MQTTClient_subscribeMany5(client, 0, no_topics, no_qos, NULL, NULL), MQTTCLIENT_FAILURE);
    expect_code(MQTTClient_unsubscribeMany5(client, 0, no_topics, NULL), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    goodbye5(&client);
    peer_finish(&peer);

    static const int zero_is_wrong[] = {MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE};
    peer_start(&peer, "");
    client = create_client5(peer.uri, "cid");
    MQTTClient_connectOptions options = options5();
    for (int i = 0; i < 2; ++i) {
        add_number(&list, zero_is_wrong[i], 0);
        expect_code(MQTTClient_connect5(client, &options, &list, NULL), MQTTCLIENT_FAILURE);
        MQTTProperties_free(&list);
    }
    add_text(&list, MQTTPROPERTY_CODE_AUTHENTICATION_DATA, "without a method");
    expect_code(MQTTClient_connect5(client, &options, &list, NULL), MQTTCLIENT_FAILURE);
    MQTTProperties_free(&list);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

/* The server sends `packet`; the client closes, with DISCONNECT and this reason if it is not 0. */
static void expect_end(const char *packet, int reason)
{
    char script[500], answer[40] = "";
    if (reason != 0)
        snprintf(answer, sizeof answer, "expect e0 01 %02x;", (unsigned)reason);
    snprintf(script, sizeof script, ACCEPT5 "await; send %s; %s expect-eof", packet, answer);
    peer_start(&peer, script);
    inbox_init(&inbox);
    MQTTClient client = create_client5(peer.uri, "cid");
    use_inbox(client, &inbox);
    MQTTProperties own = MQTTProperties_initializer;
    add_number(&own, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 10);
    MQTTResponse_free(connect5(client, 1, &own));
    MQTTProperties_free(&own);
    peer_signal(&peer);
    peer_finish(&peer);
    CHECK_ARRIVES(&inbox, lost, 1);
    CHECK_INT(inbox.arrived, 0);
    MQTTClient_destroy(&client);
}

/* The server sends `packet`, and all is well. */
static void expect_content(const char *packet, int messages)
{
    char script[500];
    snprintf(script, sizeof script, ACCEPT5 "await; send %s; send 32 06 00 01 74 00 08 00; expect 40 02 00 08;" GOODBYE, packet);
    peer_start(&peer, script);
    MQTTClient client = create_client5(peer.uri, "cid");
    MQTTProperties own = MQTTProperties_initializer;
    add_number(&own, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 10);
    MQTTResponse_free(connect5(client, 1, &own));
    MQTTProperties_free(&own);
    peer_signal(&peer);
    for (int i = 0; i < messages; ++i) {
        MQTTClient_message *message = receive_text(client, "t", "");
        CHECK_INT(message->properties.count, 1);
        MQTTClient_freeMessage(&message);
    }
    MQTTClient_message *last = receive_text(client, "t", "");
    CHECK_INT(last->properties.count, 0);
    MQTTClient_freeMessage(&last);
    goodbye5(&client);
    peer_finish(&peer);
}

static void the_servers_packets_have_what_is_allowed(void)
{
    for (size_t i = 0; i < PROPERTIES; ++i) {
        const char *hex = properties[i].hex;
        int places = properties[i].places, length = bytes_of(hex);
        char packet[200];
        snprintf(packet, sizeof packet, "30 %02x 00 01 74 %02x %s", 4 + length, length, hex);
        if (places & PUBLISH)
            expect_content(packet, 1);
        else
            expect_end(packet, MQTTREASONCODE_MALFORMED_PACKET);
        /* acknowledgements of nothing are ignored, unless they are malformed */
        static const char *const acks[] = {"40", "50", "62", "70"};
        for (int a = 0; a < 4; ++a) {
            snprintf(packet, sizeof packet, "%s %02x 00 07 00 %02x %s", acks[a], 4 + length, length, hex);
            if (!(places & ACKS))
                expect_end(packet, MQTTREASONCODE_MALFORMED_PACKET);
            else if (a == 0 || a == 3) /* PUBREC and PUBREL would be answered */
                expect_content(packet, 0);
        }
        for (int type = 0x90; type <= 0xb0; type += 0x20) {
            snprintf(packet, sizeof packet, "%02x %02x 00 07 %02x %s 00", (unsigned)type, 4 + length, length, hex);
            if (places & ACKS)
                expect_content(packet, 0);
            else
                expect_end(packet, MQTTREASONCODE_MALFORMED_PACKET);
        }
        snprintf(packet, sizeof packet, "e0 %02x 8b %02x %s", 2 + length, length, hex);
        int reason = 0; /* no answer to a DISCONNECT in order */
        if (!(places & DISCONNECT))
            reason = MQTTREASONCODE_MALFORMED_PACKET;
        else if (properties[i].identifier == MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL)
            reason = MQTTREASONCODE_PROTOCOL_ERROR; /* a server must not send this one */
        expect_end(packet, reason);

        char script[300];
        snprintf(script, sizeof script, "accept; expect CONNECT; send 20 %02x 00 00 %02x %s; %s", 3 + length, length, hex,
                 places & CONNACK ? GOODBYE : "expect-eof");
        peer_start(&peer, script);
        MQTTClient client = create_client5(peer.uri, "cid");
        MQTTClient_connectOptions options = options5();
        MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
        CHECK_INT((int)response.reasonCode, places & CONNACK ? 0 : MQTTCLIENT_FAILURE);
        if (places & CONNACK)
            CHECK_INT(response.properties->count, 1);
        MQTTResponse_free(response);
        goodbye5(&client);
        peer_finish(&peer);
    }
}

static void other_offences_end_the_connection_with_their_reason(void)
{
    static const struct {
        const char *packet;
        int reason;
    } offences[] = {
        {"30 05 00 01 74 01 05", MQTTREASONCODE_MALFORMED_PACKET},                   /* no such property */
        {"30 06 00 01 74 05 01 01", MQTTREASONCODE_MALFORMED_PACKET},                /* properties longer than the packet */
        {"30 06 00 01 74 02 01 02", MQTTREASONCODE_PROTOCOL_ERROR},                  /* neither 0 nor 1 */
        {"30 08 00 01 74 04 01 01 01 01", MQTTREASONCODE_PROTOCOL_ERROR},            /* twice */
        {"30 06 00 01 74 02 0b 00", MQTTREASONCODE_PROTOCOL_ERROR},                  /* Subscription Identifier 0 */
        {"30 09 00 01 74 05 03 00 02 c3 28", MQTTREASONCODE_MALFORMED_PACKET},       /* not UTF-8 */
        {"30 08 00 01 74 04 08 00 01 23", MQTTREASONCODE_PROTOCOL_ERROR},            /* Response Topic # */
        {"30 03 00 00 00", MQTTREASONCODE_PROTOCOL_ERROR},                           /* no topic, no alias */
        {"30 04 00 01 2b 00", MQTTREASONCODE_TOPIC_NAME_INVALID},                    /* a wildcard */
        {"36 06 00 01 74 00 01 00", MQTTREASONCODE_MALFORMED_PACKET},                /* QoS 3 */
        {"38 04 00 01 74 00", MQTTREASONCODE_PROTOCOL_ERROR},                        /* DUP with QoS 0 */
        {"32 06 00 01 74 00 00 00", MQTTREASONCODE_PROTOCOL_ERROR},                  /* identifier 0 */
        {"40 03 00 01 01", MQTTREASONCODE_PROTOCOL_ERROR},                           /* no reason of PUBACK */
        {"60 02 00 01", MQTTREASONCODE_MALFORMED_PACKET},                            /* flags of PUBREL */
        {"90 03 00 01 00", MQTTREASONCODE_MALFORMED_PACKET},                         /* SUBACK without codes */
        {"90 04 00 01 00 03", MQTTREASONCODE_PROTOCOL_ERROR},                        /* no reason of SUBACK */
        {"e0 01 01", MQTTREASONCODE_PROTOCOL_ERROR},                                 /* no reason of DISCONNECT */
        {"20 03 00 00 00", MQTTREASONCODE_PROTOCOL_ERROR},                           /* a second CONNACK */
        {"f0 00", MQTTREASONCODE_PROTOCOL_ERROR},                                    /* AUTH that nobody asked for */
        {"10 0d 00 04 4d 51 54 54 05 02 00 3c 00 00 00", MQTTREASONCODE_PROTOCOL_ERROR}, /* a client's packets */
        {"82 07 00 01 00 00 01 74 01", MQTTREASONCODE_PROTOCOL_ERROR},
        {"c0 00", MQTTREASONCODE_PROTOCOL_ERROR},
        {"00 00", MQTTREASONCODE_PROTOCOL_ERROR},                                    /* type 0 */
        {"30 ff ff ff ff 01", MQTTREASONCODE_MALFORMED_PACKET},                      /* a length of five bytes */
    };
    for (size_t i = 0; i < sizeof offences / sizeof *offences; ++i)
        expect_end(offences[i].packet, offences[i].reason);
}

/* Acknowledgements for a PUBLISH or a request in use, but of the wrong kind. */
static void answers_of_the_wrong_kind_end_the_connection(void)
{
    static const struct {
        int qos;
        const char *answer;
    } wrong[] = {{1, "50 02 00 01"}, {1, "70 02 00 01"},          {2, "40 02 00 01"},
                 {2, "70 02 00 01"}, {1, "90 04 00 01 00 01"},    {1, "b0 04 00 01 00 00"}};
    char script[300];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        snprintf(script, sizeof script, ACCEPT5 "expect PUBLISH; send %s; expect e0 01 82; expect-eof", wrong[i].answer);
        peer_start(&peer, script);
        MQTTClient client = create_client5(peer.uri, "cid");
        MQTTResponse_free(connect5(client, 1, NULL));
        MQTTClient_deliveryToken token = 0;
        expect_code(MQTTClient_publish5(client, "t", 1, "x", wrong[i].qos, 0, NULL, &token), 0);
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_DISCONNECTED);
        MQTTClient_destroy(&client);
        peer_finish(&peer);
    }
    static const char *const for_subscribe[] = {"b0 04 00 01 00 00", "40 02 00 01", "50 02 00 01", "70 02 00 01",
                                                "90 05 00 01 00 00 00"};
    for (size_t i = 0; i < sizeof for_subscribe / sizeof *for_subscribe; ++i) {
        snprintf(script, sizeof script, ACCEPT5 "expect SUBSCRIBE; send %s; expect e0 01 82; expect-eof", for_subscribe[i]);
        peer_start(&peer, script);
        MQTTClient client = create_client5(peer.uri, "cid");
        MQTTResponse_free(connect5(client, 1, NULL));
        long long start = now_ms();
        expect_code(MQTTClient_subscribe5(client, "t", 1, NULL, NULL), MQTTCLIENT_FAILURE);
        CHECK(now_ms() - start < 5000);
        MQTTClient_destroy(&client);
        peer_finish(&peer);
    }
    static const char *const for_unsubscribe[] = {"90 04 00 01 00 00", "b0 05 00 01 00 00 00", "b0 03 00 01 00"};
    static const int reasons[] = {0x82, 0x82, 0x81};
    for (size_t i = 0; i < 3; ++i) {
        snprintf(script, sizeof script, ACCEPT5 "expect UNSUBSCRIBE; send %s; expect e0 01 %02x; expect-eof",
                 for_unsubscribe[i], (unsigned)reasons[i]);
        peer_start(&peer, script);
        MQTTClient client = create_client5(peer.uri, "cid");
        MQTTResponse_free(connect5(client, 1, NULL));
        expect_code(MQTTClient_unsubscribe5(client, "t", NULL), MQTTCLIENT_FAILURE);
        MQTTClient_destroy(&client);
        peer_finish(&peer);
    }
}

/* The server answers before the thread that publishes has looked up from its write. */
static void the_reason_goes_behind_what_is_being_sent(void)
{
    for (int i = 0; i < 100; ++i) {
        peer_start(&peer, ACCEPT5 "expect PUBLISH; send 40 06 00 01 00 02 01 01; expect e0 01 81; expect-eof");
        inbox_init(&inbox);
        MQTTClient client = create_client5(peer.uri, "cid");
        use_inbox(client, &inbox);
        MQTTResponse_free(connect5(client, 1, NULL));
        expect_code(MQTTClient_publish5(client, "t", 1, "x", 1, 0, NULL, NULL), MQTTCLIENT_SUCCESS);
        CHECK_ARRIVES(&inbox, lost, 1);
        peer_finish(&peer);
        MQTTClient_destroy(&client);
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    the_own_packets_have_what_is_allowed();
    values_that_cannot_be_are_not_sent();
    the_servers_packets_have_what_is_allowed();
    other_offences_end_the_connection_with_their_reason();
    answers_of_the_wrong_kind_end_the_connection();
    the_reason_goes_behind_what_is_being_sent();
    return 0;
}
