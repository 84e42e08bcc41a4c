/* A store of the program's own that takes its time, and many messages at once: the first ones are acknowledged before the
 * last ones are stored, and can be taken. */
#include <stdatomic.h>

#include "peer.h"

#include "MQTTClientPersistence.h"

#define MESSAGES 100

static struct peer peer;
static atomic_int puts_begun;

static int open_store(void **handle, const char *id, const char *uri, void *context)
{
    (void)id;
    (void)uri;
    *handle = context;
    return 0;
}

static int close_store(void *handle)
{
    (void)handle;
    return 0;
}

static int put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)handle;
    (void)key;
    (void)count;
    (void)buffers;
    (void)lengths;
    usleep(1000); /* as slow as the name says */
    if (atomic_fetch_add(&puts_begun, 1) + 1 == MESSAGES)
        peer_await(&peer); /* the server has an acknowledgement */
    return 0;
}

static int get(void *handle, char *key, char **bytes, int *length)
{
    (void)handle;
    (void)key;
    (void)bytes;
    (void)length;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

static int take_away(void *handle, char *key)
{
    (void)handle;
    (void)key;
    return 0;
}

static int list(void *handle, char ***keys, int *count)
{
    (void)handle;
    *keys = NULL;
    *count = 0;
    return 0;
}

static int clear(void *handle)
{
    (void)handle;
    return 0;
}

static int contains(void *handle, char *key)
{
    (void)handle;
    (void)key;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

/* The server sends all messages in one piece. */
static char *script(void)
{
    static char text[MESSAGES * 64 + 256];
    size_t length = (size_t)snprintf(text, sizeof text, "accept; expect CONNECT; send 20 02 00 00; send");
    for (int i = 1; i <= MESSAGES; ++i)
        length += (size_t)snprintf(text + length, sizeof text - length, " 32 05 00 01 74 00 %02x", i);
    length += (size_t)snprintf(text + length, sizeof text - length, "; expect 40 02 00 01; signal");
    for (int i = 2; i <= MESSAGES; ++i)
        length += (size_t)snprintf(text + length, sizeof text - length, "; expect 40 02 00 %02x", i);
    snprintf(text + length, sizeof text - length, "; " GOODBYE);
    return text;
}

static void many_messages(int callbacks)
{
    MQTTClient client;
    MQTTClient_persistence store = {&peer, open_store, close_store, put, get, take_away, list, clear, contains};
    struct inbox inbox;
    atomic_store(&puts_begun, 0);
    peer_start(&peer, script());
    CHECK_INT(MQTTClient_create(&client, peer.uri, client_id("slow"), MQTTCLIENT_PERSISTENCE_USER, &store), 0);
    inbox_init(&inbox);
    if (callbacks)
        use_inbox(client, &inbox);
    connect_client(client, 0);
    if (callbacks)
        CHECK_ARRIVES(&inbox, arrived, MESSAGES);
    for (int i = 0; i < MESSAGES && !callbacks; ++i) {
        expect_text(client, "t", "", 1);
        if (i == 0)
            CHECK(atomic_load(&puts_begun) < MESSAGES); /* a call does not wait for all */
    }
    disconnect_and_destroy(&client);
    peer_finish(&peer);
    CHECK_INT(atomic_load(&puts_begun), MESSAGES);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    many_messages(0);
    many_messages(1);
    return 0;
}
