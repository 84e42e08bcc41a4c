/* A process dies before each of its calls to the system in turn, with a file store and messages under way in both
 * directions; the next process goes on from the records. Nothing accepted is lost, and nothing comes twice at QoS 2, but
 * for the message in the program's hands: a callback may get it again, receive may have removed its record. No file is
 * left in the end. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define MESSAGES 7
#define END MESSAGES /* the message of the second process */
/* So many records without a pause that a store keeps files to fill again. */
#define MANY 110

/* What a run is about. */
static struct run {
    int version, callbacks;
    int busy; /* the store keeps files to fill again */
    int moment;
} run;
static char base[] = "/tmp/store_gaps.XXXXXX";
static char *topic, *id;

/* What outlives a process. */
static struct memory {
    atomic_int left; /* calls until the process dies; negative: it lives on */
    atomic_int sent[MESSAGES + 1], taken[MESSAGES + 1];
    atomic_int last; /* taken, or -1 */
    atomic_int in_receive;
} *memory;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;

#define RUN_FAIL(format, ...) \
    CHECK_FAIL("version %d, %s%s, death before call %d: " format, run.version, run.callbacks ? "callbacks" : "receive", \
               run.busy ? ", busy store" : "", run.moment, __VA_ARGS__)

/* Lets the calls go on that the filter holds up, until the one before which the process dies. */
static void *watch(void *listener)
{
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
            continue;
        if (memory->left >= 0 && atomic_fetch_sub(&memory->left, 1) == 0)
            kill(getpid(), SIGKILL);
        struct seccomp_notif_resp answer = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    return NULL;
}

#define HOLD_UP(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

/* From now on each call of this process is held up that changes a file or talks to the server; it dies before run.moment
 * more of them. */
static void watch_calls(void)
{
    static int listener;
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        HOLD_UP(SYS_linkat),
        HOLD_UP(SYS_renameat),
        HOLD_UP(SYS_renameat2),
        HOLD_UP(SYS_unlinkat),
        HOLD_UP(SYS_mkdirat),
        HOLD_UP(SYS_ftruncate),
        HOLD_UP(SYS_pwritev),
        HOLD_UP(SYS_sendto),
        HOLD_UP(SYS_sendmsg),
        HOLD_UP(SYS_recvfrom),
#ifdef SYS_unlink /* newer architectures have only those with a directory */
        HOLD_UP(SYS_link),
        HOLD_UP(SYS_rename),
        HOLD_UP(SYS_unlink),
        HOLD_UP(SYS_mkdir),
        HOLD_UP(SYS_rmdir),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    memory->left = run.moment;
    unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    CHECK(listener >= 0);
    pthread_t watcher;
    CHECK_INT(pthread_create(&watcher, NULL, watch, &listener), 0);
}

/* The last one is of QoS 2, which comes after all that was sent before. */
static int qos_of(int number)
{
    return number % 3 == 0 ? 1 : 2;
}

static MQTTClient_deliveryToken publish(MQTTClient client, const char *where, const char *text, int qos)
{
    if (run.version != MQTTVERSION_5)
        return publish_text(client, where, text, qos, 0);
    MQTTClient_deliveryToken token = 0;
    MQTTResponse response = MQTTClient_publish5(client, where, (int)strlen(text), text, qos, 0, NULL, &token);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    return token;
}

static void publish_number(MQTTClient client, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    publish(client, topic, text, qos_of(number));
    memory->sent[number] = 1;
}

static void take(const MQTTClient_message *message)
{
    char text[16];
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (char *)message->payload);
    int number = atoi(text);
    CHECK(number >= 0 && number <= END);
    pthread_mutex_lock(&lock);
    memory->last = number;
    memory->taken[number]++;
    pthread_cond_signal(&came);
    pthread_mutex_unlock(&lock);
}

static int message_arrived(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context;
    (void)length;
    take(message);
    MQTTClient_free(name);
    MQTTClient_freeMessage(&message);
    return 1;
}

