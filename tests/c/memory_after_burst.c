/* A client that has sent and received some messages at once keeps little of the memory for them when they are gone. */
#include <malloc.h>

#include "support.h"

#define CLIENTS 40
#define MESSAGES 9
#define LIMIT 5000

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void burst(MQTTClient client, const char *topic, char *payload)
{
    MQTTClient_deliveryToken tokens[MESSAGES];
    for (int i = 0; i < MESSAGES; ++i)
        tokens[i] = publish_text(client, topic, payload, 1, 0);
    for (int i = 0; i < MESSAGES; ++i)
        CHECK_INT(MQTTClient_waitForCompletion(client, tokens[i], PATIENCE), MQTTCLIENT_SUCCESS);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (strncmp(broker, "tcp://", 6) != 0) {
        printf("skipped: the layers of other ways have memory of their own\n");
        return 0;
    }
    static char payload[1000];
    memset(payload, 'p', sizeof payload - 1);
    MQTTClient clients[CLIENTS + 1];
    char suffix[32];
    size_t before = 0;
    for (int i = 0; i <= CLIENTS; ++i) {
        /* The first one's share is that of the process too. */
        if (i == 1)
            before = allocated();
        snprintf(suffix, sizeof suffix, "burst-%d", i);
        char *topic = unique(suffix);
        clients[i] = create_client(broker, topic);
        connect_client(clients[i], 1);
        CHECK_INT(MQTTClient_subscribe(clients[i], topic, 1), MQTTCLIENT_SUCCESS);
        burst(clients[i], topic, payload);
        for (int k = 0; k < MESSAGES; ++k)
            expect_text(clients[i], topic, payload, 1);
        free(topic);
    }
    size_t each = (allocated() - before) / CLIENTS;
    if (each > LIMIT)
        CHECK_FAIL("%zu bytes for each client", each);
    for (int i = 0; i <= CLIENTS; ++i)
        disconnect_and_destroy(&clients[i]);
    return 0;
}
