/* Disks that take no more, or let nobody in: publish says so, nothing is sent or kept of what was refused, and all goes on
 * when the disk does. Every byte that the server sees is compared. */
#define _GNU_SOURCE
#include "troubles.h"

/* The identifiers tell that nothing was kept of what was refused, the order of the bytes that nothing of it was sent. */
static void refused_messages_leave_nothing(int version)
{
    struct peer peer;
    peer_start(&peer, version == MQTTVERSION_5 ? CONNECT5
               "expect 30 07 00 01 74 00 6e 6f 77;"
               "expect 32 09 00 01 74 00 01 00 6f 6e 65; send 40 02 00 01;"
               "expect 34 09 00 01 74 00 02 00 74 77 6f; send 50 02 00 02; expect 62 02 00 02; send 70 02 00 02;"
               GOODBYE_AND_END : CONNECT3
               "expect 30 06 00 01 74 6e 6f 77;"
               "expect 32 08 00 01 74 00 01 6f 6e 65; send 40 02 00 01;"
               "expect 34 08 00 01 74 00 02 74 77 6f; send 50 02 00 02; expect 62 02 00 02; send 70 02 00 02;"
               GOODBYE_AND_END);
    MQTTClient client = create_stored(version);
    connect_to(client, &peer, version);
    trouble->begin();
    for (int qos = 1; qos <= 2; ++qos) {
        CHECK_INT(publish_rc(client, version, "refused", qos), MQTTCLIENT_FAILURE);
        expect_traced(trouble->reason);
        expect_none_pending(client);
        CHECK_INT(MQTTClient_isConnected(client), 1);
    }
    CHECK_INT(publish_rc(client, version, "now", 0), MQTTCLIENT_SUCCESS);
    trouble->end();
    CHECK_INT(publish_rc(client, version, "one", 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(publish_rc(client, version, "two", 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 2, PATIENCE), MQTTCLIENT_SUCCESS);
    expect_none_pending(client);
    goodbye(&client, &peer);
}

/* create needs the directory, not room in it. */
static void create_tells_whether_the_directory_can_be_used(void)
{
    MQTTClient first = create_stored(MQTTVERSION_3_1_1), client = NULL;
    trouble->begin();
    CHECK_INT(create(&client, "other", MQTTVERSION_3_1_1), trouble->create_new);
    CHECK(client != NULL);
    MQTTClient_destroy(&client);
    trouble->end();
    CHECK_INT(create(&client, "other", MQTTVERSION_3_1_1), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    MQTTClient_destroy(&first);
    if (trouble->needs_empty_leaf) {
        CHECK_INT(mkdir(leaf, 0700), 0);
        trouble->begin();
        CHECK_INT(create(&client, "cid", MQTTVERSION_3_1_1), MQTTCLIENT_PERSISTENCE_ERROR);
        MQTTClient_destroy(&client);
        trouble->end();
    }
}

/* The record ends in the middle: the room was just not enough. */
static void a_message_larger_than_the_room_is_refused(void)
{
    if (trouble->begin != fill)
        return;
    static char large[65536];
    memset(large, 'x', sizeof large - 1);
    struct peer peer;
    peer_start(&peer, CONNECT3 "expect 32 08 00 01 74 00 01 6f 6e 65; send 40 02 00 01;" GOODBYE_AND_END);
    MQTTClient client = create_stored(MQTTVERSION_3_1_1);
    connect_to(client, &peer, MQTTVERSION_3_1_1);
    CHECK_INT(publish_rc(client, MQTTVERSION_3_1_1, large, 1), MQTTCLIENT_FAILURE);
    expect_traced(trouble->reason);
    CHECK_INT(publish_rc(client, MQTTVERSION_3_1_1, "one", 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    goodbye(&client, &peer);
}

/* Its end is what makes room again. */
static void a_begun_exchange_ends_on_a_full_disk(int version)
{
    if (trouble->begin != fill)
        return;
    struct peer peer;
    peer_start(&peer, version == MQTTVERSION_5 ? CONNECT5
               "expect 34 09 00 01 74 00 01 00 74 77 6f; send 50 02 00 01; expect 62 02 00 01; send 70 02 00 01;"
               GOODBYE_AND_END : CONNECT3
               "expect 34 08 00 01 74 00 01 74 77 6f; send 50 02 00 01; expect 62 02 00 01; send 70 02 00 01;"
               GOODBYE_AND_END);
    MQTTClient client = create_stored(version);
    connect_to(client, &peer, version);
    CHECK_INT(publish_rc(client, version, "two", 2), MQTTCLIENT_SUCCESS);
    fill();
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    expect_none_pending(client);
    empty();
    goodbye(&client, &peer);
}

static void play(void)
{
    create_tells_whether_the_directory_can_be_used();
    for (int version = MQTTVERSION_3_1; version <= MQTTVERSION_5; ++version) {
        refused_messages_leave_nothing(version);
        a_begun_exchange_ends_on_a_full_disk(version);
    }
    a_message_larger_than_the_room_is_refused();
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    play_in_each(play);
    return 0;
}
