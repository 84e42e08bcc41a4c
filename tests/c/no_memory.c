/* A limit on the process's memory (`ulimit -v`): packets it has no room for end the connection or fail, not the program. */
#include <sys/resource.h>

#include "peer.h"

#define MEMORY (200ul << 20)
#define LARGE (150 << 20)
/* Fits with one copy, but not with two. */
#define TWICE (70 << 20)

static unsigned char piece[1 << 20];

/* One client after the other connects; whatever comes is read. `begin`, if any, and zeros without end follow SUBACK. */
struct sink {
    int listener;
    char uri[64];
    pthread_t thread;
    int floods;
    sem_t may_read; /* what comes behind CONNECT */
};

static void *serve(void *argument)
{
    struct sink *sink = argument;
    static const unsigned char connack[] = {0x20, 2, 0, 0}, suback[] = {0x90, 3, 0, 1, 0};
    static const unsigned char publish[] = {0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 't'};
    int connection = accept(sink->listener, NULL, NULL);
    CHECK(connection >= 0 && recv(connection, piece, sizeof piece, 0) > 0);
    CHECK(send(connection, connack, sizeof connack, MSG_NOSIGNAL) > 0);
    if (sink->floods) {
        CHECK(recv(connection, piece, sizeof piece, 0) > 0);
        CHECK(send(connection, suback, sizeof suback, MSG_NOSIGNAL) > 0);
        CHECK(send(connection, publish, sizeof publish, MSG_NOSIGNAL) > 0);
        memset(piece, 0, sizeof piece);
        size_t sent = 0;
        while (sent < 268435455 - 3) {
            size_t left = 268435455 - 3 - sent;
            ssize_t count = send(connection, piece, left < sizeof piece ? left : sizeof piece, MSG_NOSIGNAL);
            if (count <= 0)
                break;
            sent += (size_t)count;
        }
        CHECK(sent < 268435455 - 3); /* the client has ended it */
    } else {
        while (sem_wait(&sink->may_read) != 0)
            ;
        while (recv(connection, piece, sizeof piece, 0) > 0)
            ;
    }
    close(connection);
    return NULL;
}

static void start_holding(struct sink *sink, int floods)
{
    CHECK_INT(sem_init(&sink->may_read, 0, 0), 0);
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof local;
    sink->floods = floods;
    sink->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(sink->listener >= 0);
    CHECK_INT(bind(sink->listener, (struct sockaddr *)&local, sizeof local), 0);
    CHECK_INT(listen(sink->listener, 1), 0);
    CHECK_INT(getsockname(sink->listener, (struct sockaddr *)&local, &size), 0);
    snprintf(sink->uri, sizeof sink->uri, "tcp://127.0.0.1:%d", ntohs(local.sin_port));
    CHECK_INT(pthread_create(&sink->thread, NULL, serve, sink), 0);
}

static void start(struct sink *sink, int floods)
{
    start_holding(sink, floods);
    sem_post(&sink->may_read);
}

static void finish(struct sink *sink)
{
    pthread_join(sink->thread, NULL);
    sem_destroy(&sink->may_read);
    close(sink->listener);
}

static void receive_too_much(void)
{
    struct sink sink;
    start(&sink, 1);
    MQTTClient client = create_client(sink.uri, client_id("receiver"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, "t", 0), MQTTCLIENT_SUCCESS);
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    CHECK_INT(MQTTClient_receive(client, &topic, &length, &message, PATIENCE), MQTTCLIENT_FAILURE);
    CHECK(message == NULL);
    CHECK_INT(MQTTClient_isConnected(client), 0);
    MQTTClient_destroy(&client);
    finish(&sink);
}

static void receive_too_much_with_callbacks(void)
{
    struct sink sink;
    struct inbox inbox;
    inbox_init(&inbox);
    start(&sink, 1);
    MQTTClient client = create_client(sink.uri, client_id("called"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, "t", 0), MQTTCLIENT_SUCCESS);
    CHECK_ARRIVES(&inbox, lost, 1);
    CHECK_INT(inbox.arrived, 0);
    MQTTClient_destroy(&client);
    finish(&sink);
}

