/* publishers URI QOS THREADS SECONDS
 *
 * Several threads publish on one client, 16 bytes at a time, as fast as the calls return. Prints messages per second and
 * CPU time for each message, all of them acknowledged. The library is the one that LD_LIBRARY_PATH names. */
#include "bench.h"
#include <pthread.h>
#include <sys/resource.h>

static MQTTClient client;
static int qos;
static double end;

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void *publish(void *count)
{
    long published = 0;
    for (; published % 64 != 0 || now() < end; ++published)
        check(MQTTClient_publish(client, "bench/publishers", 16, "0123456789abcdef", qos, 0, NULL), "publish");
    *(long *)count = published;
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s URI QOS THREADS SECONDS\n", argv[0]);
        return 2;
    }
    qos = atoi(argv[2]);
    int threads = atoi(argv[3]);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.maxInflightMessages = 1000;
    check(MQTTClient_create(&client, argv[1], "publishers", MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");
    check(MQTTClient_setCallbacks(client, NULL, NULL, arrived, NULL), "setCallbacks");
    check(MQTTClient_connect(client, &options), "connect");

    pthread_t *publishers = calloc(threads, sizeof *publishers);
    long *counts = calloc(threads, sizeof *counts), total = 1;
    double start = now(), used = cpu();
    end = start + atof(argv[4]);
    for (int i = 0; i < threads; ++i)
        pthread_create(&publishers[i], NULL, publish, &counts[i]);
    for (int i = 0; i < threads; ++i) {
        pthread_join(publishers[i], NULL);
        total += counts[i];
    }
    /* What lies before it has been taken by the server when this is acknowledged. */
    MQTTClient_deliveryToken last;
    check(MQTTClient_publish(client, "bench/publishers", 0, NULL, 1, 0, &last), "publish");
    check(MQTTClient_waitForCompletion(client, last, 60000), "waitForCompletion");
    double seconds = now() - start;
    printf("%d threads, QoS %d: %.0f messages/s, %.2f us of CPU time each\n", threads, qos, total / seconds,
           (cpu() - used) * 1e6 / total);
    MQTTClient_disconnect(client, 10000);
    MQTTClient_destroy(&client);
    free(publishers);
    free(counts);
    return 0;
}
