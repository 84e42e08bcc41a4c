/* Each operation of the store on files fails, one after the other: alone, with the next one, or with all
 * behind it. The program is told or not, but never crashes or waits, and a second process, which has no such trouble, finds
 * what was promised: a message that was accepted arrives, one that was refused does not, and at QoS 2 none comes twice.
 *
 * The library makes its system calls itself, so the kernel is asked to send SIGSYS for them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "support.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
static const int places[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8};
#define ARGUMENT(context, i) ((context)->uc_mcontext.gregs[places[i]])
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#define ARGUMENT(context, i) ((context)->uc_mcontext.regs[i])
#endif

enum { MESSAGES = 3, BEFORE = 60, AT_ONCE = 8, LONGEST = 400, SHORT_WRITE = 0 };

/* A story with its trouble, in memory that its processes share. */
struct run {
    int version, callbacks, busy; /* busy: many records come before, so that the store keeps files to fill again */
    int at, synchronised, lasting, error; /* the trouble; SHORT_WRITE: a write that takes one byte only */
    char id[64], base[64];
    int counting, operations; /* that the first process has asked for */
    int accepted[MESSAGES], refused[MESSAGES], arrived[MESSAGES], end;
    pid_t process;
};
static struct run *run;
static char *topic;   /* of this process */
static sem_t arrival; /* in on_arrived() */

#ifdef SANITIZED
/* The search for leaks makes system calls where SIGSYS is blocked. */
const char *__asan_default_options(void) { return "detect_leaks=0"; }
#endif

#ifdef ARCHITECTURE

/* As last argument, which none of these calls has: ours, to be let through. */
#define LET_THROUGH 0x6d717474

static const int watched[] = {
    SYS_openat, SYS_mkdirat, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_unlinkat, SYS_ftruncate, SYS_fsync,
    SYS_write,  SYS_writev,  SYS_pwrite64, SYS_pwritev,   SYS_flock,  SYS_getdents64,
#ifdef SYS_open
    SYS_open, SYS_mkdir, SYS_rename, SYS_link, SYS_unlink, SYS_rmdir,
#endif
};

static long let_through(int number, const long *a)
{
    long result = syscall(number, a[0], a[1], a[2], a[3], a[4], (long)LET_THROUGH);
    return result == -1 ? -errno : result;
}

static int is_in_base(const char *path) { return strncmp(path, run->base, strlen(run->base)) == 0; }

static int is_file_in_base(int fd)
{
    char link[64], path[256] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && is_in_base(path);
}

static int is_of_store(int number, const long *a)
{
    switch (number) {
    case SYS_linkat: /* perhaps from /proc */
        return is_file_in_base((int)a[2]) || is_in_base((const char *)a[3]);
    case SYS_openat: case SYS_mkdirat: case SYS_renameat: case SYS_renameat2: case SYS_unlinkat:
        return is_in_base((const char *)a[1]) || ((int)a[0] != AT_FDCWD && is_file_in_base((int)a[0]));
    case SYS_ftruncate: case SYS_fsync: case SYS_write: case SYS_writev: case SYS_pwrite64: case SYS_pwritev:
    case SYS_flock: case SYS_getdents64:
        return is_file_in_base((int)a[0]);
    default:
        return is_in_base((const char *)a[0]);
    }
}

static long write_one_byte(int number, const long *a)
{
    struct iovec first = {.iov_base = (void *)a[1], .iov_len = (size_t)a[2]};
    if (number == SYS_writev || number == SYS_pwritev) {
        const struct iovec *part = (const struct iovec *)a[1];
        for (long i = 0; i + 1 < a[2] && part->iov_len == 0; ++i)
            ++part;
        first = *part;
    }
    long at = number == SYS_pwritev || number == SYS_pwrite64 ? a[3] : -1;
    long one[5] = {a[0], (long)first.iov_base, first.iov_len > 0, at, 0};
    return let_through(at >= 0 ? SYS_pwrite64 : SYS_write, one);
}

static void on_system_call(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    int saved = errno, number = info->si_syscall;
    long a[5], result;
    for (int i = 0; i < 5; ++i)
        a[i] = (long)ARGUMENT((ucontext_t *)context, i);
    int count = run->counting && is_of_store(number, a) ? __atomic_add_fetch(&run->operations, 1, __ATOMIC_SEQ_CST) : 0;
    int fails = count >= run->at && (run->lasting || count <= run->at + run->synchronised);
    int writes = number == SYS_write || number == SYS_writev || number == SYS_pwrite64 || number == SYS_pwritev;
    if (!fails || (run->error == SHORT_WRITE && !writes))
        result = let_through(number, a);
    else if (run->error == SHORT_WRITE)
        result = write_one_byte(number, a);
    else
        result = -run->error;
    errno = saved;
    RESULT((ucontext_t *)context) = result;
}

