/* A messageArrived that returns 0 is offered the same message again, before any later one. */
#include "support.h"

static struct inbox inbox;
static int refusals;
static long long first_refusal;

static int refuse_twice(void *context, char *topic, int length, MQTTClient_message *message)
{
    if (refusals < 2) {
        pthread_mutex_lock(&inbox.lock);
        if (refusals++ == 0)
            first_refusal = now_ms();
        pthread_cond_broadcast(&inbox.changed);
        pthread_mutex_unlock(&inbox.lock);
        CHECK_STR(message->payload, "first");
        return 0;
    }
    return inbox_message(context, topic, length, message);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id("client"));
    char *topic = unique("topic");
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, refuse_twice, inbox_complete), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);

    MQTTClient_deliveryToken token = publish_text(client, topic, "first", 1, 0);
    /* refusing holds back no acknowledgement */
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
#ifdef FIXED
    CHECK_ARRIVES(&inbox, arrived, 1); /* by itself, with a pause behind each refusal */
    CHECK(now_ms() - first_refusal >= 190);
    publish_text(client, topic, "second", 1, 0);
    publish_text(client, topic, "third", 0, 0);
    CHECK_ARRIVES(&inbox, arrived, 3);
    CHECK_INT(inbox.letters[0].dup, 0);
#else
    /* the original offers it again only when something else comes in, and lags behind from then on */
    CHECK_INT(inbox_wait_for(&inbox, &refusals, 1, PATIENCE) >= 1, 1);
    for (int i = 0; i < 6 && inbox_wait_for(&inbox, &inbox.arrived, 3, QUIET) < 3; ++i)
        publish_text(client, topic, i == 0 ? "second" : "third", 1, 0);
    CHECK(inbox_wait_for(&inbox, &inbox.arrived, 3, PATIENCE) >= 3);
#endif
    CHECK_INT(refusals, 2);
    CHECK_STR(inbox.letters[0].payload, "first");
    CHECK_STR(inbox.letters[1].payload, "second");
    CHECK_STR(inbox.letters[2].payload, "third");
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
    return 0;
}
