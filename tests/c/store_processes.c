/* One process at a time uses a store: another one is told, a dead one is no hindrance, a forked one neither keeps the
 * store from its parent's successor nor takes it away. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static char base[] = "/tmp/store_processes.XXXXXX";
static const char uri[] = "tcp://127.0.0.1:9";

static int create(MQTTClient *client)
{
    return MQTTClient_create(client, uri, "cid", MQTTCLIENT_PERSISTENCE_DEFAULT, base);
}

/* A child whose exit status says what went wrong, 0 for nothing. */
static pid_t start(void (*story)(void))
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        story();
        _exit(0);
    }
    return child;
}

static int wait_for(pid_t child)
{
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

static int refusals;

static void count_refusals(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    refusals += level == MQTTCLIENT_TRACE_ERROR && strstr(text, "cid-127.0.0.1-9: another process uses it") != NULL;
}

static int ready[2], end[2];

/* Tells the parent, and waits until it closes its end. */
static void tell_and_wait(void)
{
    char byte = 0;
    close(end[1]);
    CHECK_INT(write(ready[1], &byte, 1), 1);
    CHECK_INT(read(end[0], &byte, 1), 0);
}

static void open_pipes(void)
{
    CHECK_INT(pipe(ready), 0);
    CHECK_INT(pipe(end), 0);
}

static void wait_until_ready(void)
{
    char byte;
    CHECK_INT(read(ready[0], &byte, 1), 1);
}

static void let_end(void)
{
    close(end[0]);
    close(end[1]);
    close(ready[0]);
    close(ready[1]);
}

static void have_the_store(void)
{
    MQTTClient client = NULL;
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    tell_and_wait();
}

/* A line of the trace says why. */
static void expect_refusal(MQTTClient *client)
{
    refusals = 0;
    CHECK_INT(create(client), MQTTCLIENT_PERSISTENCE_ERROR);
    CHECK(*client != NULL);
    CHECK_INT(refusals, 1);
}

static void another_process_is_refused_until_this_one_ends(void)
{
    MQTTClient client = NULL;
    open_pipes();
    pid_t child = start(have_the_store);
    wait_until_ready();
    long long began = now_ms();
    expect_refusal(&client);
    CHECK(now_ms() - began >= 1000);
    CHECK(now_ms() - began < 1500);
    MQTTClient_destroy(&client);
    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS); /* it waits for the death */
    wait_for(child);
    let_end();
    MQTTClient second = NULL;
    CHECK_INT(create(&second), MQTTCLIENT_SUCCESS); /* the own process is no other one */
    MQTTClient_destroy(&second);
    MQTTClient_destroy(&client);
}

static void have_the_store_for_a_while(void)
{
    MQTTClient client = NULL;
    char byte = 0;
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    CHECK_INT(write(ready[1], &byte, 1), 1);
    CHECK_INT(poll(NULL, 0, 200), 0);
    MQTTClient_destroy(&client);
    long long ended = now_ms();
    CHECK_INT(write(ready[1], &ended, sizeof ended), sizeof ended);
}

/* One that ends in time is followed at once. */
static void a_process_that_waits_goes_on_when_the_other_one_ends(void)
{
    MQTTClient client = NULL;
    long long ended = 0;
    open_pipes();
    pid_t child = start(have_the_store_for_a_while);
    wait_until_ready();
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    long long created = now_ms();
    CHECK_INT(read(ready[0], &ended, sizeof ended), sizeof ended);
    CHECK(created - ended < 300);
    CHECK_INT(wait_for(child), 0);
    MQTTClient_destroy(&client);
    let_end();
}

static MQTTClient inherited;

static void just_live(void)
{
    tell_and_wait();
}

static void end_what_was_inherited(void)
{
    MQTTClient_destroy(&inherited);
}

static void fail_to_create(void)
{
    MQTTClient client = NULL;
    CHECK_INT(create(&client), MQTTCLIENT_PERSISTENCE_ERROR);
    MQTTClient_destroy(&client);
}

static void forked_children_leave_the_lock_alone(void)
{
    CHECK_INT(create(&inherited), MQTTCLIENT_SUCCESS);
    CHECK_INT(wait_for(start(end_what_was_inherited)), 0);
    CHECK_INT(wait_for(start(fail_to_create)), 0); /* it is still locked */
    char leaf[300];
    struct stat status;
    snprintf(leaf, sizeof leaf, "%s/cid-127.0.0.1-9", base);
    CHECK_INT(stat(leaf, &status), 0);
    MQTTClient_destroy(&inherited);
}

