/* The packets of MQTT 5, byte by byte, with every property a program can put in them and none it did not. */
#include "peer.h"
#include "v5.h"

static struct peer peer;

static MQTTClient client_of_peer(const char *id)
{
    return create_client5(peer.uri, id);
}

static void without_properties_packets_are_as_short_as_they_can_be(void)
{
    peer_start(&peer, "accept; expect 10 10 00 04 4d 51 54 54 05 02 00 3c 00 00 03 63 69 64; send 20 02 00 00\n"
                      "expect 82 07 00 01 00 00 01 74 01; send 90 04 00 01 00 01\n"
                      "expect 30 05 00 01 74 00 78\n"
                      "expect 32 07 00 01 74 00 02 00 78; send 40 02 00 02\n"
                      "expect 34 07 00 01 74 00 03 00 78; send 50 02 00 03\n"
                      "expect 62 02 00 03; send 70 02 00 03\n"
                      "send 32 07 00 01 74 00 09 00 79; expect 40 02 00 09\n"
                      "expect a2 06 00 04 00 00 01 74; send b0 04 00 04 00 00\n"
                      "send 34 07 00 01 74 00 0a 00 7a; expect 50 02 00 0a; send 62 02 00 0a; expect 70 02 00 0a\n" GOODBYE);
    MQTTClient client = client_of_peer("cid");
    MQTTResponse response = connect5(client, 1, NULL); /* CONNACK may leave out its property length */
    CHECK_INT(response.properties->count, 0);
    MQTTResponse_free(response);
    CHECK_INT(subscribe5(client, "t", 1, NULL, NULL), 1);
    for (int qos = 0; qos <= 2; ++qos)
        deliver5(client, "t", "x", qos, 0, NULL);
    MQTTClient_message *message = receive_text(client, "t", "y");
    CHECK_INT(message->msgid, 9);
    MQTTClient_freeMessage(&message);
    MQTTResponse_free(MQTTClient_unsubscribe5(client, "t", NULL));
    message = receive_text(client, "t", "z");
    CHECK_INT(message->msgid, 10);
    MQTTClient_freeMessage(&message);
    /* waits for the end of the inbound exchange */
    CHECK_INT(MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

static void connect_carries_its_properties_and_those_of_the_will(void)
{
    peer_start(&peer, "accept; expect 10 ?? ?? 00 04 4d 51 54 54 05 f6 00 3c\n"
                      /* Session Expiry Interval, Receive Maximum, Maximum Packet Size, Topic Alias Maximum */
                      "expect 3b 11 00 00 00 05 21 00 09 27 00 00 10 00 22 00 0a\n"
                      /* Request Response and Problem Information, user properties */
                      "expect 19 01 17 00 26 00 01 6b 00 01 76 26 00 01 6a 00 01 76 26 00 01 6b 00 01 76\n"
                      /* Authentication Method and Data */
                      "expect 15 00 01 6d 16 00 02 00 ff 26 00 02 61 61 00 02 62 62; expect 00 03 63 69 64\n"
                      /* Will Delay, Payload Format, Message Expiry, Content Type, Response Topic, Correlation Data */
                      "expect 24 18 00 00 00 03 01 01 02 00 00 00 09 03 00 01 63 08 00 01 72 09 00 01 64\n"
                      "expect 26 00 01 6b 00 01 76 26 00 00 00 00; expect 00 03 77 2f 74 00 03 62 79 65\n"
                      "expect 00 01 75 00 02 70 77; send 20 03 00 00 00\n" GOODBYE);
    MQTTProperties properties = MQTTProperties_initializer, will_properties = MQTTProperties_initializer;
    add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 5);
    add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, 9);
    add_number(&properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, 4096);
    add_number(&properties, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 10);
    add_number(&properties, MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION, 1);
    add_number(&properties, MQTTPROPERTY_CODE_REQUEST_PROBLEM_INFORMATION, 0);
    add_pair(&properties, "k", "v");
    add_pair(&properties, "j", "v");
    add_pair(&properties, "k", "v");
    add_text(&properties, MQTTPROPERTY_CODE_AUTHENTICATION_METHOD, "m");
    MQTTProperty data = {.identifier = MQTTPROPERTY_CODE_AUTHENTICATION_DATA};
    data.value.data.data = "\0\xff";
    data.value.data.len = 2;
    CHECK_INT(MQTTProperties_add(&properties, &data), 0);
    add_pair(&properties, "aa", "bb");
    add_number(&will_properties, MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, 3);
    add_number(&will_properties, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, 1);
    add_number(&will_properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, 9);
    add_text(&will_properties, MQTTPROPERTY_CODE_CONTENT_TYPE, "c");
    add_text(&will_properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, "r");
    add_text(&will_properties, MQTTPROPERTY_CODE_CORRELATION_DATA, "d");
    add_pair(&will_properties, "k", "v");
    add_pair(&will_properties, "", "");

    MQTTClient client = client_of_peer("cid");
    MQTTClient_connectOptions options = options5();
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = "w/t";
    will.message = "bye";
    will.qos = 2;
    will.retained = 1;
    options.will = &will;
    options.username = "u";
    options.password = "pw";
    MQTTResponse response = MQTTClient_connect5(client, &options, &properties, &will_properties);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
    MQTTProperties_free(&will_properties);
    goodbye5(&client);
    peer_finish(&peer);
}

