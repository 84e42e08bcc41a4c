/* A callback has as much stack as `ulimit -s` gives to the program's own threads. */
#include <alloca.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

#define LIMIT (64 << 20)
#define FRAME (40 << 20)

static int deep(void *context, char *topic, int length, MQTTClient_message *message)
{
    volatile char *frame = alloca(FRAME);
    for (size_t i = 0; i < FRAME; i += 4096)
        frame[i] = 1;
    return inbox_message(context, topic, length, message);
}

int main(int argc, char **argv)
{
    struct rlimit stack;
    CHECK_INT(getrlimit(RLIMIT_STACK, &stack), 0);
    if (stack.rlim_cur != LIMIT) {
        stack.rlim_cur = LIMIT;
        if (setrlimit(RLIMIT_STACK, &stack) != 0) {
            printf("skipped: the limit of the stack cannot be raised\n");
            return 0;
        }
        execv("/proc/self/exe", argv); /* the limit counts from the start of a program */
        CHECK_FAIL("the program cannot be started again");
    }
    read_arguments(argc, argv);
    struct inbox inbox;
    inbox_init(&inbox);
    char *topic = unique("deep");
    MQTTClient client = create_client(broker, client_id("deep"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, deep, inbox_complete), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, topic, "down", 1, 0);
    CHECK_ARRIVES(&inbox, arrived, 1);
    disconnect_and_destroy(&client);
    return 0;
}