static void take_until(MQTTClient client, int number)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE / 1000;
    pthread_mutex_lock(&lock);
    while (run.callbacks && memory->taken[number] == 0)
        if (pthread_cond_timedwait(&came, &lock, &until) != 0)
            RUN_FAIL("message %d does not come", number);
    pthread_mutex_unlock(&lock);
    while (memory->taken[number] == 0) {
        char *name = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        memory->in_receive = 1;
        CHECK_INT(MQTTClient_receive(client, &name, &length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
        if (message == NULL)
            RUN_FAIL("message %d does not come", number);
        take(message);
        memory->in_receive = 0;
        MQTTClient_free(name);
        MQTTClient_freeMessage(&message);
    }
}

static MQTTClient begin(void)
{
    MQTTClient client = NULL;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = run.version;
    CHECK_INT(MQTTClient_createWithOptions(&client, broker, id, MQTTCLIENT_PERSISTENCE_DEFAULT, base, &options),
              MQTTCLIENT_SUCCESS);
    if (run.callbacks)
        CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, message_arrived, NULL), MQTTCLIENT_SUCCESS);
    if (run.version != MQTTVERSION_5) {
        connect_client(client, 0);
        return client;
    }
    MQTTClient_connectOptions connect = MQTTClient_connectOptions_initializer5;
    connect.cleanstart = 0;
    connect.maxInflightMessages = 100;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = 600};
    MQTTProperties properties = MQTTProperties_initializer;
    CHECK_INT(MQTTProperties_add(&properties, &expiry), 0);
    MQTTResponse response = MQTTClient_connect5(client, &connect, &properties, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
    return client;
}

static void subscribe_and_leave(void)
{
    MQTTClient client = begin();
    if (run.version == MQTTVERSION_5) {
        MQTTResponse response = MQTTClient_subscribe5(client, topic, 2, NULL, NULL);
        CHECK_INT((int)response.reasonCode, MQTTREASONCODE_GRANTED_QOS_2);
        MQTTResponse_free(response);
    } else {
        CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    }
    disconnect_and_destroy(&client);
}

static void exchange_and_die(void)
{
    MQTTClient client;
    if (run.busy) {
        client = begin();
        MQTTClient_deliveryToken token = 0;
        for (int i = 0; i < MANY; ++i)
            token = publish(client, unique("elsewhere"), "x", 1);
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
        watch_calls();
    } else {
        watch_calls();
        client = begin();
    }
    for (int i = 0; i < MESSAGES; ++i)
        publish_number(client, i);
    take_until(client, MESSAGES - 1);
    disconnect_and_destroy(&client);
}

static void go_on(void)
{
    MQTTClient client = begin();
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    for (int i = 0; tokens != NULL && tokens[i] != -1; ++i)
        CHECK_INT(MQTTClient_waitForCompletion(client, tokens[i], PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_free(tokens);
    publish_number(client, END);
    take_until(client, END);
    disconnect_and_destroy(&client);
}

/* Returns whether the process was killed. */
static int in_a_process(void (*story)(void))
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        story();
        _exit(0);
    }
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    memory->left = -1;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return 1;
    if (status != 0)
        RUN_FAIL("status %#x", status);
    return 0;
}

/* Returns whether there was a call to die before. */
static int survives(void)
{
    memset(memory, 0, sizeof *memory);
    memory->left = memory->last = -1;
    int killed = in_a_process(exchange_and_die);
    int before = killed ? memory->last : -1, in_hand = killed && memory->in_receive;
    CHECK_INT(in_a_process(go_on), 0);
    for (int i = 0; i <= END; ++i) {
        int taken = memory->taken[i];
        if (memory->sent[i] && taken == 0 && in_hand-- <= 0)
            RUN_FAIL("message %d is lost", i);
        if (taken > 1 && qos_of(i) == 2 && !(run.callbacks && i == before && taken == 2))
            RUN_FAIL("message %d came %d times", i, taken);
    }
    if (rmdir(base) != 0)
        RUN_FAIL("files remain in %s", base);
    CHECK_INT(mkdir(base, 0700), 0);
    return killed;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(mkdtemp(base) != NULL);
    void *shared = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    memory = shared;
    memory->left = -1;
    static const struct run runs[] = {
        {.version = MQTTVERSION_3_1_1, .callbacks = 0, .busy = 1},
        {.version = MQTTVERSION_3_1_1, .callbacks = 1, .busy = 0},
        {.version = MQTTVERSION_5, .callbacks = 0, .busy = 0},
        {.version = MQTTVERSION_5, .callbacks = 1, .busy = 1},
    };
    for (int i = 0; i < 4; ++i) {
        char name[16];
        run = runs[i];
        snprintf(name, sizeof name, "run%d", i);
        topic = unique(name);
        id = client_id(name);
        CHECK_INT(in_a_process(subscribe_and_leave), 0);
        while (survives())
            run.moment++;
        CHECK(run.moment > 50);
    }
    CHECK_INT(rmdir(base), 0);
    return 0;
}
