/* What the scenarios share: their arguments, a connected client, and an inbox for callbacks. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <pthread.h>
#include <stdarg.h>
#include <time.h>

#include "MQTTClient.h"
#include "check.h"

/* How long anything that should happen may take before the test gives up, in ms. */
#define PATIENCE 10000
/* How long to look out for something that should not happen, in ms. */
#define QUIET 300

/* Exit status of a scenario that cannot run with the arguments it was given. */
#define SKIPPED 77

static const char *broker;      /* argument 1: URI of a broker without authentication */
static const char *prefix;      /* argument 2: start of every client id and topic used here */
static const char *auth_broker; /* argument 3, optional: URI of a listener for user "user", password "secret" */

/* With a TRUST_STORE in the environment the broker's URI may ask for TLS. */
static MQTTClient_SSLOptions trust = MQTTClient_SSLOptions_initializer;

static inline void read_arguments(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s BROKER_URI [PREFIX [AUTH_BROKER_URI]]\n", argv[0]);
        exit(2);
    }
    broker = argv[1];
    prefix = argc > 2 ? argv[2] : "mqtt3c-test";
    auth_broker = argc > 3 ? argv[3] : NULL;
    trust.verify = 1;
    trust.trustStore = getenv("TRUST_STORE");
}

static inline MQTTClient_connectOptions *trusting(MQTTClient_connectOptions *options)
{
    if (trust.trustStore != NULL && options != NULL && options->ssl == NULL)
        options->ssl = &trust;
    return options;
}
#define MQTTClient_connect(client, options) MQTTClient_connect(client, trusting(options))
#define MQTTClient_connect5(client, options, properties, will) \
    MQTTClient_connect5(client, trusting(options), properties, will)

#ifdef SANITIZED
/* What lives until the program ends is no leak. */
const char *__lsan_default_suppressions(void) { return "leak:^unique$\nleak:^inbox_take$\n"; }
#endif

/* A client id or topic that no other test uses; lives until the program ends. */
static inline char *unique(const char *suffix)
{
    size_t size = strlen(prefix) + strlen(suffix) + 2;
    char *name = malloc(size);
    CHECK(name != NULL);
    snprintf(name, size, "%s/%s", prefix, suffix);
    return name;
}

/* The same without a `/`, which would open a sub-directory in the file store. */
static inline char *client_id(const char *suffix)
{
    char *name = unique(suffix);
    for (char *c = name; *c != '\0'; ++c)
        if (*c == '/')
            *c = '-';
    return name;
}

static inline long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline MQTTClient create_client(const char *uri, const char *id)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL), MQTTCLIENT_SUCCESS);
    CHECK(client != NULL);
    return client;
}

static inline MQTTClient create_client5(const char *uri, const char *id)
{
    MQTTClient client = NULL;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = MQTTVERSION_5;
    CHECK_INT(MQTTClient_createWithOptions(&client, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options),
              MQTTCLIENT_SUCCESS);
    return client;
}

/* MQTT 3.1.1, clean or kept session; with a window wide enough not to be what a test measures. */
static inline void connect_client(MQTTClient client, int cleansession)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleansession = cleansession;
    options.maxInflightMessages = 100;
    options.connectTimeout = 10;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_isConnected(client), 1);
}

static inline void connect_client5(MQTTClient client)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.maxInflightMessages = 100;
    options.connectTimeout = 10;
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
}

