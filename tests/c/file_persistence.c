/* The file store: how its directory is named, when it comes and goes, and that its records are picked up again. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay.h"
#include "support.h"

static char base[] = "/tmp/file_persistence.XXXXXX";

static int exists(const char *name)
{
    char path[1024];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", base, name);
    return stat(path, &status) == 0;
}

static void expect_directory(const char *uri, const char *id, const char *name)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, uri, id, MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
    if (!exists(name))
        CHECK_FAIL("no directory %s for client %s of %s", name, id, uri);
    MQTTClient_destroy(&client);
    CHECK(!exists(name)); /* an empty one goes with its client */
}

static void directories_are_named_after_client_and_server(void)
{
    expect_directory("tcp://127.0.0.1:1883", "cid", "cid-127.0.0.1-1883");
    expect_directory("mqtt://h:1", "cid", "cid-h-1");
    expect_directory("h", "cid", "cid-h");
    expect_directory("tcp://[::1]:1883", "a:b", "a:b-[--1]-1883");
    expect_directory("tcp://h", "with blank", "with blank-h");
    expect_directory("tcp://h:80", "x/y", "x/y-h-80");
    CHECK(exists("x")); /* parents stay */
    char path[1024];
    snprintf(path, sizeof path, "%s/x", base);
    CHECK_INT(rmdir(path), 0);

    char deep[1024];
    MQTTClient client = NULL;
    snprintf(deep, sizeof deep, "%s/several/missing//levels", base);
    CHECK_INT(MQTTClient_create(&client, "tcp://h:1", "c", MQTTCLIENT_PERSISTENCE_DEFAULT, deep), MQTTCLIENT_SUCCESS);
    CHECK(exists("several/missing/levels/c-h-1"));
    MQTTClient_destroy(&client);
    CHECK(exists("several/missing/levels"));
    CHECK(!exists("several/missing/levels/c-h-1"));
    static const char *const levels[] = {"several/missing/levels", "several/missing", "several"};
    for (int i = 0; i < 3; ++i) {
        snprintf(deep, sizeof deep, "%s/%s", base, levels[i]);
        CHECK_INT(rmdir(deep), 0);
    }
}

/* The way most programs ask for it. */
static void without_a_base_directory_it_is_the_current_one(void)
{
    char before[1024];
    CHECK(getcwd(before, sizeof before) != NULL);
    CHECK_INT(chdir(base), 0);
    char *const bases[] = {
        NULL,
        ".",
#ifdef FIXED
        "",
#endif
    };
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; ++i) {
        MQTTClient client = NULL;
        CHECK_INT(MQTTClient_create(&client, "tcp://h:1", "c", MQTTCLIENT_PERSISTENCE_DEFAULT, bases[i]),
                  MQTTCLIENT_SUCCESS);
        CHECK(exists("c-h-1"));
        MQTTClient_destroy(&client);
        CHECK(!exists("c-h-1"));
    }
    CHECK_INT(chdir(before), 0);
}

static void unusable_directories_are_refused(void)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, "tcp://h:1", "c", MQTTCLIENT_PERSISTENCE_DEFAULT, "/dev/null"),
              MQTTCLIENT_PERSISTENCE_ERROR);
    CHECK(client != NULL);
    MQTTClient_destroy(&client);
#ifdef FIXED
    /* no client id leads out of the base directory */
    CHECK_INT(MQTTClient_create(&client, "tcp://h:1", "../c", MQTTCLIENT_PERSISTENCE_DEFAULT, base),
              MQTTCLIENT_PERSISTENCE_ERROR);
    MQTTClient_destroy(&client);
#endif
}

static MQTTClient create_stored(const char *uri, const char *id)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, uri, id, MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
    return client;
}