static void publish_too_much(int qos)
{
    struct sink sink;
    start_holding(&sink, 0);
    MQTTClient client = create_client(sink.uri, client_id("publisher"));
    connect_client(client, 1);
    char *payload = calloc(1, LARGE);
    CHECK(payload != NULL);
    MQTTClient_deliveryToken token = 0;
    int code = MQTTClient_publish(client, "t", LARGE, payload, qos, 0, &token);
    free(payload);
    sem_post(&sink.may_read); /* before, the socket might take all of it */
    if (qos > 0) {
        CHECK_INT(code, -99);
        CHECK_INT(token, 0);
        MQTTClient_deliveryToken *pending = NULL;
        CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
        CHECK(pending == NULL);
        CHECK_INT(MQTTClient_isConnected(client), 1);
        CHECK(publish_text(client, "t", "small", qos, 0) > 0);
    } else {
        /* The socket takes the beginning, and there is no room for the rest. */
        CHECK_INT(code, MQTTCLIENT_FAILURE);
        CHECK_INT(MQTTClient_isConnected(client), 0);
    }
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    finish(&sink);
}

/* The message is kept for the next connection; what the socket does not take at once needs no memory besides. */
static void publish_what_fits(int qos)
{
    struct sink sink;
    start(&sink, 0);
    MQTTClient client = create_client(sink.uri, client_id("fits"));
    connect_client(client, 1);
    char *payload = calloc(1, TWICE);
    CHECK(payload != NULL);
    CHECK_INT(MQTTClient_publish(client, "t", TWICE, payload, qos, 0, NULL), MQTTCLIENT_SUCCESS);
    free(payload);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    finish(&sink);
}

#ifdef FIXED
static int store_open(void **handle, const char *client, const char *server, void *context)
{
    (void)client, (void)server;
    *handle = context;
    return 0;
}
static int store_close(void *handle) { return handle == NULL; }
static int store_put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)handle, (void)key, (void)count, (void)buffers, (void)lengths;
    return 0;
}
static int store_get(void *handle, char *key, char **buffer, int *length)
{
    (void)handle, (void)key, (void)buffer, (void)length;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}
static int store_remove(void *handle, char *key)
{
    (void)handle, (void)key;
    return 0;
}
static int store_keys(void *handle, char ***keys, int *count)
{
    (void)handle, (void)keys;
    *count = 0;
    return 0;
}
static int store_clear(void *handle) { return handle == NULL; }
static int store_contains(void *handle, char *key)
{
    (void)handle, (void)key;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

/* A store of the program's is given a copy, which it may write to. */
static void store_too_much(void)
{
    struct sink sink;
    start(&sink, 0);
    MQTTClient_persistence store = {sink.uri,    store_open, store_close, store_put,     store_get,
                                    store_remove, store_keys, store_clear, store_contains};
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, sink.uri, client_id("stores"), MQTTCLIENT_PERSISTENCE_USER, &store),
              MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    char *payload = calloc(1, TWICE);
    CHECK(payload != NULL);
    CHECK_INT(MQTTClient_publish(client, "t", TWICE, payload, 1, 0, NULL), MQTTCLIENT_FAILURE);
    free(payload);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    CHECK(publish_text(client, "t", "small", 1, 0) > 0);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    finish(&sink);
}
#endif

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
#ifdef SANITIZED
    printf("skipped: the sanitizers need more memory than there is to be\n");
    return 0;
#endif
    struct rlimit limit = {MEMORY, MEMORY};
    CHECK_INT(setrlimit(RLIMIT_AS, &limit), 0);
    publish_too_much(1);
    publish_too_much(2);
    publish_what_fits(1);
    publish_what_fits(2);
#ifdef FIXED
    publish_too_much(0);
    store_too_much();
#endif
    receive_too_much();
    receive_too_much_with_callbacks();
    return 0;
}
