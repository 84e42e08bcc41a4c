/* As many clients with stores as there are descriptors for connections: a store takes none when they are scarce. */
#include <sys/resource.h>

#include "disk.h"

#define LIMIT 128
#define CLIENTS 80

static MQTTClient create_at(const char *uri, int number)
{
    MQTTClient client = NULL;
    char name[16];
    snprintf(name, sizeof name, "%d", number);
    CHECK_INT(MQTTClient_create(&client, uri, client_id(name), MQTTCLIENT_PERSISTENCE_DEFAULT, base),
              MQTTCLIENT_SUCCESS);
    return client;
}

static void connect_kept(MQTTClient client, int pending)
{
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK_INT(tokens != NULL, pending);
    MQTTClient_free(tokens);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.cleansession = 0;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
}

/* A message that is not acknowledged goes on with the next client, in the store of one that keeps no descriptor. */
static void goes_on(void)
{
    struct peer peer;
    peer_start(&peer, CONNECT3 "expect PUBLISH;" GOODBYE ";"
                      CONNECT3 "expect PUBLISH; send 40 02 00 01;" GOODBYE);
    MQTTClient client = create_at(peer.uri, CLIENTS);
    connect_kept(client, 0);
    MQTTClient_deliveryToken token = publish_text(client, unique("kept"), "x", 1, 0);
    CHECK_INT(token, 1);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    client = create_at(peer.uri, CLIENTS);
    connect_kept(client, 1);
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    disconnect_and_destroy(&client);
    peer_finish(&peer);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static MQTTClient clients[CLIENTS];
    struct inbox inbox;
    inbox_init(&inbox);
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = LIMIT;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    strcpy(base, "/tmp/store_many.XXXXXX");
    CHECK(mkdtemp(base) != NULL);
    for (int i = 0; i < CLIENTS; ++i) {
        clients[i] = create_at(broker, i);
        if (i % 2)
            use_inbox(clients[i], &inbox);
        connect_kept(clients[i], 0);
    }
    for (int i = 0; i < CLIENTS; ++i)
        for (int qos = 1; qos <= 2; ++qos)
            deliver_text(clients[i], unique("many"), "x", qos, 0);
    goes_on();
    for (int i = 0; i < CLIENTS; ++i)
        disconnect_and_destroy(&clients[i]);
    expect_empty(base);
    CHECK_INT(rmdir(base), 0);
    return 0;
}
