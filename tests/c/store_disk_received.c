/* Disks that take no more, or let nobody in, when messages come: none is acknowledged that could not be stored, and it
 * comes again when the disk goes on. Every byte that the server sees is compared. */
#define _GNU_SOURCE
#include "troubles.h"

/* A loss is not told as an ordinary one to the server: MQTT 5 has a reason for it. */
static const char *refusal(int version)
{
    return version == MQTTVERSION_5 ? "expect e0 01 83; expect-eof;" : "expect-eof;";
}

/* Waits for the end of the connection, in which nothing may be handed over. */
static void expect_loss(MQTTClient client, struct inbox *inbox)
{
    if (inbox != NULL) {
        CHECK_ARRIVES(inbox, lost, 1);
        CHECK_INT(inbox->arrived, 0);
    } else {
        char *topic = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        CHECK(MQTTClient_receive(client, &topic, &length, &message, PATIENCE) < 0);
        CHECK(message == NULL);
    }
    CHECK_INT(MQTTClient_isConnected(client), 0);
    expect_traced(trouble->reason);
}

static void expect_message(MQTTClient client, struct inbox *inbox, int qos)
{
    if (inbox == NULL) {
        expect_text(client, "t", "in", qos);
        return;
    }
    CHECK_ARRIVES(inbox, arrived, 1);
    CHECK_STR(inbox->letters[0].payload, "in");
    CHECK_INT(inbox->letters[0].qos, qos);
}

/* After `before` the store fails; the server sends `refused`, and `again` on the next connection. */
static void comes_again(int version, int callbacks, int qos, const char *before, const char *refused, const char *again)
{
    struct peer peer;
    struct inbox inbox, *used = callbacks ? &inbox : NULL;
    char script[1024];
    const char *accept = version == MQTTVERSION_5 ? CONNECT5 : CONNECT3;
    const char *resumed = version == MQTTVERSION_5     ? "accept; expect CONNECT; send 20 03 01 00 00;"
                          : version == MQTTVERSION_3_1 ? CONNECT3
                                                       : "accept; expect CONNECT; send 20 02 01 00;";
    snprintf(script, sizeof script, "%s %s signal; await; %s %s %s %s %s", accept, before, refused, refusal(version), resumed,
             again, GOODBYE_AND_END);
    peer_start(&peer, script);
    MQTTClient client = create_stored(version);
    inbox_init(&inbox);
    if (callbacks)
        use_inbox(client, &inbox);
    connect_to(client, &peer, version);
    while (sem_trywait(&peer.to_test) != 0)
        MQTTClient_yield(); /* handles what comes before */
    trouble->begin();
    peer_signal(&peer);
    expect_loss(client, used);
    trouble->end();
    connect_to(client, &peer, version);
    expect_message(client, used, qos);
    goodbye(&client, &peer);
    CHECK_INT(inbox.arrived, callbacks);
}

static void messages_that_cannot_be_stored_come_again(int version, int callbacks)
{
    if (version == MQTTVERSION_5) {
        comes_again(version, callbacks, 1, "", "send 32 08 00 01 74 00 4d 00 69 6e;",
                    "send 3a 08 00 01 74 00 4d 00 69 6e; expect 40 02 00 4d;");
        comes_again(version, callbacks, 2, "", "send 34 08 00 01 74 00 4d 00 69 6e;",
                    "send 3c 08 00 01 74 00 4d 00 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;");
        return;
    }
    comes_again(version, callbacks, 1, "", "send 32 07 00 01 74 00 4d 69 6e;",
                "send 3a 07 00 01 74 00 4d 69 6e; expect 40 02 00 4d;");
    comes_again(version, callbacks, 2, "", "send 34 07 00 01 74 00 4d 69 6e;",
                "send 3c 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;");
    if (!trouble->needs_empty_leaf) /* received, and cannot be queued when PUBREL comes */
        comes_again(version, callbacks, 2, "send 34 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d;", "send 62 02 00 4d;",
                    "send 62 02 00 4d; expect 70 02 00 4d;");
}

static void play(void)
{
    for (int version = MQTTVERSION_3_1; version <= MQTTVERSION_5; ++version)
        for (int callbacks = 0; callbacks <= 1; ++callbacks)
            messages_that_cannot_be_stored_come_again(version, callbacks);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    play_in_each(play);
    return 0;
}