static void watch(void)
{
    enum { WATCHED = sizeof watched / sizeof *watched };
    struct sock_filter filter[WATCHED + 7] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, WATCHED + 1),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    for (int i = 0; i < WATCHED; ++i)
        filter[3 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)watched[i], WATCHED - i, 0);
    struct sock_filter end[] = {
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LET_THROUGH, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    memcpy(filter + 3 + WATCHED, end, sizeof end);
    struct sock_filter all[WATCHED + 8];
    memcpy(all, filter, sizeof filter);
    all[WATCHED + 7] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {.len = WATCHED + 8, .filter = all};
    struct sigaction action = {.sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    CHECK_INT(sigaction(SIGSYS, &action, NULL), 0);
    CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        exit(SKIPPED);
}

#else
static void watch(void) { exit(SKIPPED); }
#endif

static int is_one_of(int rc, int first, int second, int third) { return rc == first || rc == second || rc == third; }

static void take(const char *text, int length)
{
    if (length == 3 && memcmp(text, "end", 3) == 0)
        __atomic_add_fetch(&run->end, 1, __ATOMIC_SEQ_CST);
    else if (length == 1 && text[0] >= '0' && text[0] < '0' + MESSAGES)
        __atomic_add_fetch(&run->arrived[text[0] - '0'], 1, __ATOMIC_SEQ_CST);
    else
        CHECK_FAIL("\"%.*s\" arrives", length, text);
}

static int on_arrived(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context;
    (void)length;
    take(message->payload, message->payloadlen);
    sem_post(&arrival);
    MQTTClient_free(name);
    MQTTClient_freeMessage(&message);
    return 1;
}

static int create(MQTTClient *client)
{
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = run->version;
    *client = NULL;
    int rc = MQTTClient_createWithOptions(client, broker, run->id, MQTTCLIENT_PERSISTENCE_DEFAULT, run->base, &options);
    if (rc == MQTTCLIENT_SUCCESS && run->callbacks)
        CHECK_INT(MQTTClient_setCallbacks(*client, NULL, NULL, on_arrived, NULL), MQTTCLIENT_SUCCESS);
    return rc;
}

static int connect_kept(MQTTClient client)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions options5 = MQTTClient_connectOptions_initializer5;
    if (run->version == MQTTVERSION_5)
        options = options5;
    options.MQTTVersion = run->version;
    options.cleansession = options.cleanstart = 0;
    options.maxInflightMessages = 10;
    options.connectTimeout = 10;
    if (run->version != MQTTVERSION_5)
        return MQTTClient_connect(client, &options);
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = 600};
    MQTTProperties properties = MQTTProperties_initializer;
    CHECK_INT(MQTTProperties_add(&properties, &expiry), 0);
    MQTTResponse response = MQTTClient_connect5(client, &options, &properties, NULL);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
    return rc;
}

/* Whether there is a connection in the end. */
static int connected(MQTTClient client)
{
    for (int i = 0; i < 3 && !MQTTClient_isConnected(client); ++i) {
        int rc = connect_kept(client);
        CHECK(is_one_of(rc, MQTTCLIENT_SUCCESS, MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED));
    }
    return MQTTClient_isConnected(client);
}