static void leave_a_child_and_die(void)
{
    MQTTClient client = NULL;
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    start(just_live);
    close(end[1]);
    wait_until_ready();
    kill(getpid(), SIGKILL);
}

static void a_child_does_not_keep_the_store_of_a_dead_parent(void)
{
    MQTTClient client = NULL;
    open_pipes();
    int status = wait_for(start(leave_a_child_and_die));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_INT(create(&client), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    let_end();
}

/* As daemon() does: the child goes on with what its parent created. */
static void a_daemon_locks_what_it_inherited(void)
{
    open_pipes();
    pid_t parent = fork();
    CHECK(parent >= 0);
    if (parent == 0) {
        MQTTClient client = NULL;
        char *topic = unique("daemon");
        CHECK_INT(MQTTClient_create(&client, broker, "daemon", MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
        int gone[2];
        CHECK_INT(pipe(gone), 0);
        if (fork() != 0)
            _exit(0);
        char byte;
        close(gone[1]);
        CHECK_INT(read(gone[0], &byte, 1), 0); /* the parent has ended */
        connect_client(client, 1);
        deliver_text(client, topic, "hello", 1, 0);
        tell_and_wait();
        disconnect_and_destroy(&client);
        _exit(0);
    }
    CHECK_INT(wait_for(parent), 0);
    wait_until_ready();
    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, broker, "daemon", MQTTCLIENT_PERSISTENCE_DEFAULT, base),
              MQTTCLIENT_PERSISTENCE_ERROR);
    MQTTClient_destroy(&client);
    let_end();
    /* it ends its client now, so the store is free within a second */
    CHECK_INT(MQTTClient_create(&client, broker, "daemon", MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
}

/* What lies in the directories of unfinished files; the caller frees it. */
static char *unfinished(void)
{
    char path[64], *list = calloc(1, 1);
    struct dirent **directories = NULL, **files = NULL;
    snprintf(path, sizeof path, "%s/.mqtt3c.tmp.%u", base, geteuid());
    int count = scandir(path, &directories, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        char own[sizeof path + sizeof directories[i]->d_name];
        snprintf(own, sizeof own, "%s/%s", path, directories[i]->d_name);
        int found = directories[i]->d_name[0] == '.' ? 0 : scandir(own, &files, NULL, alphasort);
        for (int j = 0; j < found; ++j) {
            size_t size = strlen(list) + sizeof own + sizeof files[j]->d_name + 2;
            if (files[j]->d_name[0] != '.') {
                CHECK((list = realloc(list, size)) != NULL);
                sprintf(list + strlen(list), "%s/%s\n", directories[i]->d_name, files[j]->d_name);
            }
            free(files[j]);
        }
        if (found > 0)
            free(files);
        free(directories[i]);
    }
    if (count >= 0)
        free(directories);
    return list;
}

static void store_and_end_what_was_inherited(void)
{
    CHECK_INT(poll(NULL, 0, 150), 0); /* a pause, after which a store keeps no files to fill again */
    deliver_text(inherited, "t", "from the child", 1, 0);
    MQTTClient_destroy(&inherited);
}

static void a_child_leaves_its_parents_spare_files_alone(void)
{
    CHECK_INT(MQTTClient_create(&inherited, broker, "spares", MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
    connect_client(inherited, 1);
    char *before = unfinished();
    for (int i = 0; before[0] == '\0'; ++i) {
        CHECK(i < 5000);
        deliver_text(inherited, "t", "x", 1, 0);
        free(before);
        before = unfinished();
    }
    CHECK_INT(wait_for(start(store_and_end_what_was_inherited)), 0);
    char *after = unfinished();
    CHECK_STR(after, before);
    free(after);
    free(before);
    deliver_text(inherited, "t", "from the parent", 1, 0);
    disconnect_and_destroy(&inherited);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    CHECK(mkdtemp(base) != NULL);
    MQTTClient_setTraceCallback(count_refusals);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_ERROR);
    another_process_is_refused_until_this_one_ends();
    a_process_that_waits_goes_on_when_the_other_one_ends();
    forked_children_leave_the_lock_alone();
    a_child_does_not_keep_the_store_of_a_dead_parent();
    a_daemon_locks_what_it_inherited();
    a_child_leaves_its_parents_spare_files_alone();
    CHECK_INT(rmdir(base), 0);
    return 0;
}
