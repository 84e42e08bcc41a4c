/* What the programs of this directory share. */
#ifndef BENCH_H
#define BENCH_H

#include "MQTTClient.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static inline int arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static inline void check(int code, const char *what)
{
    if (code != MQTTCLIENT_SUCCESS) {
        fprintf(stderr, "%s: %d\n", what, code);
        exit(1);
    }
}

#endif
