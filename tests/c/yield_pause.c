/* MQTTClient_yield is a pause of 100 ms that does the protocol work meanwhile. */
#include "support.h"

static long long duration_of_yield(void)
{
    long long start = now_ms();
    MQTTClient_yield();
    return now_ms() - start;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
#ifdef FIXED
    CHECK(duration_of_yield() >= 95); /* no client yet */
#endif
    MQTTClient client = create_client(broker, client_id("client"));
    CHECK(duration_of_yield() >= 95);
    connect_client(client, 1);
    for (int i = 0; i < 5; ++i) {
        long long took = duration_of_yield();
        CHECK(took >= 95 && took < 2000);
    }

    /* a publisher that only yields gets its acknowledgements */
    MQTTClient_deliveryToken *pending = NULL;
    publish_text(client, unique("topic"), "x", 1, 0);
    publish_text(client, unique("topic"), "y", 2, 0);
    for (int i = 0; i < 50; ++i) {
        MQTTClient_yield();
        CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
        if (pending == NULL)
            break;
        MQTTClient_free(pending);
    }
    CHECK(pending == NULL);

    /* messages that came in during a yield are there for receive */
    char *topic = unique("inbox");
    CHECK_INT(MQTTClient_subscribe(client, topic, 0), MQTTCLIENT_SUCCESS);
    publish_text(client, topic, "while yielding", 0, 0);
    MQTTClient_yield();
    expect_text(client, topic, "while yielding", 0);
    disconnect_and_destroy(&client);
#ifdef FIXED
    CHECK(duration_of_yield() >= 95); /* no client any more */
#endif
    return 0;
}