static void records_outlive_their_client(void)
{
    struct relay relay;
    char name[512], *topic = unique("topic"), *id = client_id("sender");
    relay_start(&relay, broker);
    MQTTClient listener = create_client(broker, client_id("listener"));
    connect_client(listener, 1);
    CHECK_INT(MQTTClient_subscribe(listener, topic, 2), MQTTCLIENT_SUCCESS);

    MQTTClient sender = create_stored(relay.uri, id);
    connect_client(sender, 0);
    relay_hold(&relay);
    publish_text(sender, topic, "first", 2, 0);
    publish_text(sender, topic, "second", 2, 0);
    relay_cut(&relay);
    CHECK(MQTTClient_waitForCompletion(sender, 2, PATIENCE) < 0);
    MQTTClient_destroy(&sender);
    snprintf(name, sizeof name, "%s-127.0.0.1-%s/s-1.msg", id, strrchr(relay.uri, ':') + 1);
    CHECK(exists(name));
    strcpy(strrchr(name, '/'), "/s-2.msg");
    CHECK(exists(name));

    relay_go_on(&relay);
    sender = create_stored(relay.uri, id);
    connect_client(sender, 0);
    CHECK_INT(MQTTClient_waitForCompletion(sender, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(sender, 2, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK(!exists(name));
    expect_text(listener, topic, "first", 2);
    expect_text(listener, topic, "second", 2);
    expect_nothing(listener);
#ifdef FIXED
    /* a clean session clears this store, and nothing in the working directory */
    relay_hold(&relay);
    MQTTClient_deliveryToken dropped = publish_text(sender, topic, "dropped", 1, 0);
    relay_cut(&relay);
    CHECK(MQTTClient_waitForCompletion(sender, dropped, PATIENCE) < 0);
    sprintf(strrchr(name, '/'), "/s-%d.msg", dropped);
    CHECK(exists(name));
    relay_go_on(&relay);
    connect_client(sender, 1);
    CHECK(!exists(name));
#else
    CHECK_INT(MQTTClient_disconnect(sender, PATIENCE), MQTTCLIENT_SUCCESS);
    connect_client(sender, 1);
#endif
    *strrchr(name, '/') = '\0';
    CHECK(exists(name));
    disconnect_and_destroy(&sender);
    CHECK(!exists(name));
    disconnect_and_destroy(&listener);
    relay_stop(&relay);
}

static void write_queued(const char *directory, int number, const char *payload, int length)
{
    char path[1024];
    const int fields[] = {1, 0, 0, number}, topic_length = 1; /* QoS, retained, DUP, identifier */
    snprintf(path, sizeof path, "%s/q-%d.msg", directory, number);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    fwrite(&length, sizeof length, 1, file);
    fwrite(payload, (size_t)length, 1, file);
    fwrite(fields, sizeof fields, 1, file);
    fwrite("t", 2, 1, file);
    fwrite(&topic_length, sizeof topic_length, 1, file);
    CHECK_INT(fclose(file), 0);
}

/* More than a client reads ahead, so that nothing is read while it waits. */
static void a_large_backlog_does_not_keep_from_connecting(void)
{
    enum { COUNT = 40, LENGTH = 1024 * 1024 };
    char directory[512], *payload = calloc(1, LENGTH), *id = client_id("backlog");
    snprintf(directory, sizeof directory, "%s/%s-server-1883", base, id);
    CHECK_INT(mkdir(directory, 0700), 0);
    for (int i = 1; i <= COUNT; ++i) {
        payload[0] = (char)i;
        write_queued(directory, i, payload, LENGTH);
    }
    MQTTClient client = create_stored("tcp://server:1883", id);
    char *const servers[] = {(char *)broker};
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleansession = 0;
    options.serverURIcount = 1;
    options.serverURIs = servers;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    for (int i = 1; i <= COUNT; ++i) {
        char *topic = NULL;
        int topic_length = 0;
        MQTTClient_message *message = NULL;
        CHECK_INT(MQTTClient_receive(client, &topic, &topic_length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
        CHECK(message != NULL);
        CHECK_INT(message->payloadlen, LENGTH);
        CHECK_INT(*(char *)message->payload, i);
        MQTTClient_free(topic);
        MQTTClient_freeMessage(&message);
    }
    disconnect_and_destroy(&client);
    free(payload);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(mkdtemp(base) != NULL);
    directories_are_named_after_client_and_server();
    without_a_base_directory_it_is_the_current_one();
    unusable_directories_are_refused();
    records_outlive_their_client();
    a_large_backlog_does_not_keep_from_connecting();
    CHECK_INT(rmdir(base), 0);
    return 0;
}
