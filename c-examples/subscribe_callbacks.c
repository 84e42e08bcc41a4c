/* Prints the messages of a topic filter as a callback hands them over, and ends after --count of them.
 *
 *   cc -o subscribe_callbacks subscribe_callbacks.c -lpaho-mqtt3c -lpthread
 *   ./subscribe_callbacks --uri tcp://localhost:1883 --topic 'examples/#' --count 3 --timeout 60000
 */
#define _POSIX_C_SOURCE 200809L /* for clock_gettime, where the compiler is told to know ISO C only */
#include <pthread.h>
#include <time.h>

#include "example.h"

struct progress {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int arrived;
    int lost;
};

/* Returning 1 takes the message over: it is ours to free. Returning 0 asks for it again a little later. */
static int message_arrived(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    struct progress *progress = (struct progress *)context;
    (void)topic_length; /* 0 unless the topic contains NUL characters */
    printf("%s: %.*s (QoS %d%s)\n", topic, message->payloadlen, (const char *)message->payload, message->qos,
           message->retained ? ", retained" : "");
    fflush(stdout);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);

    pthread_mutex_lock(&progress->lock);
    progress->arrived++;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
    return 1;
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

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/#", .count = 3, .qos = 1, .timeout = 60000};
    read_options(argc, argv, "print arriving messages", &example);

    struct progress progress = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("subscribe-callbacks"), MQTTCLIENT_PERSISTENCE_NONE, NULL),
          "create");
    check(MQTTClient_setCallbacks(client, &progress, connection_lost, message_arrived, NULL), "setCallbacks");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 1;
    check(MQTTClient_connect(client, &options), "connect");
    check(MQTTClient_subscribe(client, example.topic, example.qos), "subscribe");
    printf("subscribed to %s\n", example.topic);
    fflush(stdout);

    pthread_mutex_lock(&progress.lock);
    for (int seen = 0, waiting = 0; progress.arrived < example.count && !progress.lost && waiting == 0;) {
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += example.timeout / 1000;
        deadline.tv_nsec += example.timeout % 1000 * 1000000L;
        if (deadline.tv_nsec >= 1000000000L) {
            deadline.tv_sec++;
            deadline.tv_nsec -= 1000000000L;
        }
        while (progress.arrived == seen && !progress.lost && waiting == 0)
            waiting = pthread_cond_timedwait(&progress.changed, &progress.lock, &deadline);
        seen = progress.arrived;
    }
    int arrived = progress.arrived, lost = progress.lost;
    pthread_mutex_unlock(&progress.lock);

    if (lost) {
        fprintf(stderr, "the connection was lost\n");
    } else {
        check(MQTTClient_unsubscribe(client, example.topic), "unsubscribe");
        check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    }
    MQTTClient_destroy(&client);
    if (arrived < example.count)
        fprintf(stderr, "%d of %d messages arrived\n", arrived, example.count);
    return arrived >= example.count ? 0 : 1;
}
