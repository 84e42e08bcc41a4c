/* A busy store keeps files open, few of them, for no other program, and none when nothing is published any more. A client
 * without callbacks, which has no thread to close them then, keeps none. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "peer.h"

/* A store is busy after 100 records without a pause. */
#define MANY 400
#define MOST 64

static char base[] = "/tmp/store_descriptors.XXXXXX";

/* How many descriptors lead to files in the base directory. */
static int count(void)
{
    int found = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    CHECK(descriptors != NULL);
    for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;) {
        char path[PATH_MAX] = "";
        if (readlinkat(dirfd(descriptors), entry->d_name, path, sizeof path - 1) < 0 ||
            strncmp(path, base, strlen(base)) != 0)
            continue;
        int flags = fcntl(atoi(entry->d_name), F_GETFD);
        struct stat status;
        if (flags < 0 || fstat(atoi(entry->d_name), &status) != 0 || !S_ISREG(status.st_mode))
            continue; /* a directory, or closed meanwhile */
        CHECK(flags & FD_CLOEXEC);
        found++;
    }
    closedir(descriptors);
    return found;
}

static int arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
    CHECK(context == NULL && length >= 0);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static MQTTClient create_at(const char *uri, const char *name)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, uri, client_id(name), MQTTCLIENT_PERSISTENCE_DEFAULT, base),
              MQTTCLIENT_SUCCESS);
    return client;
}

static MQTTClient create(const char *name) { return create_at(broker, name); }

static int most_while_publishing(MQTTClient client, int qos)
{
    int most = 0;
    MQTTClient_deliveryToken token = 0;
    for (int i = 0; i < MANY; ++i) {
        token = publish_text(client, unique("elsewhere"), "x", qos, 0);
        int now = count();
        if (now > MOST) {
            /* One may be the file that another thread fills now, not one that is kept: nothing is filled when all is answered. */
            CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
            now = count();
        }
        most = now > most ? now : most;
    }
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    return most;
}

/* On a machine that is busy with other things there may be a pause between any two records: then once more. */
static int most_without_pause(MQTTClient client, int qos)
{
    int most = 0;
    for (int attempt = 0; attempt < 20 && most == 0; ++attempt)
        most = most_while_publishing(client, qos);
    return most;
}

static void wait_until_none_is_open(void)
{
    long long end = now_ms() + PATIENCE;
    while (count() > 0 && now_ms() < end)
        poll(NULL, 0, 10);
    CHECK_INT(count(), 0);
}

/* Records that are still there count too, whoever stored them. */
static int most_of_two_without_answers(void)
{
    static char script[100 + 16 * MANY];
    struct peer peers[2];
    MQTTClient clients[2];
    int most = 0;
    strcpy(script, "accept; expect CONNECT; send 20 02 00 00;");
    for (int i = 0; i < MANY; ++i)
        strcat(script, "expect PUBLISH;");
    strcat(script, "expect-eof");
    for (int i = 0; i < 2; ++i) {
        peer_start(&peers[i], script);
        clients[i] = create_at(peers[i].uri, "unanswered");
        CHECK_INT(MQTTClient_setCallbacks(clients[i], NULL, NULL, arrived, NULL), MQTTCLIENT_SUCCESS);
        MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
        options.maxInflightMessages = MANY;
        CHECK_INT(MQTTClient_connect(clients[i], &options), MQTTCLIENT_SUCCESS);
    }
    for (int i = 0; i < 2 * MANY; ++i) {
        publish_text(clients[i % 2], "t", "x", 1, 0);
        int now = count();
        most = now > most ? now : most;
    }
    CHECK(most <= MOST);
    wait_until_none_is_open();
    for (int i = 0; i < 2; ++i) {
        MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
        struct peer peer;
        char *const servers[] = {peer.uri};
        MQTTClient_destroy(&clients[i]);
        peer_finish(&peers[i]);
        /* A clean session removes the records. */
        clients[i] = create_at(peers[i].uri, "unanswered");
        peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect DISCONNECT; expect-eof");
        options.serverURIcount = 1;
        options.serverURIs = servers;
        CHECK_INT(MQTTClient_connect(clients[i], &options), MQTTCLIENT_SUCCESS);
        disconnect_and_destroy(&clients[i]);
        peer_finish(&peer);
    }
    return most;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(mkdtemp(base) != NULL);
    MQTTClient calling = create("calling");
    connect_client(calling, 1);
    CHECK_INT(most_while_publishing(calling, 1), 0);
    disconnect_and_destroy(&calling);

    MQTTClient called = create("called");
    CHECK_INT(MQTTClient_setCallbacks(called, NULL, NULL, arrived, NULL), MQTTCLIENT_SUCCESS);
    connect_client(called, 1);
    for (int qos = 1; qos <= 2; ++qos) {
        int most = most_without_pause(called, qos);
        CHECK(most > 0 && most <= MOST);
        wait_until_none_is_open();
    }
    CHECK(most_without_pause(called, 1) > 0);
    disconnect_and_destroy(&called);
    CHECK_INT(count(), 0);
    int most = 0;
    for (int attempt = 0; attempt < 20 && most < MOST; ++attempt)
        most = most_of_two_without_answers();
    CHECK_INT(most, MOST);
    CHECK_INT(rmdir(base), 0);
    return 0;
}