static int publish_to(MQTTClient client, const char *name, const char *text, int qos)
{
    MQTTClient_deliveryToken token = 0;
    if (run->version != MQTTVERSION_5)
        return MQTTClient_publish(client, name, (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(client, name, (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

static int publish(MQTTClient client, const char *text, int qos) { return publish_to(client, topic, text, qos); }

/* Whether all messages have been acknowledged. */
static int wait_for_tokens(MQTTClient client, int patience)
{
    long long deadline = now_ms() + patience;
    for (;;) {
        MQTTClient_deliveryToken *tokens = NULL;
        CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
        int token = tokens == NULL ? -1 : tokens[0];
        MQTTClient_free(tokens);
        if (token == -1 || now_ms() >= deadline || !connected(client))
            return token == -1;
        int rc = MQTTClient_waitForCompletion(client, token, (unsigned long)(deadline - now_ms()));
        CHECK(is_one_of(rc, MQTTCLIENT_SUCCESS, MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED));
    }
}

/* What has come, or comes within `patience`. */
static void take_one(MQTTClient client, int patience)
{
    if (run->callbacks) {
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_nsec += patience * 1000000L;
        deadline.tv_sec += deadline.tv_nsec / 1000000000;
        deadline.tv_nsec %= 1000000000;
        sem_timedwait(&arrival, &deadline);
        return;
    }
    char *name = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    int rc = MQTTClient_receive(client, &name, &length, &message, (unsigned long)patience);
    CHECK(is_one_of(rc, MQTTCLIENT_SUCCESS, MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED));
    if (message != NULL) {
        take(message->payload, message->payloadlen);
        MQTTClient_free(name);
        MQTTClient_freeMessage(&message);
    }
}

static int all_have_come(void)
{
    for (int i = 0; i < MESSAGES; ++i)
        if (run->accepted[i] && __atomic_load_n(&run->arrived[i], __ATOMIC_SEQ_CST) == 0)
            return 0;
    return 1;
}

static void live_in_trouble(void)
{
    watch();
    if (run->synchronised)
        setenv("MQTT3C_FSYNC", "1", 1);
    MQTTClient client;
    run->counting = !run->busy;
    int rc = create(&client);
    for (int again = 0; rc != MQTTCLIENT_SUCCESS; ++again) {
        CHECK_INT(rc, MQTTCLIENT_PERSISTENCE_ERROR);
        MQTTClient_destroy(&client);
        if (run->lasting)
            return;
        CHECK(again <= run->synchronised);
        rc = create(&client);
    }
    if (run->busy) {
        CHECK(connected(client));
        for (int i = 0; i < BEFORE; ++i)
            CHECK_INT(publish_to(client, "store_faults/before", "x", 2), MQTTCLIENT_SUCCESS);
        CHECK(wait_for_tokens(client, PATIENCE));
        run->counting = 1;
    }
    for (int i = 0; i < MESSAGES && connected(client); ++i) {
        const char text[] = {(char)('0' + i), '\0'};
        rc = publish(client, text, i == 0 ? 1 : 2);
        CHECK(is_one_of(rc, MQTTCLIENT_SUCCESS, MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED));
        run->accepted[i] = rc == MQTTCLIENT_SUCCESS;
        run->refused[i] = rc == MQTTCLIENT_FAILURE;
    }
    int patience = run->lasting ? QUIET : PATIENCE;
    CHECK(wait_for_tokens(client, patience) || run->lasting);
    for (long long deadline = now_ms() + patience; now_ms() < deadline && !all_have_come() && connected(client);)
        take_one(client, 50);
    CHECK(all_have_come() || run->lasting);
    /* what could not be removed is tried again with the next record */
    if (run->synchronised && connected(client) && publish_to(client, "store_faults/before", "x", 1) == MQTTCLIENT_SUCCESS)
        CHECK(wait_for_tokens(client, PATIENCE));
    MQTTClient_disconnect(client, 0);
    MQTTClient_destroy(&client);
}

static void live_after_it(void)
{
    MQTTClient client;
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    CHECK_INT(connect_kept(client), MQTTCLIENT_SUCCESS);
    CHECK(wait_for_tokens(client, PATIENCE));
    CHECK_INT(publish(client, "end", 2), MQTTCLIENT_SUCCESS);
    for (long long deadline = now_ms() + PATIENCE; now_ms() < deadline && __atomic_load_n(&run->end, __ATOMIC_SEQ_CST) == 0;)
        take_one(client, 50);
    CHECK_INT(__atomic_load_n(&run->end, __ATOMIC_SEQ_CST), 1);
    /* until the last exchange has ended; one whose record could not be removed never does */
    CHECK_INT(MQTTClient_disconnect(client, run->lasting ? QUIET : PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
}

static void subscribe_first(void)
{
    MQTTClient client = create_client(broker, run->id);
    if (run->version == MQTTVERSION_5) {
        MQTTClient_destroy(&client);
        client = create_client5(broker, run->id);
    }
    CHECK_INT(connect_kept(client), MQTTCLIENT_SUCCESS);
    if (run->version == MQTTVERSION_5) {
        MQTTResponse response = MQTTClient_subscribe5(client, topic, 2, NULL, NULL);
        CHECK_INT((int)response.reasonCode, MQTTREASONCODE_GRANTED_QOS_2);
        MQTTResponse_free(response);
    } else {
        CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    }
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
}

/* One process of a story; a threadless parent waits for it. */
static int in_child(void (*part)(void))
{
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        part();
        exit(0);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

/* Nothing is left of the store, unless nothing could be removed when an inbound exchange ended: MQTT 5 has delivered by
 * then, and the record stays until its identifier is used again. */
static void remove_directory(void)
{
    char leaf[192] = "", path[512];
    DIR *opened = opendir(run->base);
    CHECK(opened != NULL);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            CHECK_STR(leaf, "");
            snprintf(leaf, sizeof leaf, "%s/%.100s", run->base, entry->d_name);
        }
    closedir(opened);
    if (leaf[0] != '\0') {
        CHECK(run->lasting && run->version == MQTTVERSION_5);
        opened = opendir(leaf);
        CHECK(opened != NULL);
        for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            if (strncmp(entry->d_name, "r5-", 3) != 0)
                CHECK_FAIL("%s stays", entry->d_name);
            snprintf(path, sizeof path, "%s/%s", leaf, entry->d_name);
            CHECK_INT(unlink(path), 0);
        }
        closedir(opened);
        CHECK_INT(rmdir(leaf), 0);
    }
    CHECK_INT(rmdir(run->base), 0);
}

static void play(void)
{
    topic = unique(run->id);
    CHECK_INT(sem_init(&arrival, 0, 0), 0);
    CHECK(mkdtemp(run->base) != NULL);
    CHECK_INT(in_child(subscribe_first), 0);
    int status = in_child(live_in_trouble);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
        CHECK_INT(rmdir(run->base), 0);
        exit(SKIPPED);
    }
    CHECK_INT(status, 0);
    CHECK_INT(in_child(live_after_it), 0);
    for (int i = 0; i < MESSAGES; ++i) {
        if (run->accepted[i])
            CHECK(run->arrived[i] >= 1);
        if (run->refused[i])
            CHECK_INT(run->arrived[i], 0);
        if (i > 0 && !run->lasting)
            CHECK(run->arrived[i] <= 1);
    }
    remove_directory();
    exit(0);
}

static void begin(struct run *next, int version, int callbacks, int busy, int synchronised, int at, int lasting,
                  int error)
{
    memset(next, 0, sizeof *next);
    next->version = version, next->callbacks = callbacks, next->busy = busy;
    next->at = at, next->synchronised = synchronised, next->lasting = lasting, next->error = error;
    snprintf(next->id, sizeof next->id, "f%d-%d-%d-%d-%d-%d-%d", version, callbacks, busy, synchronised, at, lasting,
             error);
    strcpy(next->base, "/tmp/store_faults.XXXXXX");
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run = next;
        play();
    }
    next->process = child; /* not by the child too, which has the same memory */
}

/* Whether the trouble was reached. */
static int finish(struct run *played)
{
    int status = -1;
    CHECK_INT(waitpid(played->process, &status, 0), played->process);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
        printf("skipped: system calls cannot be watched here\n");
        exit(0);
    }
    if (status != 0)
        CHECK_FAIL("MQTT %d, %s callbacks,%s%s operation %d of %d %s with %s: status %x; accepted %d %d %d, arrived %d %d %d",
                   played->version, played->callbacks ? "with" : "without", played->busy ? " busy," : "",
                   played->synchronised ? " synchronised," : "",
                   played->at, played->operations,
                   played->lasting ? "and all behind it fail" : played->synchronised ? "and the next one fail" : "fails",
                   played->error == SHORT_WRITE ? "one byte" : strerror(played->error), (unsigned)status,
                   played->accepted[0], played->accepted[1], played->accepted[2], played->arrived[0],
                   played->arrived[1], played->arrived[2]);
    return played->operations >= played->at;
}

int main(int argc, char **argv)
{
    static const int versions[] = {MQTTVERSION_3_1_1, MQTTVERSION_5};
    static const int errors[] = {ENOSPC, EIO, EACCES, EMFILE, SHORT_WRITE};
    enum { ERRORS = sizeof errors / sizeof *errors, KINDS = 8 }; /* alone, lasting, busy, synchronised; each with two versions */
    read_arguments(argc, argv);
    struct run *runs = mmap(NULL, AT_ONCE * sizeof *runs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(runs != MAP_FAILED);
    for (int kind = 0; kind < KINDS; ++kind) {
        int reached = 1, at = 1;
        /* the last ones run together with those that come too late */
        for (; reached && at < LONGEST; at += AT_ONCE) {
            for (int i = 0; i < AT_ONCE; ++i)
                begin(&runs[i], versions[kind & 1], (at + i) & 1, kind / 2 == 2, kind / 2 == 3, at + i,
                      kind / 2 == 1, errors[(at + i + kind) % ERRORS]);
            for (int i = 0; i < AT_ONCE; ++i)
                reached = finish(&runs[i]);
        }
        CHECK(at > 10 && at < LONGEST); /* there are so many, and not more without end */
    }
    return 0;
}
