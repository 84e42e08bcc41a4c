/* Several threads publish through one client; every message arrives exactly once, every token completes. */
#include "support.h"

#define THREADS 4
#define EACH 25

static MQTTClient client;
static char *topic;

static void *publish_all(void *argument)
{
    int number = *(int *)argument;
    for (int i = 0; i < EACH; ++i) {
        char text[32];
        snprintf(text, sizeof text, "%d %d", number, i);
        MQTTClient_deliveryToken token = publish_text(client, topic, text, i % 3, 0);
        CHECK(i % 3 == 0 ? token == -7 : token > 0);
        CHECK_INT(MQTTClient_isConnected(client), 1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static struct inbox inbox;
    inbox_init(&inbox);
    topic = unique("topic");
    client = create_client(broker, client_id("client"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);

    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; ++i) {
        numbers[i] = i;
        CHECK_INT(pthread_create(&threads[i], NULL, publish_all, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);

    CHECK_ARRIVES(&inbox, arrived, THREADS * EACH);
    int seen[THREADS][EACH] = {{0}};
    for (int i = 0; i < THREADS * EACH; ++i) {
        int number = -1, position = -1;
        CHECK_INT(sscanf(inbox.letters[i].payload, "%d %d", &number, &position), 2);
        CHECK(number >= 0 && number < THREADS && position >= 0 && position < EACH);
        CHECK_INT(inbox.letters[i].qos, position % 3);
        seen[number][position]++;
    }
    for (int i = 0; i < THREADS; ++i)
        for (int j = 0; j < EACH; ++j)
            CHECK_INT(seen[i][j], 1);
    CHECK_ARRIVES(&inbox, completed, THREADS * (EACH - (EACH + 2) / 3));

    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
    return 0;
}
