/* Disks that take no more, or let nobody in: publish says so, nothing is sent or kept of what was refused, no message is
 * acknowledged that could not be stored, and all goes on when the disk does. Each trouble is played in a process of its
 * own, with every byte that the server sees compared. Those that need a file system of the test's own are left out, with
 * a line that says so, where the kernel does not allow one. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static char base[32]; /* one for each process */
static char leaf[64]; /* where the client's records are */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char traced[65536];

static void collect(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    (void)level;
    pthread_mutex_lock(&lock);
    size_t used = strlen(traced);
    snprintf(traced + used, sizeof traced - used, "%s\n", text);
    pthread_mutex_unlock(&lock);
}

static void expect_traced(const char *text)
{
    pthread_mutex_lock(&lock);
    if (strstr(traced, text) == NULL)
        CHECK_FAIL("the trace does not say \"%s\":\n%s", text, traced);
    traced[0] = '\0';
    pthread_mutex_unlock(&lock);
}

static char *in_base(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void expect_empty(const char *directory)
{
    DIR *opened = opendir(directory);
    CHECK(opened != NULL);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            CHECK_FAIL("%s is left in %s", entry->d_name, directory);
    closedir(opened);
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return written;
}

/* An empty file system on the base directory; false: the kernel does not let us. */
static int mount_small(const char *options)
{
    unsigned uid = getuid(), gid = getgid();
    if (uid == 0 && unshare(CLONE_NEWNS) == 0) {
        /* what is mounted here is not to be seen elsewhere */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
            return 0;
    } else {
        char map[64];
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return 0;
        snprintf(map, sizeof map, "0 %u 1", uid);
        if (!write_file("/proc/self/uid_map", map) || !write_file("/proc/self/setgroups", "deny"))
            return 0;
        snprintf(map, sizeof map, "0 %u 1", gid);
        if (!write_file("/proc/self/gid_map", map))
            return 0;
    }
    return mount("tmpfs", base, "tmpfs", 0, options) == 0;
}

static int small(void) { return mount_small("size=64k"); }
static int few_files(void) { return mount_small("nr_inodes=12"); }
static int anywhere(void) { return 1; }

/* Permissions are nothing to root. */
static int as_nobody(void)
{
    if (getuid() != 0)
        return 1;
    return chown(base, 65534, 65534) == 0 && setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
}

static void fill(void)
{
    static const char block[1024];
    int fd = open(in_base("filler"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    CHECK(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    CHECK_INT(errno, ENOSPC);
    close(fd);
}

static void empty(void) { CHECK_INT(unlink(in_base("filler")), 0); }

static int fillers;

static void use_up_files(void)
{
    char name[32];
    for (fillers = 0;; ++fillers) {
        snprintf(name, sizeof name, "filler-%d", fillers);
        int fd = open(in_base(name), O_WRONLY | O_CREAT, 0666);
        if (fd < 0)
            break;
        close(fd);
    }
    CHECK_INT(errno, ENOSPC);
}

static void remove_files(void)
{
    char name[32];
    while (fillers-- > 0) {
        snprintf(name, sizeof name, "filler-%d", fillers);
        CHECK_INT(unlink(in_base(name)), 0);
    }
}

static void make_read_only(void) { CHECK_INT(mount(NULL, base, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0); }
static void make_writable(void) { CHECK_INT(mount(NULL, base, NULL, MS_REMOUNT, NULL), 0); }

static void forbid(void)
{
    CHECK_INT(chmod(leaf, 0500), 0);
    CHECK_INT(chmod(base, 0500), 0);
}

static void permit(void)
{
    CHECK_INT(chmod(base, 0700), 0);
    CHECK_INT(chmod(leaf, 0700), 0);
}

static struct rlimit files;

static void leave_descriptors(int count)
{
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &files), 0);
    int free_one = open("/dev/null", O_RDONLY);
    CHECK(free_one >= 0);
    close(free_one);
    struct rlimit few = {.rlim_cur = (rlim_t)(free_one + count), .rlim_max = files.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void use_up_descriptors(void) { leave_descriptors(0); }

static void give_descriptors(void) { CHECK_INT(setrlimit(RLIMIT_NOFILE, &files), 0); }

static void put_file_in_place(void)
{
    CHECK_INT(rmdir(leaf), 0);
    int fd = open(leaf, O_WRONLY | O_CREAT | O_EXCL, 0666);
    CHECK(fd >= 0);
    close(fd);
}

static void take_file_away(void) { CHECK_INT(unlink(leaf), 0); }

static const struct trouble {
    const char *name;
    int (*prepare)(void);
    void (*begin)(void), (*end)(void);
    const char *reason;     /* in the trace */
    int create_new;         /* what create returns for a client without a directory yet */
    int needs_empty_leaf;   /* so that it cannot come between two records */
} troubles[] = {
    {"a full disk", small, fill, empty, "No space left on device", MQTTCLIENT_SUCCESS, 0},
    {"a disk without free inodes", few_files, use_up_files, remove_files, "No space left on device",
     MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a read-only disk", small, make_read_only, make_writable, "Read-only file system", MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a directory without permission", as_nobody, forbid, permit, "Permission denied", MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a process without free descriptors", anywhere, use_up_descriptors, give_descriptors, "Too many open files",
     MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a file in the directory's place", anywhere, put_file_in_place, take_file_away, "Not a directory",
     MQTTCLIENT_SUCCESS, 1},
};
static const struct trouble *trouble;

static int create(MQTTClient *client, const char *id, int version)
{
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = version;
    return MQTTClient_createWithOptions(client, "tcp://server:1883", id, MQTTCLIENT_PERSISTENCE_DEFAULT, base, &options);
}

static MQTTClient create_stored(int version)
{
    MQTTClient client = NULL;
    CHECK_INT(create(&client, "cid", version), MQTTCLIENT_SUCCESS);
    return client;
}

static void connect_to(MQTTClient client, struct peer *peer, int version)
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

static int publish_rc(MQTTClient client, int version, const char *text, int qos)
{
    MQTTClient_deliveryToken token = 0;
    if (version != MQTTVERSION_5)
        return MQTTClient_publish(client, "t", (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(client, "t", (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

static void expect_none_pending(MQTTClient client)
{
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens == NULL || tokens[0] == -1);
    MQTTClient_free(tokens);
}

static void goodbye(MQTTClient *client, struct peer *peer)
{
    CHECK_INT(MQTTClient_disconnect(*client, PATIENCE), MQTTCLIENT_SUCCESS); /* when no exchange is unfinished */
    peer_finish(peer);
    MQTTClient_destroy(client);
    CHECK_INT(access(leaf, F_OK), -1); /* no record was left in it */
}

#define CONNECT3 "accept; expect CONNECT; send 20 02 00 00;"
#define CONNECT5 "accept; expect CONNECT; send 20 03 00 00 00;"
#define GOODBYE_AND_END "expect DISCONNECT; expect-eof"

/* The identifiers tell that nothing was kept of what was refused, the order of the bytes that nothing of it was sent. */
static void refused_messages_leave_nothing(int version)
{
    struct peer peer;
    peer_start(&peer, version == MQTTVERSION_5 ? CONNECT5
               "expect 30 07 00 01 74 00 6e 6f 77;"
               "expect 32 09 00 01 74 00 01 00 6f 6e 65; send 40 02 00 01;"
               "expect 34 09 00 01 74 00 02 00 74 77 6f; send 50 02 00 02; expect 62 02 00 02; send 70 02 00 02;"
               GOODBYE_AND_END : CONNECT3
               "expect 30 06 00 01 74 6e 6f 77;"
               "expect 32 08 00 01 74 00 01 6f 6e 65; send 40 02 00 01;"
               "expect 34 08 00 01 74 00 02 74 77 6f; send 50 02 00 02; expect 62 02 00 02; send 70 02 00 02;"
               GOODBYE_AND_END);
    MQTTClient client = create_stored(version);
    connect_to(client, &peer, version);
    trouble->begin();
    for (int qos = 1; qos <= 2; ++qos) {
        CHECK_INT(publish_rc(client, version, "refused", qos), MQTTCLIENT_FAILURE);
        expect_traced(trouble->reason);
        expect_none_pending(client);
        CHECK_INT(MQTTClient_isConnected(client), 1);
    }
    CHECK_INT(publish_rc(client, version, "now", 0), MQTTCLIENT_SUCCESS);
    trouble->end();
    CHECK_INT(publish_rc(client, version, "one", 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(publish_rc(client, version, "two", 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 2, PATIENCE), MQTTCLIENT_SUCCESS);
    expect_none_pending(client);
    goodbye(&client, &peer);
}

/* A loss is not told as an ordinary one to the server: MQTT 5 has a reason for it. */
static const char *refusal(int version)
{
    return version == MQTTVERSION_5 ? "expect e0 01 83; expect-eof;" : "expect-eof;";
}

/* Waits for the end of the connection, in which nothing may be handed over. */
static void expect_loss(MQTTClient client, struct inbox *inbox)
{
    if (inbox != NULL) {
        CHECK_ARRIVES(inbox, lost, 1);
        CHECK_INT(inbox->arrived, 0);
    } else {
        char *topic = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        CHECK(MQTTClient_receive(client, &topic, &length, &message, PATIENCE) < 0);
        CHECK(message == NULL);
    }
    CHECK_INT(MQTTClient_isConnected(client), 0);
    expect_traced(trouble->reason);
}

static void expect_message(MQTTClient client, struct inbox *inbox, int qos)
{
    if (inbox == NULL) {
        expect_text(client, "t", "in", qos);
        return;
    }
    CHECK_ARRIVES(inbox, arrived, 1);
    CHECK_STR(inbox->letters[0].payload, "in");
    CHECK_INT(inbox->letters[0].qos, qos);
}

/* After `before` the store fails; the server sends `refused`, and `again` on the next connection. */
static void comes_again(int version, int callbacks, int qos, const char *before, const char *refused, const char *again)
{
    struct peer peer;
    struct inbox inbox, *used = callbacks ? &inbox : NULL;
    char script[1024];
    const char *accept = version == MQTTVERSION_5 ? CONNECT5 : CONNECT3;
    const char *resumed = version == MQTTVERSION_5     ? "accept; expect CONNECT; send 20 03 01 00 00;"
                          : version == MQTTVERSION_3_1 ? CONNECT3
                                                       : "accept; expect CONNECT; send 20 02 01 00;";
    snprintf(script, sizeof script, "%s %s signal; await; %s %s %s %s %s", accept, before, refused, refusal(version), resumed,
             again, GOODBYE_AND_END);
    peer_start(&peer, script);
    MQTTClient client = create_stored(version);
    inbox_init(&inbox);
    if (callbacks)
        use_inbox(client, &inbox);
    connect_to(client, &peer, version);
    while (sem_trywait(&peer.to_test) != 0)
        MQTTClient_yield(); /* handles what comes before */
    trouble->begin();
    peer_signal(&peer);
    expect_loss(client, used);
    trouble->end();
    connect_to(client, &peer, version);
    expect_message(client, used, qos);
    goodbye(&client, &peer);
    CHECK_INT(inbox.arrived, callbacks);
}

static void messages_that_cannot_be_stored_come_again(int version, int callbacks)
{
    if (version == MQTTVERSION_5) {
        comes_again(version, callbacks, 1, "", "send 32 08 00 01 74 00 4d 00 69 6e;",
                    "send 3a 08 00 01 74 00 4d 00 69 6e; expect 40 02 00 4d;");
        comes_again(version, callbacks, 2, "", "send 34 08 00 01 74 00 4d 00 69 6e;",
                    "send 3c 08 00 01 74 00 4d 00 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;");
        return;
    }
    comes_again(version, callbacks, 1, "", "send 32 07 00 01 74 00 4d 69 6e;",
                "send 3a 07 00 01 74 00 4d 69 6e; expect 40 02 00 4d;");
    comes_again(version, callbacks, 2, "", "send 34 07 00 01 74 00 4d 69 6e;",
                "send 3c 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;");
    if (!trouble->needs_empty_leaf) /* received, and cannot be queued when PUBREL comes */
        comes_again(version, callbacks, 2, "send 34 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d;", "send 62 02 00 4d;",
                    "send 62 02 00 4d; expect 70 02 00 4d;");
}

/* create needs the directory, not room in it. */
static void create_tells_whether_the_directory_can_be_used(void)
{
    MQTTClient first = create_stored(MQTTVERSION_3_1_1), client = NULL;
    trouble->begin();
    CHECK_INT(create(&client, "other", MQTTVERSION_3_1_1), trouble->create_new);
    CHECK(client != NULL);
    MQTTClient_destroy(&client);
    trouble->end();
    CHECK_INT(create(&client, "other", MQTTVERSION_3_1_1), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    MQTTClient_destroy(&first);
    if (trouble->needs_empty_leaf) {
        CHECK_INT(mkdir(leaf, 0700), 0);
        trouble->begin();
        CHECK_INT(create(&client, "cid", MQTTVERSION_3_1_1), MQTTCLIENT_PERSISTENCE_ERROR);
        MQTTClient_destroy(&client);
        trouble->end();
    }
}

/* The record ends in the middle: the room was just not enough. */
static void a_message_larger_than_the_room_is_refused(void)
{
    if (trouble->begin != fill)
        return;
    static char large[65536];
    memset(large, 'x', sizeof large - 1);
    struct peer peer;
    peer_start(&peer, CONNECT3 "expect 32 08 00 01 74 00 01 6f 6e 65; send 40 02 00 01;" GOODBYE_AND_END);
    MQTTClient client = create_stored(MQTTVERSION_3_1_1);
    connect_to(client, &peer, MQTTVERSION_3_1_1);
    CHECK_INT(publish_rc(client, MQTTVERSION_3_1_1, large, 1), MQTTCLIENT_FAILURE);
    expect_traced(trouble->reason);
    CHECK_INT(publish_rc(client, MQTTVERSION_3_1_1, "one", 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    goodbye(&client, &peer);
}

/* Somebody cleans up: what was in it is gone, the next record finds a new directory. */
static void a_removed_directory_comes_back(int version)
{
    struct peer peer;
    peer_start(&peer, version == MQTTVERSION_5 ? CONNECT5
               "expect 32 09 00 01 74 00 01 00 6f 6e 65; signal; await; send 40 02 00 01;"
               "expect 32 09 00 01 74 00 02 00 74 77 6f; signal; await; send 40 02 00 02;"
               "send 34 08 00 01 74 00 4d 00 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;"
               GOODBYE_AND_END : CONNECT3
               "expect 32 08 00 01 74 00 01 6f 6e 65; signal; await; send 40 02 00 01;"
               "expect 32 08 00 01 74 00 02 74 77 6f; signal; await; send 40 02 00 02;"
               "send 34 07 00 01 74 00 4d 69 6e; expect 50 02 00 4d; send 62 02 00 4d; expect 70 02 00 4d;"
               GOODBYE_AND_END);
    MQTTClient client = create_stored(version);
    connect_to(client, &peer, version);
    CHECK_INT(publish_rc(client, version, "one", 1), MQTTCLIENT_SUCCESS);
    char record[128];
    const char *prefix5 = version == MQTTVERSION_5 ? "5" : "";
    snprintf(record, sizeof record, "%s/s%s-1.msg", leaf, prefix5);
    peer_await(&peer);
    CHECK_INT(unlink(record), 0);
    CHECK_INT(rmdir(leaf), 0);
    peer_signal(&peer);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(publish_rc(client, version, "two", 1), MQTTCLIENT_SUCCESS);
    snprintf(record, sizeof record, "%s/s%s-2.msg", leaf, prefix5);
    peer_await(&peer);
    CHECK_INT(access(record, F_OK), 0);
    peer_signal(&peer);
    expect_text(client, "t", "in", 2);
    goodbye(&client, &peer);
}

static void play(void)
{
    static const int versions[] = {MQTTVERSION_3_1, MQTTVERSION_3_1_1, MQTTVERSION_5};
    MQTTClient_setTraceCallback(collect);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_ERROR);
    create_tells_whether_the_directory_can_be_used();
    for (int i = 0; i < 3; ++i) {
        refused_messages_leave_nothing(versions[i]);
        for (int callbacks = 0; callbacks <= 1; ++callbacks)
            messages_that_cannot_be_stored_come_again(versions[i], callbacks);
    }
    a_message_larger_than_the_room_is_refused();
}

/* In a process of its own, which may change what it can do for good. */
static pid_t start(const char *name, int (*prepare)(void), void (*story)(void))
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0)
        return child;
    strcpy(base, "/tmp/store_disk.XXXXXX");
    CHECK(mkdtemp(base) != NULL);
    snprintf(leaf, sizeof leaf, "%s/cid-server-1883", base);
    int possible = prepare();
    if (possible)
        story();
    else
        printf("skipped: %s: cannot be made here (%s)\n", name, strerror(errno));
    expect_empty(base); /* nothing is left in it */
    if (possible && (prepare == small || prepare == few_files))
        CHECK_INT(umount(base), 0);
    CHECK_INT(rmdir(base), 0);
    exit(0);
}

/* create returns however many descriptors it gets before there are no more. */
static void few_descriptors(void)
{
    int rc = MQTTCLIENT_PERSISTENCE_ERROR;
    for (int count = 0; rc != MQTTCLIENT_SUCCESS; ++count) {
        MQTTClient client = NULL;
        leave_descriptors(count);
        rc = create(&client, "cid", MQTTVERSION_3_1_1);
        give_descriptors();
        CHECK(rc == MQTTCLIENT_SUCCESS || rc == MQTTCLIENT_PERSISTENCE_ERROR);
        MQTTClient_destroy(&client);
        CHECK(count < 10);
    }
    rmdir(leaf); /* create may have made it in vain */
}

static void removed(void)
{
    for (int version = MQTTVERSION_3_1; version <= MQTTVERSION_5; ++version)
        a_removed_directory_comes_back(version);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    enum { TROUBLES = sizeof troubles / sizeof *troubles };
    pid_t children[TROUBLES + 2];
    for (int i = 0; i < TROUBLES; ++i) {
        trouble = &troubles[i];
        children[i] = start(trouble->name, trouble->prepare, play);
    }
    children[TROUBLES] = start("a directory that was removed", anywhere, removed);
    children[TROUBLES + 1] = start("few descriptors", anywhere, few_descriptors);
    for (int i = 0; i < TROUBLES + 2; ++i) {
        int status = -1;
        CHECK_INT(waitpid(children[i], &status, 0), children[i]);
        if (status != 0)
            CHECK_FAIL("%s: status %x", i < TROUBLES ? troubles[i].name : i == TROUBLES ? "a removed directory" : "few descriptors", status);
    }
    return 0;
}
