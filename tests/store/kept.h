/* What the programs that leave and take over stores share: a client with a file store, and how it connects to go on with it. */
#include <stdio.h>
#include <stdlib.h>

#include "MQTTClient.h"

static void check(int is, int wanted, const char *what)
{
    if (is != wanted) {
        fprintf(stderr, "%s: %d instead of %d\n", what, is, wanted);
        exit(1);
    }
}

/* The URI names the store's directory, so it is not the server's real one, which changes. */
static MQTTClient create(const char *id, const char *directory, int version)
{
    MQTTClient client;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = version;
    check(MQTTClient_createWithOptions(&client, "tcp://server:1883", id, MQTTCLIENT_PERSISTENCE_DEFAULT,
                                       (void *)directory, &options),
          MQTTCLIENT_SUCCESS, "create");
    return client;
}

/* To keep the session, at the server that *server names; both pointers are used until connect returns. */
static MQTTClient_connectOptions kept_session(char *const *server, int version, int window)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions options5 = MQTTClient_connectOptions_initializer5;
    if (version == MQTTVERSION_5)
        options = options5;
    options.MQTTVersion = version;
    options.cleansession = options.cleanstart = 0;
    options.maxInflightMessages = window;
    options.serverURIcount = 1;
    options.serverURIs = server;
    return options;
}
