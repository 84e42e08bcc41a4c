/* clients URI COUNT
 *
 * Many connected clients with callbacks in one process: threads, memory while idle and after a burst of messages, and
 * what they cost while nothing happens. The library is the one that LD_LIBRARY_PATH names. */
#include "bench.h"
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A number in /proc/self/status. */
static long status(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), ": %ld", &value);
    if (file != NULL)
        fclose(file);
    return value;
}

static void burst(MQTTClient client)
{
    static char payload[1024];
    MQTTClient_deliveryToken last = 0;
    for (int i = 0; i < 10; ++i) {
        check(MQTTClient_publish(client, "bench/clients", sizeof payload, payload, 0, 0, NULL), "publish");
        check(MQTTClient_publish(client, "bench/clients", sizeof payload, payload, 1, 0, &last), "publish");
    }
    check(MQTTClient_waitForCompletion(client, last, 60000), "waitForCompletion");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s URI COUNT\n", argv[0]);
        return 2;
    }
    int count = atoi(argv[2]);
    MQTTClient *clients = calloc(count, sizeof *clients);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    long before = status("VmRSS");
    double start = now();
    for (int i = 0; i < count; ++i) {
        char id[32];
        snprintf(id, sizeof id, "clients-%d", i);
        check(MQTTClient_create(&clients[i], argv[1], id, MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");
        check(MQTTClient_setCallbacks(clients[i], NULL, NULL, arrived, NULL), "setCallbacks");
        check(MQTTClient_connect(clients[i], &options), "connect");
    }
    printf("%d clients: %.0f connects/s, %.1f KB each", count, count / (now() - start),
           (double)(status("VmRSS") - before) / count);
    for (int i = 0; i < count; ++i)
        burst(clients[i]);
    printf(", %.1f KB after a burst", (double)(status("VmRSS") - before) / count);
    /* Threads that the burst brought end. */
    sleep(2);
    struct rusage idle, later;
    getrusage(RUSAGE_SELF, &idle);
    long switches = idle.ru_nvcsw;
    sleep(3);
    getrusage(RUSAGE_SELF, &later);
    double used = later.ru_utime.tv_sec - idle.ru_utime.tv_sec + later.ru_stime.tv_sec - idle.ru_stime.tv_sec +
                  (later.ru_utime.tv_usec - idle.ru_utime.tv_usec + later.ru_stime.tv_usec - idle.ru_stime.tv_usec) * 1e-6;
    printf("; idle: %ld threads, %.1f wake-ups/s, %.2f %% CPU\n", status("Threads") - 1,
           (later.ru_nvcsw - switches) / 3.0, used / 3 * 100);
    for (int i = 0; i < count; ++i)
        MQTTClient_destroy(&clients[i]);
    free(clients);
    return 0;
}
