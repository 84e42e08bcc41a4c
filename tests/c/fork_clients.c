/* A process that forks: daemons without callbacks go on, children leave the parent's clients with callbacks alone. */
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static struct inbox inbox;
static char *topic;

/* The child's part; it must come back. */
static void in_child(void (*part)(void *), void *argument)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        part(argument);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

static void use_handle(void *argument)
{
    deliver_text(argument, topic, "from the child", 1, 0);
    expect_text(argument, topic, "from the child", 1);
}

/* What daemon() does between connect and use. */
static void child_goes_on_without_callbacks(void)
{
    MQTTClient client = create_client(broker, client_id("daemon"));
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    in_child(use_handle, client);
    disconnect_and_destroy(&client);
}

static void destroy_handle(void *argument)
{
    MQTTClient inherited = argument;
    long long start = now_ms();
    MQTTClient_destroy(&inherited);
    CHECK(now_ms() - start < 1000);
}

static void destroy_and_start_anew(void *argument)
{
    destroy_handle(argument);
    struct inbox own;
    inbox_init(&own);
    MQTTClient client = create_client(broker, client_id("child"));
    use_inbox(client, &own);
    connect_client(client, 1);
    char *answer = unique("child-topic");
    CHECK_INT(MQTTClient_subscribe(client, answer, 1), MQTTCLIENT_SUCCESS);
    publish_text(client, answer, "new", 1, 0);
    CHECK_ARRIVES(&own, arrived, 1);
    CHECK_ARRIVES(&own, completed, 1);
    disconnect_and_destroy(&client);
}

static void parent_is_unharmed(int callbacks)
{
    inbox_init(&inbox);
    MQTTClient client = create_client(broker, client_id(callbacks ? "parent" : "parent-receiving"));
    if (callbacks)
        use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    in_child(callbacks ? destroy_and_start_anew : destroy_handle, client);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    deliver_text(client, topic, "still here", 1, 0);
    if (callbacks)
        CHECK_ARRIVES(&inbox, arrived, 1);
    else
        expect_text(client, topic, "still here", 1);
    disconnect_and_destroy(&client);
    CHECK_INT(inbox.lost, 0);
}

static int stop;

static void *publish_on(void *client)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        MQTTClient_publish(client, topic, 4, "load", 1, 0, NULL);
    return NULL;
}

static int discard(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_freeMessage(&message);
    MQTTClient_free(name);
    return 1;
}

/* Forks at any moment: nothing in the child may be locked by a thread that it does not have. */
static void forks_in_the_middle_of_everything(int callbacks)
{
    enum { THREADS = 4 };
    MQTTClient client = create_client(broker, client_id(callbacks ? "busy" : "busy-without"));
    if (callbacks) {
        CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, discard, NULL), MQTTCLIENT_SUCCESS);
        connect_client(client, 1);
        CHECK_INT(MQTTClient_subscribe(client, topic, 1), MQTTCLIENT_SUCCESS);
    } else {
        connect_client(client, 1);
    }
    pthread_t threads[THREADS];
    __atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; ++i)
        CHECK_INT(pthread_create(&threads[i], NULL, publish_on, client), 0);
    for (int i = 0; i < 60; ++i)
        in_child(i % 4 ? destroy_handle : destroy_and_start_anew, client);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    CHECK_INT(MQTTClient_isConnected(client), 1);
    disconnect_and_destroy(&client);
}

static MQTTClient_deliveryToken unanswered;
static sem_t waiting;

static void *wait_on(void *client)
{
    sem_post(&waiting);
    CHECK_INT(MQTTClient_waitForCompletion(client, unanswered, 10 * PATIENCE), MQTTCLIENT_SUCCESS);
    return NULL;
}

/* The child's threads get the stacks of threads that wait in the parent: nothing there may be thought to wait still. */
static void children_beside_threads_that_wait(void)
{
    enum { THREADS = 12 };
    struct peer peer;
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; expect PUBLISH; await; send 40 02 00 01;"
                      "expect DISCONNECT; expect-eof");
    inbox_init(&inbox);
    MQTTClient client = create_client(peer.uri, "waiting");
    use_inbox(client, &inbox);
    connect_client(client, 1);
    unanswered = publish_text(client, "t", "x", 1, 0);
    pthread_t threads[THREADS];
    CHECK_INT(sem_init(&waiting, 0, 0), 0);
    for (int i = 0; i < THREADS; ++i)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_on, client), 0);
    for (int i = 0; i < THREADS; ++i)
        while (sem_wait(&waiting) != 0)
            ;
    for (int i = 0; i < 60; ++i)
        in_child(destroy_and_start_anew, client);
    peer_signal(&peer);
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    disconnect_and_destroy(&client);
    peer_finish(&peer);
}

static void lose_connection(void *argument)
{
    char *name = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    CHECK(MQTTClient_receive(argument, &name, &length, &message, PATIENCE) < 0);
    CHECK_INT(MQTTClient_isConnected(argument), 0);
}

/* The child closes its copy; it does not end the connection itself. */
static void a_connection_that_a_child_gives_up_is_still_the_parents(void)
{
    struct peer peer;
    peer_start(&peer, "accept; expect CONNECT; send 20 02 00 00; await; send 00 00;" /* no packet: for whoever reads it */
                      "expect PUBLISH; send 40 02 00 01; expect DISCONNECT; expect-eof");
    MQTTClient client = create_client(peer.uri, "shared");
    connect_client(client, 1);
    peer_signal(&peer);
    in_child(lose_connection, client);
    deliver_text(client, "t", "x", 1, 0);
    disconnect_and_destroy(&client);
    peer_finish(&peer);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    topic = unique("topic");
    child_goes_on_without_callbacks();
    parent_is_unharmed(0);
    parent_is_unharmed(1);
    forks_in_the_middle_of_everything(1);
    forks_in_the_middle_of_everything(0);
    children_beside_threads_that_wait();
    a_connection_that_a_child_gives_up_is_still_the_parents();
    return 0;
}
