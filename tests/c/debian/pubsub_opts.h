/* What Debian's paho_cs_pub.c, paho_cs_sub.c and pubsub_opts.c need and their package does not ship:
 * the options structure in the order of their initializers, and the functions they share. */
#ifndef PUBSUB_OPTS_H
#define PUBSUB_OPTS_H

#include "MQTTClient.h"

/* pubsub_opts.c names the levels of the asynchronous client; the values are the same. */
#define MQTTASYNC_TRACE_MAXIMUM MQTTCLIENT_TRACE_MAXIMUM
#define MQTTASYNC_TRACE_MINIMUM MQTTCLIENT_TRACE_MINIMUM
#define MQTTASYNC_TRACE_PROTOCOL MQTTCLIENT_TRACE_PROTOCOL
#define MQTTASYNC_TRACE_ERROR MQTTCLIENT_TRACE_ERROR

struct pubsub_opts {
    /* the program */
    int publisher, quiet, verbose, tracelevel;
    char *delimiter;
    int maxdatalen;
    /* the message */
    char *message, *filename;
    int stdin_lines, unused, null_message;
    /* the connection */
    int MQTTVersion;
    char *topic, *clientid;
    int qos, retained;
    char *username, *password, *host, *port, *connection;
    int keepalive;
    /* the will */
    char *will_topic, *will_payload;
    int will_qos, will_retain;
    /* TLS */
    int insecure;
    char *capath, *cert, *cafile, *key, *keypass, *ciphers, *psk_identity, *psk;
    /* MQTT 5 */
    int message_expiry;
    struct {
        char *name, *value;
    } user_property;
    /* proxies */
    char *http_proxy, *https_proxy;
};

typedef struct {
    const char *name;
    const char *value;
} pubsub_opts_nameValue;

int printVersionInfo(pubsub_opts_nameValue *info);
void usage(struct pubsub_opts *opts, pubsub_opts_nameValue *name_values, const char *program_name);
int getopts(int argc, char **argv, struct pubsub_opts *opts);
char *readfile(int *data_len, struct pubsub_opts *opts);
void logProperties(MQTTProperties *props);

#endif
