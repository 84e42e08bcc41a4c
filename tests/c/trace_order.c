/* Trace lines come one after the other, in the order of what they tell, before the call that they explain returns. */
#include <errno.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

/* How long a line is held back to see whether another one comes meanwhile, in ms. */
#define WINDOW 25
#define MESSAGES 8

static sem_t another;
static int inside, overlaps, acknowledged, waits, errors;

static void wait_for_another(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += WINDOW * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    while (sem_timedwait(&another, &end) != 0 && errno == EINTR)
        ;
}

static void trace(enum MQTTCLIENT_TRACE_LEVELS level, char *line)
{
    (void)level;
    if (__sync_fetch_and_add(&inside, 1) != 0) {
        __sync_fetch_and_add(&overlaps, 1);
        sem_post(&another);
    }
    if (strstr(line, "<- PUBACK") != NULL) {
        __sync_fetch_and_add(&waits, 1);
        wait_for_another();
        __sync_fetch_and_add(&acknowledged, 1);
    }
    __sync_fetch_and_sub(&inside, 1);
}

static void each_line_is_told_before_the_next(void)
{
    struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id("client"));
    use_inbox(client, &inbox);
    connect_client(client, 1);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_PROTOCOL);
    MQTTClient_setTraceCallback(trace);
    for (int i = 1; i <= MESSAGES; ++i) {
        deliver_text(client, unique("topic"), "text", 1, 0);
        CHECK_INT(__sync_fetch_and_add(&acknowledged, 0), i);
    }
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    MQTTClient_setTraceCallback(NULL);
    CHECK_INT(__sync_fetch_and_add(&waits, 0), MESSAGES);
    CHECK_INT(__sync_fetch_and_add(&overlaps, 0), 0);
    MQTTClient_destroy(&client);
}

/* The place of `text` in the file, or -1. */
static long place_of(const char *file, const char *text)
{
    const char *found = strstr(file, text);
    return found == NULL ? -1 : (long)(found - file);
}

/* The file of the environment: nothing is missing at its end, whichever thread caused it. */
static void the_file_has_every_line_in_order(void)
{
    char path[] = "/tmp/mqtt3c-trace-XXXXXX";
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0);
    CHECK(setenv("MQTT_C_CLIENT_TRACE", path, 1) == 0 && setenv("MQTT_C_CLIENT_TRACE_LEVEL", "PROTOCOL", 1) == 0);
    for (int i = 0; i < MESSAGES; ++i) {
        struct inbox inbox;
        inbox_init(&inbox);
        MQTTClient client = create_client(broker, client_id("client"));
        use_inbox(client, &inbox);
        connect_client(client, 1);
        deliver_text(client, unique("topic"), "text", 1, 0);
        disconnect_and_destroy(&client);
        static char text[20000];
        FILE *file = fopen(path, "r");
        CHECK(file != NULL);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        long sent = place_of(text, "-> PUBLISH"), answered = place_of(text, "<- PUBACK"),
             ended = place_of(text, "-> DISCONNECT");
        if (!(0 <= sent && sent < answered && answered < ended))
            CHECK_FAIL("lines are missing or out of order:\n%s", text);
    }
    close(descriptor);
    unlink(path);
}

static void count_errors(enum MQTTCLIENT_TRACE_LEVELS level, char *line)
{
    if (level >= MQTTCLIENT_TRACE_ERROR) {
        __sync_fetch_and_add(&errors, 1);
        sem_post(&another);
    }
    /* Messages come in meanwhile. */
    if (strstr(line, "-> DISCONNECT") != NULL)
        wait_for_another();
}

static int take(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    (void)context;
    (void)topic_length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

/* What the server has sent before it knows of the disconnect is no error. */
static void messages_beside_a_disconnect_are_no_errors(void)
{
    MQTTClient_setTraceCallback(count_errors);
    MQTTClient client = create_client(broker, client_id("leaving"));
    CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, take, NULL), MQTTCLIENT_SUCCESS);
    for (int i = 0; i < 3; ++i) {
        connect_client(client, 1);
        CHECK_INT(MQTTClient_subscribe(client, unique("leaving"), 0), MQTTCLIENT_SUCCESS);
        for (int k = 0; k < 100; ++k)
            publish_text(client, unique("leaving"), "text", 0, 0);
        CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    }
    MQTTClient_setTraceCallback(NULL);
    CHECK_INT(__sync_fetch_and_add(&errors, 0), 0);
    MQTTClient_destroy(&client);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(sem_init(&another, 0, 0) == 0);
    messages_beside_a_disconnect_are_no_errors();
    CHECK(sem_init(&another, 0, 0) == 0);
    each_line_is_told_before_the_next();
    the_file_has_every_line_in_order();
    return 0;
}
