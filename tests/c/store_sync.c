/* MQTT3C_FSYNC: a record is on the disk before its packet leaves, and so are the names that lead to it. fsync() is this
 * program's own here. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peer.h"

enum { FILES = 1, LEAF = 2, BASE = 4, ABOVE = 8 };

static char base[] = "/tmp/store_sync.XXXXXX";
static char leaf[64], record[96];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char steps[64]; /* what was synchronised, a letter each */
static int broken;     /* which of them fail */

static int is_path(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

int fsync(int fd)
{
    struct stat status;
    int kind = 0;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        kind = FILES;
    else if (is_path(fd, leaf))
        kind = LEAF;
    else if (is_path(fd, base))
        kind = BASE;
    else if (is_path(fd, "/tmp"))
        kind = ABOVE;
    pthread_mutex_lock(&lock);
    size_t count = strlen(steps);
    CHECK(count + 1 < sizeof steps);
    if (kind != 0)
        steps[count] = kind == FILES ? 'f' : kind == LEAF ? 'l' : kind == BASE ? 'b' : 'a';
    int fails = broken & kind;
    pthread_mutex_unlock(&lock);
    if (fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static void expect_steps(const char *expected)
{
    pthread_mutex_lock(&lock);
    CHECK_STR(steps, expected);
    memset(steps, 0, sizeof steps);
    pthread_mutex_unlock(&lock);
}

static void break_down(int kinds)
{
    pthread_mutex_lock(&lock);
    broken = kinds;
    pthread_mutex_unlock(&lock);
}

static MQTTClient create(void)
{
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, "tcp://server:1883", "cid", MQTTCLIENT_PERSISTENCE_DEFAULT, base),
              MQTTCLIENT_SUCCESS);
    return client;
}

static void connect_to(MQTTClient client, struct peer *peer)
{
    char *const servers[] = {peer->uri};
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleansession = 0;
    options.serverURIcount = 1;
    options.serverURIs = servers;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
}

static int publish(MQTTClient client)
{
    return MQTTClient_publish(client, "t", 1, "x", 1, 0, NULL);
}

int main(int argc, char **argv)
{
    struct peer peer;
    read_arguments(argc, argv);
    CHECK(mkdtemp(base) != NULL);
    snprintf(leaf, sizeof leaf, "%s/cid-server-1883", base);
    snprintf(record, sizeof record, "%s/s-1.msg", leaf);

    MQTTClient client = create();
    expect_steps(""); /* who wants to pay for it says so */
    MQTTClient_destroy(&client);

    setenv("MQTT3C_FSYNC", "1", 1);
    client = create();
    expect_steps("ba");
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect 32 06 00 01 74 00 01 78; signal; await;"
                      "send 40 02 00 01; expect DISCONNECT; expect-eof");
    connect_to(client, &peer);
    static const int kinds[] = {FILES, LEAF};
    for (int i = 0; i < 2; ++i) {
        break_down(kinds[i]);
        CHECK_INT(publish(client), MQTTCLIENT_FAILURE);
        break_down(0);
        CHECK_INT(access(record, F_OK), -1); /* a new client would send it */
    }
    memset(steps, 0, sizeof steps);
    CHECK_INT(publish(client), MQTTCLIENT_SUCCESS);
    peer_await(&peer); /* the packet is there */
    expect_steps("fl");
    peer_signal(&peer);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    expect_steps("l");
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    peer_finish(&peer);
    MQTTClient_destroy(&client);
    CHECK_INT(rmdir(base), 0);
    return 0;
}