static inline void disconnect_and_destroy(MQTTClient *client)
{
    CHECK_INT(MQTTClient_disconnect(*client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(client);
    CHECK(*client == NULL);
}

static inline MQTTClient_deliveryToken publish_text(MQTTClient client, const char *topic, const char *text, int qos,
                                                    int retained)
{
    MQTTClient_deliveryToken token = -7;
    CHECK_INT(MQTTClient_publish(client, topic, (int)strlen(text), text, qos, retained, &token), MQTTCLIENT_SUCCESS);
    return token;
}

/* Publishes and waits for the acknowledgement. */
static inline void deliver_text(MQTTClient client, const char *topic, const char *text, int qos, int retained)
{
    MQTTClient_deliveryToken token = publish_text(client, topic, text, qos, retained);
    if (qos > 0)
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
}

/* The next message of a client without callbacks; it must be on `topic` with `text`. The caller frees it. */
static inline MQTTClient_message *receive_text(MQTTClient client, const char *topic, const char *text)
{
    char *got_topic = NULL;
    int topic_length = -1;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(client, &got_topic, &topic_length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
    if (message == NULL)
        CHECK_FAIL("no message on %s, expected \"%s\"", topic, text);
    CHECK_STR(got_topic, topic);
    CHECK_INT(topic_length, strlen(topic));
    if (message->payloadlen != (int)strlen(text) || memcmp(message->payload, text, strlen(text)) != 0)
        CHECK_FAIL("\"%.*s\" arrives, not \"%s\"", message->payloadlen, (char *)message->payload, text);
    MQTTClient_free(got_topic);
    return message;
}

/* Takes the next message of a client without callbacks; it must be this one. */
static inline void expect_text(MQTTClient client, const char *topic, const char *text, int qos)
{
    MQTTClient_message *message = receive_text(client, topic, text);
    CHECK_INT(message->qos, qos);
    MQTTClient_freeMessage(&message);
    CHECK(message == NULL);
}

/* There must be no message for a while. */
static inline void expect_nothing(MQTTClient client)
{
    char *topic = NULL;
    int topic_length = -1;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(client, &topic, &topic_length, &message, QUIET), MQTTCLIENT_SUCCESS);
    CHECK(message == NULL);
    CHECK(topic == NULL);
}

/* What callbacks saw, with a way to wait for it. */
#define INBOX_CAPACITY 512

struct letter {
    char *topic;
    int topic_length;
    char *payload; /* one NUL behind it */
    int length;
    int qos, retained, dup, id;
};

struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int arrived, completed, lost;
    struct letter letters[INBOX_CAPACITY];
    int tokens[INBOX_CAPACITY];
};

static inline void inbox_init(struct inbox *inbox)
{
    memset(inbox, 0, sizeof *inbox);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&inbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static inline void inbox_take(struct inbox *inbox, const char *topic, int topic_length, const MQTTClient_message *message)
{
    struct letter letter = {.topic = strdup(topic),
                            .topic_length = topic_length,
                            .payload = calloc(1, (size_t)message->payloadlen + 1),
                            .length = message->payloadlen,
                            .qos = message->qos,
                            .retained = message->retained,
                            .dup = message->dup,
                            .id = message->msgid};
    CHECK(letter.topic != NULL && letter.payload != NULL);
    memcpy(letter.payload, message->payload, (size_t)message->payloadlen);
    pthread_mutex_lock(&inbox->lock);
    CHECK(inbox->arrived < INBOX_CAPACITY);
    inbox->letters[inbox->arrived++] = letter;
    pthread_cond_broadcast(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

/* The three callbacks, for setCallbacks with the inbox as context. */
static inline int inbox_message(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    inbox_take(context, topic, topic_length, message);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static inline void inbox_complete(void *context, MQTTClient_deliveryToken token)
{
    struct inbox *inbox = context;
    pthread_mutex_lock(&inbox->lock);
    CHECK(inbox->completed < INBOX_CAPACITY);
    inbox->tokens[inbox->completed++] = token;
    pthread_cond_broadcast(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

static inline void inbox_lost(void *context, char *cause)
{
    struct inbox *inbox = context;
    CHECK(cause == NULL);
    pthread_mutex_lock(&inbox->lock);
    inbox->lost++;
    pthread_cond_broadcast(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

/* Waits until *counter reaches `wanted`, at most `patience` ms; returns what it is then. */
static inline int inbox_wait_for(struct inbox *inbox, const int *counter, int wanted, long long patience)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += patience / 1000;
    until.tv_nsec += patience % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&inbox->lock);
    while (*counter < wanted && pthread_cond_timedwait(&inbox->changed, &inbox->lock, &until) == 0)
        ;
    int count = *counter;
    pthread_mutex_unlock(&inbox->lock);
    return count;
}

#define CHECK_ARRIVES(inbox, member, count) \
    CHECK_INT(inbox_wait_for((inbox), &(inbox)->member, (count), PATIENCE), (count))
/* Nothing beyond `count` comes. */
#define CHECK_STAYS(inbox, member, count) \
    CHECK_INT(inbox_wait_for((inbox), &(inbox)->member, (count) + 1, QUIET), (count))

static inline void use_inbox(MQTTClient client, struct inbox *inbox)
{
    CHECK_INT(MQTTClient_setCallbacks(client, inbox, inbox_lost, inbox_message, inbox_complete), MQTTCLIENT_SUCCESS);
}

#endif