static void the_other_packets_carry_theirs(void)
{
    peer_start(&peer, ACCEPT5
               /* SUBSCRIBE: Subscription Identifier, user property; then filters with all options */
               "expect 82 15 00 01 0a 0b 80 01 26 00 01 61 00 01 62; expect 00 01 74 2d 00 01 75 12\n"
               "send 90 05 00 01 00 01 02\n"
               /* PUBLISH, QoS 1, retained */
               "expect 33 ?? 00 03 74 2f 31 00 02; expect 22 01 01 02 00 00 00 3c 03 00 01 63 08 00 01 72\n"
               "expect 09 00 02 00 ff 26 00 01 6b 00 01 76 26 00 01 6b 00 01 76; expect 68 69; send 40 02 00 02\n"
               /* UNSUBSCRIBE */
               "expect a2 0d 00 03 07 26 00 01 61 00 01 62 00 01 74; send b0 04 00 03 00 00\n"
               /* DISCONNECT: Session Expiry Interval, Reason String, user property */
               "expect e0 15 04 13 11 00 00 00 07 1f 00 04 64 6f 6e 65 26 00 01 61 00 01 62; expect-eof");
    MQTTProperties session = MQTTProperties_initializer;
    add_number(&session, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 1);
    MQTTClient client = client_of_peer("cid");
    MQTTResponse_free(connect5(client, 1, &session));
    MQTTProperties_free(&session);

    MQTTProperties list = MQTTProperties_initializer;
    add_number(&list, MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, 128);
    add_pair(&list, "a", "b");
    char *topics[] = {"t", "u"};
    int qos[] = {1, 2};
    MQTTSubscribe_options options[] = {MQTTSubscribe_options_initializer, MQTTSubscribe_options_initializer};
    options[0].noLocal = 1;
    options[0].retainAsPublished = 1;
    options[0].retainHandling = 2;
    options[1].retainHandling = 1;
    MQTTResponse response = MQTTClient_subscribeMany5(client, 2, topics, qos, options, &list);
    CHECK_INT(response.reasonCodeCount, 2);
    MQTTResponse_free(response);
    MQTTProperties_free(&list);

    add_number(&list, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, 1);
    add_number(&list, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, 60);
    add_text(&list, MQTTPROPERTY_CODE_CONTENT_TYPE, "c");
    add_text(&list, MQTTPROPERTY_CODE_RESPONSE_TOPIC, "r");
    MQTTProperty data = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
    data.value.data.data = "\0\xff";
    data.value.data.len = 2;
    CHECK_INT(MQTTProperties_add(&list, &data), 0);
    add_pair(&list, "k", "v");
    add_pair(&list, "k", "v");
    MQTTClient_message message = MQTTClient_message_initializer;
    message.payload = "hi";
    message.payloadlen = 2;
    message.qos = 1;
    message.retained = 1;
    message.properties = list;
    MQTTClient_deliveryToken token = 0;
    expect_code(MQTTClient_publishMessage5(client, "t/1", &message, &token), MQTTREASONCODE_SUCCESS);
    CHECK_INT(token, 2);
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTProperties_free(&list);

    add_pair(&list, "a", "b");
    MQTTResponse_free(MQTTClient_unsubscribe5(client, "t", &list));
    MQTTProperties_free(&list);

    add_number(&list, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 7);
    add_text(&list, MQTTPROPERTY_CODE_REASON_STRING, "done");
    add_pair(&list, "a", "b");
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE, &list), MQTTCLIENT_SUCCESS);
    MQTTProperties_free(&list);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

static void disconnect_is_as_long_as_it_must_be(void)
{
    peer_start(&peer, ACCEPT5 "expect e0 01 04; expect-eof;" ACCEPT5 "expect e0 02 00 00; expect-eof");
    MQTTClient client = client_of_peer("cid");
    MQTTResponse_free(connect5(client, 1, NULL));
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE, NULL), MQTTCLIENT_SUCCESS);
    MQTTResponse_free(connect5(client, 1, NULL));
    MQTTProperties none = MQTTProperties_initializer;
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, &none), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    without_properties_packets_are_as_short_as_they_can_be();
    connect_carries_its_properties_and_those_of_the_will();
    the_other_packets_carry_theirs();
    disconnect_is_as_long_as_it_must_be();
    return 0;
}
