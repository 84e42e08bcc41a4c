/* API calls from inside the callbacks: what programs do although the documentation says otherwise. */
#include "relay.h"
#include "support.h"

static struct inbox inbox;
static MQTTClient client;
static char *question, *answer;

/* Counts down what the callback under test has done; tests wait for it through the inbox's lock. */
static void note(int *counter)
{
    pthread_mutex_lock(&inbox.lock);
    ++*counter;
    pthread_cond_broadcast(&inbox.changed);
    pthread_mutex_unlock(&inbox.lock);
}

static int asked, confirmed;

/* Answers each question, as any request/response program does. */
static int answering(void *context, char *topic, int length, MQTTClient_message *message)
{
    if (strcmp(topic, question) == 0) {
        MQTTClient_deliveryToken token = 0, *pending = NULL;
        CHECK_INT(MQTTClient_isConnected(client), 1);
        CHECK_INT(MQTTClient_publish(client, answer, 2, "42", 1, 0, &token), MQTTCLIENT_SUCCESS);
        CHECK(token > 0);
        CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
        MQTTClient_free(pending);
        note(&asked);
    }
    return inbox_message(context, topic, length, message);
}

static void complete_and_look(void *context, MQTTClient_deliveryToken token)
{
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_isConnected(client), 1);
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    for (int i = 0; pending != NULL && pending[i] != -1; ++i)
        CHECK(pending[i] != token); /* what is complete is not pending any more */
    MQTTClient_free(pending);
    inbox_complete(context, token);
}

static void publish_from_message_arrived(void)
{
    inbox_init(&inbox);
    client = create_client(broker, client_id("answering"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, answering, complete_and_look), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, question, 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(client, answer, 1), MQTTCLIENT_SUCCESS);
    for (int i = 1; i <= 5; ++i) {
        publish_text(client, question, "6 x 7", 1, 0);
        CHECK_ARRIVES(&inbox, arrived, 2 * i);
        CHECK_ARRIVES(&inbox, completed, 2 * i);
    }
    CHECK_INT(asked, 5);
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
}

#ifdef FIXED
static char *more;

/* All calls that wait for the server, while the server's messages wait for this callback. */
static int busy(void *context, char *topic, int length, MQTTClient_message *message)
{
    if (strcmp(topic, question) == 0) {
        MQTTClient_deliveryToken first = 0, second = 0;
        CHECK_INT(MQTTClient_subscribe(client, more, 1), MQTTCLIENT_SUCCESS);
        /* a window of one: the second publish has to wait for the first one's acknowledgement */
        CHECK_INT(MQTTClient_publish(client, more, 1, "1", 1, 0, &first), MQTTCLIENT_SUCCESS);
        CHECK_INT(MQTTClient_publish(client, more, 1, "2", 2, 0, &second), MQTTCLIENT_SUCCESS);
        CHECK_INT(MQTTClient_waitForCompletion(client, first, PATIENCE), MQTTCLIENT_SUCCESS);
        CHECK_INT(MQTTClient_waitForCompletion(client, second, PATIENCE), MQTTCLIENT_SUCCESS);
        CHECK_INT(MQTTClient_unsubscribe(client, question), MQTTCLIENT_SUCCESS);
        MQTTClient_yield();
        note(&asked);
    }
    return inbox_message(context, topic, length, message);
}

static void everything_from_message_arrived(void)
{
    inbox_init(&inbox);
    asked = 0;
    more = unique("more");
    client = create_client(broker, client_id("busy"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, busy, inbox_complete), MQTTCLIENT_SUCCESS);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(client, question, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, question, "go", 0, 0);
    CHECK_ARRIVES(&inbox, arrived, 3);
    CHECK_INT(asked, 1);
    CHECK_STR(inbox.letters[1].payload, "1");
    CHECK_STR(inbox.letters[2].payload, "2");
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
}

/* Publishes the next message when the one before is complete. */
static void chain(void *context, MQTTClient_deliveryToken token)
{
    if (confirmed < 5) {
        CHECK_INT(MQTTClient_publish(client, answer, 1, "n", 1 + confirmed % 2, 0, NULL), MQTTCLIENT_SUCCESS);
        note(&confirmed);
    }
    inbox_complete(context, token);
}

static void publish_from_delivery_complete(void)
{
    inbox_init(&inbox);
    client = create_client(broker, client_id("chain"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, inbox_message, chain), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    publish_text(client, answer, "first", 1, 0);
    CHECK_ARRIVES(&inbox, completed, 6);
    disconnect_and_destroy(&client);
}

static int reconnected;

static void reconnect(void *context, char *cause)
{
    CHECK(cause == NULL);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, question, 1), MQTTCLIENT_SUCCESS);
    note(&((struct inbox *)context)->lost);
    note(&reconnected);
}

static void connect_from_connection_lost(void)
{
    struct relay relay;
    inbox_init(&inbox);
    relay_start(&relay, broker);
    client = create_client(relay.uri, client_id("reconnect"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, reconnect, inbox_message, inbox_complete), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    for (int i = 1; i <= 3; ++i) {
        long long start = now_ms();
        relay_cut(&relay);
        CHECK_INT(inbox_wait_for(&inbox, &reconnected, i, PATIENCE), i);
        CHECK(now_ms() - start < 2000); /* the call works at once in there */
        publish_text(client, question, "still here", 1, 0);
        CHECK_ARRIVES(&inbox, arrived, i);
    }
    disconnect_and_destroy(&client);
    relay_stop(&relay);
}

static int disconnecting(void *context, char *topic, int length, MQTTClient_message *message)
{
    CHECK_INT(MQTTClient_disconnect(client, 1000), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    return inbox_message(context, topic, length, message);
}

static int destroying(void *context, char *topic, int length, MQTTClient_message *message)
{
    inbox_take(context, topic, length, message);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    MQTTClient_destroy(&client);
    note(&asked);
    return 1;
}

static void leave_from_message_arrived(void)
{
    inbox_init(&inbox);
    client = create_client(broker, client_id("disconnecting"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, disconnecting, NULL), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, question, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, question, "bye", 0, 0);
    CHECK_ARRIVES(&inbox, arrived, 1);
    CHECK_INT(inbox.lost, 0);
    MQTTClient_destroy(&client);

    inbox_init(&inbox);
    asked = 0;
    client = create_client(broker, client_id("destroying"));
    CHECK_INT(MQTTClient_setCallbacks(client, &inbox, inbox_lost, destroying, NULL), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, question, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, question, "bye", 0, 0);
    CHECK_INT(inbox_wait_for(&inbox, &asked, 1, PATIENCE), 1);
    CHECK(client == NULL);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    question = unique("question");
    answer = unique("answer");
    publish_from_message_arrived();
#ifdef FIXED
    everything_from_message_arrived();
    publish_from_delivery_complete();
    connect_from_connection_lost();
    leave_from_message_arrived();
#else
    (void)confirmed;
#endif
    return 0;
}
