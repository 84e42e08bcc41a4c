/* A store of the test's own, its client, and a process for both that may change for good what it can do. */
#ifndef DISK_H
#define DISK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "peer.h"

static char base[32]; /* one for each process */
static char leaf[64]; /* where the client's records are */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char traced[65536];

static inline void collect(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    if (level < MQTTCLIENT_TRACE_ERROR) /* asked for by the environment, at each first create */
        return;
    pthread_mutex_lock(&lock);
    size_t used = strlen(traced);
    snprintf(traced + used, sizeof traced - used, "%s\n", text);
    pthread_mutex_unlock(&lock);
}

static inline void expect_traced(const char *text)
{
    pthread_mutex_lock(&lock);
    if (strstr(traced, text) == NULL)
        CHECK_FAIL("the trace does not say \"%s\":\n%s", text, traced);
    traced[0] = '\0';
    pthread_mutex_unlock(&lock);
}

static inline void expect_empty(const char *directory)
{
    DIR *opened = opendir(directory);
    CHECK(opened != NULL);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            CHECK_FAIL("%s is left in %s", entry->d_name, directory);
    closedir(opened);
}

static struct rlimit files;

static inline void leave_descriptors(int count)
{
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &files), 0);
    int free_one = open("/dev/null", O_RDONLY);
    CHECK(free_one >= 0);
    close(free_one);
    struct rlimit few = {.rlim_cur = (rlim_t)(free_one + count), .rlim_max = files.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static inline void give_descriptors(void) { CHECK_INT(setrlimit(RLIMIT_NOFILE, &files), 0); }

static inline int create(MQTTClient *client, const char *id, int version)
{
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = version;
    return MQTTClient_createWithOptions(client, "tcp://server:1883", id, MQTTCLIENT_PERSISTENCE_DEFAULT, base, &options);
}

static inline MQTTClient create_stored(int version)
{
    MQTTClient client = NULL;
    CHECK_INT(create(&client, "cid", version), MQTTCLIENT_SUCCESS);
    return client;
}

static inline void connect_to(MQTTClient client, struct peer *peer, int version)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions options5 = MQTTClient_connectOptions_initializer5;
    char *const servers[] = {peer->uri};
    if (version == MQTTVERSION_5)
        options = options5;
    options.MQTTVersion = version;
    options.cleansession = options.cleanstart = 0;
    options.maxInflightMessages = 10;
    options.serverURIcount = 1;
    options.serverURIs = servers;
    if (version == MQTTVERSION_5) {
        MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
        CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
        MQTTResponse_free(response);
    } else {
        CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    }
}

static inline int publish_rc(MQTTClient client, int version, const char *text, int qos)
{
    MQTTClient_deliveryToken token = 0;
    if (version != MQTTVERSION_5)
        return MQTTClient_publish(client, "t", (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(client, "t", (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

static inline void expect_none_pending(MQTTClient client)
{
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens == NULL || tokens[0] == -1);
    MQTTClient_free(tokens);
}

static inline void goodbye(MQTTClient *client, struct peer *peer)
{
    CHECK_INT(MQTTClient_disconnect(*client, PATIENCE), MQTTCLIENT_SUCCESS); /* when no exchange is unfinished */
    peer_finish(peer);
    MQTTClient_destroy(client);
    CHECK_INT(access(leaf, F_OK), -1); /* no record was left in it */
}

#define CONNECT3 "accept; expect CONNECT; send 20 02 00 00;"
#define CONNECT5 "accept; expect CONNECT; send 20 03 00 00 00;"
#define GOODBYE_AND_END "expect DISCONNECT; expect-eof"

/* Plays the story in a process of its own, with a new base directory and the errors traced. */
static inline pid_t start(const char *name, int (*prepare)(void), void (*story)(void))
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0)
        return child;
    strcpy(base, "/tmp/store.XXXXXX");
    CHECK(mkdtemp(base) != NULL);
    snprintf(leaf, sizeof leaf, "%s/cid-server-1883", base);
    MQTTClient_setTraceCallback(collect);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_ERROR);
    int possible = prepare == NULL || prepare();
    if (possible)
        story();
    else
        printf("skipped: %s: cannot be made here (%s)\n", name, strerror(errno));
    expect_empty(base); /* nothing is left in it */
    umount(base); /* if there is a file system on it */
    CHECK_INT(rmdir(base), 0);
    exit(0);
}

static inline void finish(pid_t child, const char *name)
{
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    if (status != 0)
        CHECK_FAIL("%s: status %x", name, status);
}

#endif
