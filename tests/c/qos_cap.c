/* A message arrives with the lower of the two QoS, that of the message and that of the subscription. */
#include "support.h"

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    MQTTClient subscriber = create_client(broker, client_id("subscriber"));
    MQTTClient publisher = create_client(broker, client_id("publisher"));
    connect_client(subscriber, 1);
    connect_client(publisher, 1);

    char *topics[3];
    int granted[3];
    for (int subscribed = 0; subscribed <= 2; ++subscribed) {
        char name[8];
        snprintf(name, sizeof name, "qos%d", subscribed);
        topics[subscribed] = unique(name);
        granted[subscribed] = subscribed;
    }
    CHECK_INT(MQTTClient_subscribeMany(subscriber, 3, topics, granted), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < 3; ++i)
        CHECK_INT(granted[i], i);

    for (int subscribed = 0; subscribed <= 2; ++subscribed) {
        for (int published = 0; published <= 2; ++published) {
            char text[32];
            snprintf(text, sizeof text, "sent %d, subscribed %d", published, subscribed);
            deliver_text(publisher, topics[subscribed], text, published, 0);
            expect_text(subscriber, topics[subscribed], text, published < subscribed ? published : subscribed);
        }
    }
    expect_nothing(subscriber);

    disconnect_and_destroy(&publisher);
    disconnect_and_destroy(&subscriber);
    return 0;
}
