/* Where no thread can be made, a client without callbacks works all the same: it needs none. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support.h"

/* clone and clone3 fail from now on, as at the limit of processes (which does not count for root). */
static int refuse_threads(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void *nothing(void *argument) { return argument; }

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
#ifdef SANITIZED
    printf("skipped: the sanitizers make a process to look for leaks\n");
    return 0;
#endif
    const char *port = strrchr(broker, ':');
    if (strncmp(broker, "tcp://", 6) != 0 || !refuse_threads()) {
        printf("skipped: needs TCP, and a filter of system calls\n");
        return 0;
    }
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, nothing, NULL), EAGAIN);

    char uri[64];
    snprintf(uri, sizeof uri, "tcp://localhost%s", port); /* a name to be looked up */
    char *topic = unique("alone");
    MQTTClient client = create_client(uri, client_id("alone"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    deliver_text(client, topic, "text", 2, 0);
    expect_text(client, topic, "text", 2);
    CHECK_INT(MQTTClient_disconnect(client, 1000), MQTTCLIENT_SUCCESS);

    /* With callbacks there is nobody to call them. */
    struct inbox inbox;
    inbox_init(&inbox);
    use_inbox(client, &inbox);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    MQTTClient_destroy(&client);
    return 0;
}
