/* Publishes without waiting for each message: a callback counts the acknowledgements.
 *
 *   cc -o publish_callbacks publish_callbacks.c -lpaho-mqtt3c -lpthread
 *   ./publish_callbacks --uri tcp://localhost:1883 --topic examples/hello --count 100
 */
#define _POSIX_C_SOURCE 200809L /* for clock_gettime, where the compiler is told to know ISO C only */
#include <pthread.h>
#include <time.h>

#include "example.h"

struct progress {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int delivered;
    int lost;
};

/* Callbacks run on a thread of the library. */
static void delivery_complete(void *context, MQTTClient_deliveryToken token)
{
    struct progress *progress = (struct progress *)context;
    (void)token;
    pthread_mutex_lock(&progress->lock);
    progress->delivered++;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
}

static void connection_lost(void *context, char *cause)
{
    struct progress *progress = (struct progress *)context;
    (void)cause;
    pthread_mutex_lock(&progress->lock);
    progress->lost = 1;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
}

/* A client with callbacks must have this one, even when it subscribes to nothing. */
static int message_arrived(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    (void)context;
    (void)topic_length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/hello", .count = 100, .qos = 1, .timeout = 10000};
    read_options(argc, argv, "publish messages and count the acknowledgements", &example);
    if (example.qos == 0) {
        fprintf(stderr, "QoS 0 is not acknowledged: choose --qos 1 or 2\n");
        return 2;
    }

    struct progress progress = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("publish-callbacks"), MQTTCLIENT_PERSISTENCE_NONE, NULL),
          "create");
    check(MQTTClient_setCallbacks(client, &progress, connection_lost, message_arrived, delivery_complete),
          "setCallbacks");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 1;
    options.maxInflightMessages = 20; /* how many may wait for their acknowledgement at a time; the default is one */
    check(MQTTClient_connect(client, &options), "connect");

    for (int i = 1; i <= example.count; ++i) {
        char text[64];
        int length = snprintf(text, sizeof text, "message %d of %d", i, example.count);
        check(MQTTClient_publish(client, example.topic, length, text, example.qos, 0, NULL), "publish");
    }

    struct timespec deadline;
    int waiting = 0;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += example.timeout / 1000 + 1;
    pthread_mutex_lock(&progress.lock);
    while (progress.delivered < example.count && !progress.lost && waiting == 0)
        waiting = pthread_cond_timedwait(&progress.changed, &progress.lock, &deadline);
    int delivered = progress.delivered;
    pthread_mutex_unlock(&progress.lock);

    printf("%d of %d messages delivered at QoS %d\n", delivered, example.count, example.qos);
    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    return delivered == example.count ? 0 : 1;
}
