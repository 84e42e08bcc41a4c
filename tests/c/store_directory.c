/* A store whose directory disappears, and one that cannot be opened for want of descriptors. */
#include "disk.h"

/* Somebody cleans up: what was in it is gone, the next record finds a new directory. */
static void a_removed_directory_comes_back(int version)
{
    struct peer peer;
    peer_start(&peer, version == MQTTVERSION_5 ? CONNECT5
               "expect 32 09 00 01 74 00 01 00 6f 6e 65; signal; await; send 40 02 00 01;"
               "expect 32 09 00 01 74 00 02 00 74 77 6f; signal; await; send 40 02 00 02;"
               "send 34 08 00 01 74 00 4d 00 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;"
               GOODBYE_AND_END : CONNECT3
               "expect 32 08 00 01 74 00 01 6f 6e 65; signal; await; send 40 02 00 01;"
               "expect 32 08 00 01 74 00 02 74 77 6f; signal; await; send 40 02 00 02;"
               "send 34 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;"
               GOODBYE_AND_END);
    MQTTClient client = create_stored(version);
    connect_to(client, &peer, version);
    CHECK_INT(publish_rc(client, version, "one", 1), MQTTCLIENT_SUCCESS);
    char record[128];
    const char *prefix5 = version == MQTTVERSION_5 ? "5" : "";
    snprintf(record, sizeof record, "%s/s%s-1.msg", leaf, prefix5);
    peer_await(&peer);
    CHECK_INT(unlink(record), 0);
    CHECK_INT(rmdir(leaf), 0);
    peer_signal(&peer);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(publish_rc(client, version, "two", 1), MQTTCLIENT_SUCCESS);
    snprintf(record, sizeof record, "%s/s%s-2.msg", leaf, prefix5);
    peer_await(&peer);
    CHECK_INT(access(record, F_OK), 0);
    peer_signal(&peer);
    expect_text(client, "t", "in", 2);
    goodbye(&client, &peer);
}

/* create returns however many descriptors it gets before there are no more. */
static void few_descriptors(void)
{
    int rc = MQTTCLIENT_PERSISTENCE_ERROR;
    for (int count = 0; rc != MQTTCLIENT_SUCCESS; ++count) {
        MQTTClient client = NULL;
        leave_descriptors(count);
        rc = create(&client, "cid", MQTTVERSION_3_1_1);
        give_descriptors();
        CHECK(rc == MQTTCLIENT_SUCCESS || rc == MQTTCLIENT_PERSISTENCE_ERROR);
        MQTTClient_destroy(&client);
        CHECK(count < 10);
    }
    rmdir(leaf); /* create may have made it in vain */
}

static void play_removed(void)
{
    for (int version = MQTTVERSION_3_1; version <= MQTTVERSION_5; ++version)
        a_removed_directory_comes_back(version);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    pid_t removed = start("a directory that was removed", NULL, play_removed);
    pid_t few = start("few descriptors", NULL, few_descriptors);
    finish(removed, "a directory that was removed");
    finish(few, "few descriptors");
    return 0;
}
