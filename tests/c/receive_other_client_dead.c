/* Another client's dead connection is not this client's: receive goes on waiting, quietly. */
#include <sys/resource.h>

#include "relay.h"
#include "support.h"

static long long cpu_ms(void)
{
    struct rusage usage;
    CHECK_INT(getrusage(RUSAGE_SELF, &usage), 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000LL +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    struct relay relay;
    relay_start(&relay, broker);
    MQTTClient doomed = create_client(relay.uri, client_id("doomed")), healthy = create_client(broker, client_id("healthy"));
    char *topic = unique("topic");
    connect_client(doomed, 1);
    connect_client(healthy, 1);
    CHECK_INT(MQTTClient_subscribe(healthy, topic, 1), MQTTCLIENT_SUCCESS);
    relay_cut(&relay);

    long long cpu = cpu_ms(), start = now_ms();
    char *got = NULL;
    int length;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(healthy, &got, &length, &message, 1000), MQTTCLIENT_SUCCESS);
    CHECK(message == NULL);
    CHECK(now_ms() - start >= 950);
    CHECK(cpu_ms() - cpu < 300);
    CHECK_INT(MQTTClient_isConnected(healthy), 1);
    deliver_text(healthy, topic, "fine", 1, 0);
    expect_text(healthy, topic, "fine", 1);

    /* the loss was noticed while the healthy client was served */
    CHECK_INT(MQTTClient_receive(doomed, &got, &length, &message, 1000), MQTTCLIENT_DISCONNECTED);
    CHECK_INT(MQTTClient_isConnected(doomed), 0);
    MQTTClient_destroy(&doomed);
    disconnect_and_destroy(&healthy);
    relay_stop(&relay);
    return 0;
}
