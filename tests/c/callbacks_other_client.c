/* A client without callbacks whose server ends the connection behind a message that nobody has taken: calls on it inside
 * another client's callback meet the end. */
#include "peer.h"

static MQTTClient other;
static int returned;
static long long taken;
static sem_t called;

static int call_other(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    long long start = now_ms();
    returned = MQTTClient_subscribe(other, "t", 0);
    taken = now_ms() - start;
    sem_post(&called);
    return 1;
}

int main(int argc, char **argv)
{
    struct peer peer, ending;
    read_arguments(argc, argv);
    CHECK_INT(sem_init(&called, 0, 0), 0);
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; await; send 30 04 00 01 74 78;" GOODBYE);
    peer_start(&ending, "accept; expect CONNECT; send 20 02 00 00; await; send 30 04 00 01 74 78; close");
    MQTTClient client = create_client(peer.uri, client_id("calling"));
    other = create_client(ending.uri, client_id("other"));
    CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, call_other, NULL), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    connect_client(other, 1);
    peer_signal(&ending);
    peer_finish(&ending); /* the message and the end are on their way */
    peer_signal(&peer);
    while (sem_wait(&called) != 0)
        ;
    CHECK(returned == MQTTCLIENT_FAILURE || returned == MQTTCLIENT_DISCONNECTED);
    CHECK(taken < PATIENCE / 2);
    CHECK_INT(MQTTClient_isConnected(other), 0);
    disconnect_and_destroy(&client);
    MQTTClient_destroy(&other);
    peer_finish(&peer);
    return 0;
}
