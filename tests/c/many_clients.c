/* Many clients at once and one after another: what they take is given back, and nothing waits in fixed steps. */
#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

#define MANY 300

static int entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static int descriptors(void) { return entries("/proc/self/fd"); }
static int threads(void) { return entries("/proc/self/task"); }

/* The kernel lists a thread for a moment after pthread_join has returned. */
static int threads_fall_to(int count)
{
    long long start = now_ms();
    while (threads() > count && now_ms() - start < PATIENCE)
        sched_yield();
    return threads() <= count;
}

static long resident_kb(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void at_once(void)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * MANY) {
        printf("skipped: %d clients at once need more file descriptors\n", MANY);
        return;
    }
    static MQTTClient clients[MANY];
    struct inbox inbox;
    inbox_init(&inbox);
    int before = threads();
    for (int i = 0; i < MANY; ++i) {
        char suffix[32];
        snprintf(suffix, sizeof suffix, "many-%d", i);
        clients[i] = create_client(broker, client_id(suffix));
        use_inbox(clients[i], &inbox);
        connect_client(clients[i], 1);
        CHECK_INT(MQTTClient_subscribe(clients[i], unique(suffix), 1), MQTTCLIENT_SUCCESS);
    }
    CHECK(threads() <= before + 8);
    for (int i = 0; i < MANY; ++i) {
        char suffix[32];
        snprintf(suffix, sizeof suffix, "many-%d", i);
        publish_text(clients[(i + 1) % MANY], unique(suffix), "hello", 1, 0);
    }
    CHECK_ARRIVES(&inbox, arrived, MANY);
    CHECK_ARRIVES(&inbox, completed, MANY);
    for (int i = 0; i < MANY; ++i)
        MQTTClient_destroy(&clients[i]);
}

static void one_after_another(void)
{
    struct inbox inbox;
    inbox_init(&inbox);
    for (int i = 0; i < 10000; ++i) {
        MQTTClient client = create_client(broker, "none");
        MQTTClient_destroy(&client);
    }
    long long start = now_ms();
    for (int i = 0; i < 200; ++i) {
        MQTTClient client = create_client(broker, client_id("again"));
        if (i % 2)
            use_inbox(client, &inbox);
        connect_client(client, 1);
        disconnect_and_destroy(&client);
    }
    CHECK(now_ms() - start < 200 * 50);
}

static void acknowledged_one_by_one(int callbacks)
{
    struct inbox inbox;
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id("quick"));
    if (callbacks)
        use_inbox(client, &inbox);
    connect_client(client, 1);
    long long start = now_ms();
    for (int i = 0; i < INBOX_CAPACITY; ++i)
        deliver_text(client, unique("quick"), "x", 1, 0);
    CHECK(now_ms() - start < INBOX_CAPACITY * 10);
    disconnect_and_destroy(&client);
}

static void no_descriptors_left(void)
{
    struct rlimit kept, few;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &kept), 0);
    for (int callbacks = 0; callbacks < 2; ++callbacks) {
        struct inbox inbox;
        inbox_init(&inbox);
        for (rlim_t free = 0; free < 6; ++free) {
            MQTTClient client = create_client(broker, client_id("starving"));
            if (callbacks)
                use_inbox(client, &inbox);
            int lowest = dup(0); /* the descriptor that the next one would be */
            CHECK(lowest >= 0 && close(lowest) == 0);
            few = kept;
            few.rlim_cur = (rlim_t)lowest + free;
            CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
            MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
            int code = MQTTClient_connect(client, &options);
            CHECK(code == MQTTCLIENT_SUCCESS || code == MQTTCLIENT_FAILURE);
            CHECK(free > 0 || code == MQTTCLIENT_FAILURE);
            CHECK_INT(setrlimit(RLIMIT_NOFILE, &kept), 0);
            connect_client(client, 1);
            disconnect_and_destroy(&client);
        }
    }
}

/* The limit may be lowered below what is open: then even waiting for descriptors fails. */
static void fewer_descriptors_than_open(void)
{
    struct rlimit kept, none;
    struct inbox inbox;
    inbox_init(&inbox);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &kept), 0);
    MQTTClient plain = create_client(broker, client_id("limited")), calling = create_client(broker, client_id("limited-2"));
    use_inbox(calling, &inbox);
    connect_client(plain, 1);
    connect_client(calling, 1);
    CHECK_INT(MQTTClient_subscribe(plain, unique("limited"), 1), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_subscribe(calling, unique("limited"), 1), MQTTCLIENT_SUCCESS);
    none = kept;
    none.rlim_cur = 0;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    expect_nothing(plain);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < QUIET / 3);
    deliver_text(plain, unique("limited"), "x", 1, 0);
    expect_text(plain, unique("limited"), "x", 1);
    CHECK_ARRIVES(&inbox, arrived, 1);
    disconnect_and_destroy(&plain);
    disconnect_and_destroy(&calling);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &kept), 0);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    int alone = threads();
#ifdef SANITIZED /* the thread sanitizer starts one of its own with the first of the program */
    alone++;
#endif
    no_descriptors_left();
    fewer_descriptors_than_open();
    at_once();
    one_after_another();
    acknowledged_one_by_one(0);
    acknowledged_one_by_one(1);
    int fds = descriptors();
    CHECK(threads_fall_to(alone));
    long memory = resident_kb();
    one_after_another();
    CHECK_INT(descriptors(), fds);
    CHECK(threads_fall_to(alone));
#ifdef SANITIZED /* which keeps what is freed */
    (void)memory;
#else
    CHECK(resident_kb() < memory + 4096);
#endif
    return 0;
}
