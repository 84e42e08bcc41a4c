/* Programs that end without destroying their clients, also while callbacks run, or in one. */
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static char *topic;
static struct inbox inbox;

static int block(void *context, char *name, int length, MQTTClient_message *message)
{
    inbox_take(context, name, length, message);
    while (pause() != 0)
        ;
    return 0;
}

static int leave(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context, (void)name, (void)length, (void)message;
    exit(7);
}

static void connect_and_get(MQTTClient_messageArrived *arrived)
{
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id("ending"));
    if (arrived != NULL)
        CHECK_INT(MQTTClient_setCallbacks(client, &inbox, NULL, arrived, NULL), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, topic, "now", 1, 0);
}

static void leave_at_once(void)
{
    connect_and_get(NULL);
    exit(7);
}

static void leave_beside_a_callback(void)
{
    connect_and_get(block);
    CHECK_ARRIVES(&inbox, arrived, 1);
    exit(7);
}

static void leave_in_a_callback(void)
{
    connect_and_get(leave);
    for (;;)
        pause();
}

static void ends_with_its_status(void (*program)(void))
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        program();
        _exit(1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 7);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    topic = unique("topic");
    ends_with_its_status(leave_at_once);
    ends_with_its_status(leave_beside_a_callback);
    ends_with_its_status(leave_in_a_callback);
    return 0;
}
