/* The end of the last client does not wait for a callback of one that was destroyed in that callback: there the program
 * may be waiting for the thread that destroys. */
#include <semaphore.h>
#include <unistd.h>

#include "support.h"

static MQTTClient destroyed;
static sem_t inside, go_on, back;

static int destroy_and_wait(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_free(topic);
    MQTTClient_freeMessage(&message);
    MQTTClient_destroy(&destroyed);
    sem_post(&inside);
    while (sem_wait(&go_on) != 0)
        ;
    sem_post(&back);
    return 1;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(sem_init(&inside, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0 && sem_init(&back, 0, 0) == 0);
    destroyed = create_client(broker, client_id("destroyed"));
    CHECK_INT(MQTTClient_setCallbacks(destroyed, NULL, NULL, destroy_and_wait, NULL), MQTTCLIENT_SUCCESS);
    connect_client(destroyed, 1);
    CHECK_INT(MQTTClient_subscribe(destroyed, unique("topic"), 1), MQTTCLIENT_SUCCESS);
    MQTTClient last = create_client(broker, client_id("last"));
    connect_client(last, 1);
    deliver_text(last, unique("topic"), "now", 1, 0);
    while (sem_wait(&inside) != 0)
        ;
    alarm(PATIENCE / 1000);
    MQTTClient_destroy(&last);
    alarm(0);
    sem_post(&go_on);
    while (sem_wait(&back) != 0)
        ;
    /* The library starts anew. */
    struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient next = create_client(broker, client_id("next"));
    use_inbox(next, &inbox);
    connect_client(next, 1);
    CHECK_INT(MQTTClient_subscribe(next, unique("topic"), 1), MQTTCLIENT_SUCCESS);
    publish_text(next, unique("topic"), "again", 1, 0);
    CHECK_ARRIVES(&inbox, arrived, 1);
    disconnect_and_destroy(&next);
    return 0;
}
