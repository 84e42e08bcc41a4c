/* Messages and acknowledgements that come in one segment are told in their order, whatever kind each is of. */
#include "peer.h"

#define MAX_EVENTS 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char events[MAX_EVENTS][16];
static int count;

static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&lock);
    CHECK(count < MAX_EVENTS);
    vsnprintf(events[count++], sizeof events[0], format, arguments);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    va_end(arguments);
}

static int arrived(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    (void)context;
    (void)topic_length;
    note("%s %.*s", topic, message->payloadlen, (char *)message->payload);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static void complete(void *context, MQTTClient_deliveryToken token)
{
    (void)context;
    note("token %d", token);
}

static void expect_events(const char *const *expected)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE / 1000;
    pthread_mutex_lock(&lock);
    for (int i = 0; expected[i] != NULL; ++i) {
        while (count <= i)
            CHECK_INT(pthread_cond_timedwait(&changed, &lock, &end), 0);
        CHECK_STR(events[i], expected[i]);
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    static const char *const expected[] = {"a 1", "token 1", "a 2", "token 2", "\xc3\xa4 3", "b 4", "token 3", "a 5", NULL};
    static struct peer peer;
    read_arguments(argc, argv);
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; expect PUBLISH; expect PUBLISH\n"
                      "send 30 04 00 01 61 31 40 02 00 01 32 06 00 01 61 00 09 32 50 02 00 03 40 02 00 02 30 05 00 02 c3 a4 33 "
                      "34 06 00 01 62 00 08 34\n"
                      "expect 40 02 00 09 62 02 00 03 50 02 00 08\n"
                      "send 62 02 00 08 70 02 00 03 30 04 00 01 61 35; expect 70 02 00 08; expect e0 00");
    MQTTClient client = create_client(peer.uri, "one-read");
    CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, arrived, complete), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    for (int id = 1; id <= 3; ++id)
        CHECK_INT(publish_text(client, "t", "m", id < 3 ? 1 : 2, 0), id);
    expect_events(expected);
    disconnect_and_destroy(&client);
    peer_finish(&peer);
    return 0;
}
