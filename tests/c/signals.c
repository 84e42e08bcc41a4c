/* Signals every millisecond during all calls, in whichever thread they come. */
#include <signal.h>
#include <sys/time.h>

#include "support.h"

static int ticks;

static void tick(int signal)
{
    (void)signal;
    __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

static void all_calls(int callbacks)
{
    struct inbox inbox;
    inbox_init(&inbox);
    char *topic = unique(callbacks ? "called" : "received");
    for (int round = 0; round < 10; ++round) {
        MQTTClient client = create_client(broker, client_id("interrupted"));
        if (callbacks)
            use_inbox(client, &inbox);
        connect_client(client, 1);
        CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
        for (int qos = 0; qos <= 2; ++qos) {
            deliver_text(client, topic, "through", qos, 0);
            if (!callbacks)
                expect_text(client, topic, "through", qos);
        }
        if (callbacks)
            CHECK_ARRIVES(&inbox, arrived, 3 * (round + 1));
        else
            expect_nothing(client);
        CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTCLIENT_SUCCESS);
        MQTTClient_yield();
        disconnect_and_destroy(&client);
    }
    CHECK_INT(inbox.lost, 0);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    struct sigaction action = {.sa_handler = tick};
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    struct itimerval often = {{0, 1000}, {0, 1000}};
    CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
    all_calls(0);
    all_calls(1);
    CHECK(__atomic_load_n(&ticks, __ATOMIC_RELAXED) > 500);
    return 0;
}
