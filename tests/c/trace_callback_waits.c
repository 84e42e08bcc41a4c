/* A trace callback that does not return for long holds up no other client. */
#include <semaphore.h>

#include "support.h"

static char *name;
static sem_t inside, go_on;
static int taken;

/* Waits at the first line about a message for the client. */
static void trace(enum MQTTCLIENT_TRACE_LEVELS level, char *line)
{
    (void)level;
    if (strstr(line, name) == NULL || strstr(line, "<- PUBLISH") == NULL || __sync_fetch_and_add(&taken, 1) != 0)
        return;
    sem_post(&inside);
    while (sem_wait(&go_on) != 0)
        ;
}

static MQTTClient subscriber(const char *suffix, struct inbox *inbox)
{
    inbox_init(inbox);
    MQTTClient client = create_client(broker, client_id(suffix));
    use_inbox(client, inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, unique(suffix), 1), MQTTCLIENT_SUCCESS);
    return client;
}

int main(int argc, char **argv)
{
    struct inbox first_inbox, second_inbox;
    read_arguments(argc, argv);
    CHECK(sem_init(&inside, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    name = client_id("held-up");
    MQTTClient first = subscriber("held-up", &first_inbox), second = subscriber("free", &second_inbox);
    MQTTClient sender = create_client(broker, client_id("sender"));
    connect_client(sender, 1);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_PROTOCOL);
    MQTTClient_setTraceCallback(trace);
    deliver_text(sender, unique("held-up"), "one", 1, 0);
    while (sem_wait(&inside) != 0)
        ;
    deliver_text(sender, unique("free"), "two", 1, 0);
    CHECK_ARRIVES(&second_inbox, arrived, 1);
    /* An answer for the other one comes in too. */
    deliver_text(second, unique("free"), "three", 1, 0);
    CHECK_ARRIVES(&second_inbox, arrived, 2);
    sem_post(&go_on);
    CHECK_ARRIVES(&first_inbox, arrived, 1);
    MQTTClient_setTraceCallback(NULL);
    disconnect_and_destroy(&first);
    disconnect_and_destroy(&second);
    disconnect_and_destroy(&sender);
    return 0;
}
