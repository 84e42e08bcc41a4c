/* What the examples share: the command line and the one way to treat an error. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "MQTTClient.h"

struct example {
    const char *uri;
    const char *topic;
    int count;   /* messages */
    int qos;     /* 0, 1 or 2 */
    int timeout; /* ms without progress after which the program gives up */
};

static inline void usage(FILE *out, const char *program, const char *purpose, const struct example *defaults)
{
    fprintf(out,
            "%s: %s\n\n"
            "usage: %s [--uri URI] [--topic TOPIC] [--count N] [--qos 0|1|2] [--timeout MS]\n\n"
            "  --uri URI     the broker, default %s\n"
            "  --topic TOPIC default %s\n"
            "  --count N     messages, default %d\n"
            "  --qos QOS     quality of service, default %d\n"
            "  --timeout MS  give up after so long without progress, default %d\n"
            "  --help        print this\n",
            program, purpose, program, defaults->uri, defaults->topic, defaults->count, defaults->qos,
            defaults->timeout);
}

static inline int number(const char *text, int lowest, int highest)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < lowest || value > highest) {
        fprintf(stderr, "%s is not a number from %d to %d\n", text, lowest, highest);
        exit(2);
    }
    return (int)value;
}

/* `example` holds the defaults and takes what the command line says instead. */
static inline void read_options(int argc, char **argv, const char *purpose, struct example *example)
{
    const struct example defaults = *example;
    for (int i = 1; i < argc; i += 2) {
        const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(option, "--help") == 0) {
            usage(stdout, argv[0], purpose, &defaults);
            exit(0);
        }
        if (value != NULL && strcmp(option, "--uri") == 0) {
            example->uri = value;
        } else if (value != NULL && strcmp(option, "--topic") == 0) {
            example->topic = value;
        } else if (value != NULL && strcmp(option, "--count") == 0) {
            example->count = number(value, 0, 1000000);
        } else if (value != NULL && strcmp(option, "--qos") == 0) {
            example->qos = number(value, 0, 2);
        } else if (value != NULL && strcmp(option, "--timeout") == 0) {
            example->timeout = number(value, 1, 3600000);
        } else {
            fprintf(stderr, "%s: cannot do anything with %s\n\n", argv[0], option);
            usage(stderr, argv[0], purpose, &defaults);
            exit(2);
        }
    }
}

/* Every call of the library returns 0 or says what went wrong. */
static inline void check(int rc, const char *call)
{
    if (rc == MQTTCLIENT_SUCCESS)
        return;
    if (rc > 0) /* the broker's refusal: a return code of CONNACK or SUBACK */
        fprintf(stderr, "%s: refused by the broker with code %d\n", call, rc);
    else
        fprintf(stderr, "%s: %s (%d)\n", call, MQTTClient_strerror(rc), rc);
    exit(1);
}

/* The same for the calls of MQTT 5, whose answers are to be freed. */
static inline void check5(MQTTResponse response, const char *call)
{
    int code = (int)response.reasonCode; /* below 0 it is an error of the call, from 128 on a refusal */
    const char *reason = MQTTReasonCode_toString(response.reasonCode);
    MQTTResponse_free(response);
    if (code < 0)
        check(code, call);
    if (code >= 128) {
        fprintf(stderr, "%s: refused by the broker: %s (%d)\n", call, reason != NULL ? reason : "unknown", code);
        exit(1);
    }
}

/* Brokers tell clients apart by their id: one per running program. */
static inline const char *client_id(const char *name)
{
    static char id[64];
    snprintf(id, sizeof id, "%.40s-%ld", name, (long)getpid());
    return id;
}

#endif
