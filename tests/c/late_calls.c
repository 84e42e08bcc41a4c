/* All calls when the thread's own storage has been given back: from the destructors of its data, from handlers of atexit, and
 * from destructors of the program. Programs wind their clients up there. */
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static MQTTClient client;
static struct inbox inbox;
static char *topic;
static const char *moment, *directory;
static int callbacks;
static pthread_key_t key;

static void ignore(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    (void)level;
    (void)text;
}

static void wind_up(void)
{
    CHECK_INT(MQTTClient_isConnected(client), 1);
    for (int qos = 0; qos <= 2; ++qos) {
        deliver_text(client, topic, "late", qos, 0);
        if (!callbacks)
            expect_text(client, topic, "late", qos);
    }
    if (callbacks)
        CHECK_ARRIVES(&inbox, arrived, 4);
    MQTTClient_deliveryToken *pending = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &pending), MQTTCLIENT_SUCCESS);
    CHECK(pending == NULL);
    CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTCLIENT_SUCCESS);
    MQTTClient_yield();

    MQTTClient other = NULL;
    CHECK_INT(MQTTClient_create(&other, broker, client_id("late-other"), MQTTCLIENT_PERSISTENCE_DEFAULT, (void *)directory),
              MQTTCLIENT_SUCCESS);
    if (callbacks)
        use_inbox(other, &inbox);
    if (trust.trustStore == NULL) { /* OpenSSL begins nothing new after its own handler of atexit */
        connect_client(other, 1);
        deliver_text(other, topic, "other", 2, 0);
    }
    disconnect_and_destroy(&other);

    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    printf("wound up\n");
    fflush(stdout);
}

static void at(const char *which)
{
    if (moment != NULL && strcmp(moment, which) == 0)
        wind_up();
}

static void at_exit(void) { at("exit"); }
static void at_thread_end(void *unused)
{
    (void)unused;
    at("thread");
}
__attribute__((destructor)) static void at_destruction(void) { at("destruction"); }

static void *use_and_end(void *unused)
{
    pthread_setspecific(key, &key);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    /* The thread has used whatever it keeps. What it begins to keep at its end nobody would give back. */
    MQTTClient own = create_client(broker, client_id("early"));
    connect_client(own, 1);
    deliver_text(own, unique("early"), "early", 1, 0);
    disconnect_and_destroy(&own);
    return unused;
}

static int run(const char *which, int with_callbacks)
{
    callbacks = with_callbacks;
    moment = which;
    atexit(at_exit);
    inbox_init(&inbox);
    topic = unique("late");
    MQTTClient_setTraceCallback(ignore);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_PROTOCOL);
    client = create_client(broker, client_id("late"));
    if (callbacks)
        use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    deliver_text(client, topic, "early", 1, 0);
    if (callbacks)
        CHECK_ARRIVES(&inbox, arrived, 1);
    else
        expect_text(client, topic, "early", 1);
    pthread_t thread;
    CHECK_INT(pthread_key_create(&key, at_thread_end), 0);
    CHECK_INT(pthread_create(&thread, NULL, use_and_end, NULL), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    return 0;
}

/* Runs it in a process of its own, which has to say that it came to its end. */
static void expect_end(const char *which, int with_callbacks)
{
    int output[2];
    CHECK_INT(pipe(output), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(output[1], STDOUT_FILENO);
        close(output[0]);
        close(output[1]);
        exit(run(which, with_callbacks));
    }
    close(output[1]);
    char said[64] = "";
    size_t count = 0;
    for (ssize_t got; count < sizeof said - 1 && (got = read(output[0], said + count, sizeof said - 1 - count)) > 0;)
        count += (size_t)got;
    close(output[0]);
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    if (status != 0 || strcmp(said, "wound up\n") != 0)
        CHECK_FAIL("%s, callbacks %d: status %x, said \"%s\"", which, with_callbacks, status, said);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    char path[] = "/tmp/mqtt3c-late.XXXXXX";
    CHECK(mkdtemp(path) != NULL);
    directory = path;
    for (int with_callbacks = 0; with_callbacks <= 1; ++with_callbacks) {
        expect_end("thread", with_callbacks);
        expect_end("exit", with_callbacks);
        expect_end("destruction", with_callbacks);
    }
    char remove[64];
    snprintf(remove, sizeof remove, "rm -r %s", path);
    CHECK_INT(system(remove), 0);
    return 0;
}
