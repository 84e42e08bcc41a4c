/* A file system that refuses calls a store would like to make: records are written in another way, and what cannot be
 * removed goes with the next operation. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "disk.h"

/* The store is busy after 100 records without a pause, and then files get the names of records beside their own. */
#define MESSAGES 130

static int listener = -1;
static atomic_int second_name_error, unnamed_error; /* why these are refused */
static atomic_int second_names, unnamed_files;      /* how often they were asked for */
static const char *_Atomic unremovable;             /* a name, if any */

/* Read by the kernel: the caller wrote its argument with nothing that a thread sanitizer could order with our reading. */
static int is_argument(uint64_t address, const char *text)
{
    char found[64];
    size_t length = strlen(text) + 1;
    struct iovec here = {.iov_base = found, .iov_len = length};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
    return length <= sizeof found && process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)length &&
           memcmp(found, text, length) == 0;
}

/* The error of a call, 0: it goes on. */
static int judge(const struct seccomp_data *call)
{
    if (call->nr == SYS_unlinkat) {
        const char *refused = unremovable;
        return refused != NULL && is_argument(call->args[1], refused) ? EIO : 0;
    }
    if (call->args[4] & AT_SYMLINK_FOLLOW) { /* to the descriptor of a file without a name */
        unnamed_files++;
        return unnamed_error;
    }
    second_names++;
    return second_name_error;
}

static void *watch(void *argument)
{
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
            continue;
        int error = judge(&call.data);
        struct seccomp_notif_resp answer = {
            .id = call.id, .error = -error, .flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    return argument;
}

#define HOLD_UP(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

/* From now on each call that gives or takes a name is judged. */
static int watch_calls(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        HOLD_UP(SYS_linkat),
        HOLD_UP(SYS_unlinkat),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    pthread_t watcher;
    return listener >= 0 && pthread_create(&watcher, NULL, watch, NULL) == 0;
}

static void connect_wide(MQTTClient client, struct peer *peer, int cleansession)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    char *const servers[] = {peer->uri};
    options.cleansession = cleansession;
    options.maxInflightMessages = MESSAGES;
    options.serverURIcount = 1;
    options.serverURIs = servers;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
}

/* Leaves as many records, of which none is acknowledged. */
static void leave_records(int count)
{
    static char script[100 + 16 * MESSAGES];
    char text[16];
    struct peer peer;
    strcpy(script, CONNECT3);
    for (int i = 0; i < count; ++i)
        strcat(script, "expect PUBLISH;");
    strcat(script, "expect-eof");
    peer_start(&peer, script);
    MQTTClient client = create_stored(MQTTVERSION_3_1_1);
    connect_wide(client, &peer, 0);
    for (int i = 1; i <= count; ++i) {
        snprintf(text, sizeof text, "%d", i);
        CHECK_INT(publish_text(client, "t", text, 1, 0), i);
    }
    MQTTClient_destroy(&client);
    peer_finish(&peer);
}

/* Each is whole, and nothing else is there. */
static void expect_records(int count)
{
    for (int i = 1; i <= count; ++i) {
        char path[128], text[16], record[64], expected[64];
        snprintf(text, sizeof text, "%d", i);
        int length = snprintf(expected, sizeof expected, "\x32%c%c\x01t%c%c%s", (int)strlen(text) + 5, 0, i >> 8, i & 255, text);
        snprintf(path, sizeof path, "%s/s-%d.msg", leaf, i);
        int fd = open(path, O_RDONLY);
        CHECK(fd >= 0);
        CHECK_INT(read(fd, record, sizeof record), length);
        CHECK_INT(memcmp(record, expected, (size_t)length), 0);
        close(fd);
    }
    MQTTClient_deliveryToken *tokens = NULL;
    MQTTClient client = create_stored(MQTTVERSION_3_1_1);
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens != NULL);
    CHECK_INT(tokens[count - 1] > 0, 1);
    CHECK_INT(tokens[count], -1);
    MQTTClient_free(tokens);
    struct peer peer;
    peer_start(&peer, CONNECT3 GOODBYE_AND_END);
    connect_wide(client, &peer, 1); /* removes them */
    goodbye(&client, &peer);
}

static void records_need_no_second_names(void)
{
    static const struct {
        int error, unnamed_error, for_ever;
    } refusals[] = {{EPERM, 0, 1}, {EPERM, ENOENT, 1}, {EXDEV, 0, 1},  {ENOSYS, 0, 1},
                    {EOPNOTSUPP, 0, 1}, {EMLINK, 0, 0}, {ENOSPC, EIO, 0}};
    for (int i = 0; i < (int)(sizeof refusals / sizeof *refusals); ++i) {
        second_name_error = refusals[i].error;
        unnamed_error = refusals[i].unnamed_error;
        second_names = 0;
        /* On a machine that is busy with other things there may be a pause between any two records. */
        for (int attempt = 0; second_names == 0; ++attempt) {
            CHECK(attempt < 20);
            unnamed_files = 0;
            leave_records(MESSAGES);
            expect_records(MESSAGES);
        }
        if (refusals[i].for_ever)
            CHECK_INT(second_names, 1); /* it costs one attempt */
        else
            CHECK(second_names > 1); /* the next one may succeed */
        if (unnamed_error != 0)
            CHECK_INT(unnamed_files, 1); /* then files get a name first */
    }
    second_name_error = unnamed_error = 0;
}

static int count_records(void)
{
    int count = 0;
    DIR *opened = opendir(leaf);
    CHECK(opened != NULL);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(opened);
    return count;
}

static void a_record_that_a_clean_session_cannot_remove_goes_later(void)
{
    leave_records(5);
    CHECK_INT(count_records(), 5);
    MQTTClient client = create_stored(MQTTVERSION_3_1_1);
    struct peer peer;
    peer_start(&peer, CONNECT3 "expect 32 08 00 01 74 00 01 6e 65 77; signal; await; send 40 02 00 01;" GOODBYE_AND_END);
    unremovable = "s-3.msg";
    connect_wide(client, &peer, 1);
    unremovable = NULL;
    expect_traced("Input/output error");
    CHECK_INT(count_records(), 1); /* the others are gone */
    expect_none_pending(client);
    CHECK_INT(publish_text(client, "t", "new", 1, 0), 1);
    peer_await(&peer);
    CHECK_INT(count_records(), 1); /* that of the new one */
    peer_signal(&peer);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    goodbye(&client, &peer);
}

static void play(void)
{
    records_need_no_second_names();
    a_record_that_a_clean_session_cannot_remove_goes_later();
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    finish(start("refused calls", watch_calls, play), "refused calls");
    return 0;
}
