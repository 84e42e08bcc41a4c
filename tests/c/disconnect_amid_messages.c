/* A disconnect while messages still come: the server is not cut off before it has read DISCONNECT and ended its side. */
#include "peer.h"

#define MESSAGE "\x30\x04\x00\x01tx"

struct flood {
    struct peer *peer;
    size_t wanted, sent; /* wanted: 0 for as many as are taken */
};

/* Writes messages behind DISCONNECT, more than any socket holds. */
static void *flood(void *argument)
{
    struct flood *flood = argument;
    char messages[6 * 1000];
    for (int i = 0; i < 1000; ++i)
        memcpy(messages + 6 * i, MESSAGE, 6);
    peer_await(flood->peer);
    while (flood->wanted == 0 || flood->sent < flood->wanted) {
        ssize_t sent = send(flood->peer->connection, messages, sizeof messages, MSG_NOSIGNAL);
        if (sent < 0)
            break;
        flood->sent += (size_t)sent;
    }
    peer_signal(flood->peer);
    return NULL;
}

/* How long the disconnect takes. */
static long long disconnect_amid(size_t messages, int timeout, int with_callbacks)
{
    static struct inbox inbox;
    struct peer peer;
    struct flood flooding = {.peer = &peer, .wanted = 6 * messages};
    pthread_t thread;
    inbox_init(&inbox);
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; send 30 04 00 01 74 78;"
                      "expect e0 00; expect-eof; signal; await; close");
    MQTTClient client = create_client(peer.uri, client_id("amid"));
    if (with_callbacks)
        use_inbox(client, &inbox);
    connect_client(client, 1);
    if (with_callbacks)
        CHECK_ARRIVES(&inbox, arrived, 1);
    else
        expect_text(client, "t", "x", 0);
    CHECK_INT(pthread_create(&thread, NULL, flood, &flooding), 0);
    long long start = now_ms();
    CHECK_INT(MQTTClient_disconnect(client, timeout), MQTTCLIENT_SUCCESS);
    long long taken = now_ms() - start;
    pthread_join(thread, NULL);
    CHECK(flooding.sent >= flooding.wanted);
    if (with_callbacks)
        CHECK_STAYS(&inbox, arrived, 1); /* what comes behind DISCONNECT is nothing for the program */
    MQTTClient_destroy(&client);
    peer_finish(&peer);
    return taken;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    for (int with_callbacks = 0; with_callbacks < 2; ++with_callbacks) {
        disconnect_amid(2000000, PATIENCE, with_callbacks);
        /* but not for ever, and not longer than the program wants */
        CHECK(disconnect_amid(0, PATIENCE, with_callbacks) < PATIENCE / 2);
        CHECK(disconnect_amid(0, 0, with_callbacks) < 500);
    }
    return 0;
}
