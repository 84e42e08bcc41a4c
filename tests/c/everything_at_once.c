/* Threads that make all calls on one handle while another thread destroys it. */
#include <semaphore.h>
#include <unistd.h>

#include "support.h"

static MQTTClient client; /* every thread has the same handle, also when it stands for nothing any more */
static char *topic;
static int stop;

static int take(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    MQTTClient_publish(client, name, 1, "y", 0, 0, NULL);
    MQTTClient_isConnected(client);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(name);
    return 1;
}

static void complete(void *context, MQTTClient_deliveryToken token)
{
    (void)context;
    if (token % 8 == 0) /* a disconnect waits until all that was acknowledged has been told */
        MQTTClient_yield();
}

static void lost(void *context, char *cause)
{
    (void)context, (void)cause;
    MQTTClient_subscribe(client, topic, 1);
}

static void call(MQTTClient handle, int which)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_deliveryToken token = 0, *tokens = NULL;
    MQTTClient_message *message = NULL;
    char *name = NULL;
    int length = 0;
    switch (which) {
    case 0: MQTTClient_publish(handle, topic, 1, "x", 0, 0, NULL); break;
    case 1:
        if (MQTTClient_publish(handle, topic, 1, "x", 1, 0, &token) == 0)
            MQTTClient_waitForCompletion(handle, token, 20);
        break;
    case 2: MQTTClient_subscribe(handle, topic, 2); break;
    case 3: MQTTClient_unsubscribe(handle, topic); break;
    case 4:
        MQTTClient_receive(handle, &name, &length, &message, 5);
        if (message != NULL) {
            MQTTClient_free(name);
            MQTTClient_freeMessage(&message);
        }
        break;
    case 5: MQTTClient_yield(); break;
    case 6: MQTTClient_connect(handle, &options); break;
    /* The pauses leave the others a connection, and the lock. */
    case 7: MQTTClient_disconnect(handle, 10); usleep(5000); break;
    case 8: MQTTClient_setCallbacks(handle, NULL, lost, take, complete); usleep(1000); break;
    case 9:
        MQTTClient_isConnected(handle);
        MQTTClient_getPendingDeliveryTokens(handle, &tokens);
        MQTTClient_free(tokens);
        break;
    }
}

#define CALLS 10

static long made[CALLS];   /* calls that have returned */
static long wanted[CALLS]; /* with this one there are enough; 0: nobody waits */
static sem_t enough;

/* Whether the thread has made the calls that are waited for; true once. */
static int is_enough(size_t thread)
{
    long goal = __atomic_load_n(&wanted[thread], __ATOMIC_SEQ_CST);
    return goal != 0 && __atomic_load_n(&made[thread], __ATOMIC_SEQ_CST) >= goal &&
           __atomic_compare_exchange_n(&wanted[thread], &goal, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void *keep_calling(void *argument)
{
    MQTTClient handle = client;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        call(handle, (int)(size_t)argument);
        __atomic_add_fetch(&made[(size_t)argument], 1, __ATOMIC_SEQ_CST);
        if (is_enough((size_t)argument))
            sem_post(&enough);
    }
    return NULL;
}

static int takes_part(size_t thread, int callbacks) { return callbacks || thread != 8; }

/* Until each thread has made so many calls from now on. */
static void wait_for_calls(int callbacks, int count)
{
    for (size_t i = 0; i < CALLS; ++i) {
        if (!takes_part(i, callbacks))
            continue;
        __atomic_store_n(&wanted[i], __atomic_load_n(&made[i], __ATOMIC_SEQ_CST) + count, __ATOMIC_SEQ_CST);
        if (!is_enough(i))
            while (sem_wait(&enough) != 0)
                ;
    }
}

static void one_round(int callbacks)
{
    pthread_t threads[CALLS];
    __atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
    client = create_client(broker, client_id("all"));
    if (callbacks)
        CHECK_INT(MQTTClient_setCallbacks(client, NULL, lost, take, complete), MQTTCLIENT_SUCCESS);
    connect_client(client, 1);
    for (size_t i = 0; i < CALLS; ++i)
        if (takes_part(i, callbacks))
            CHECK_INT(pthread_create(&threads[i], NULL, keep_calling, (void *)i), 0);
    wait_for_calls(callbacks, 3);
    MQTTClient handle = client;
    long long start = now_ms();
    MQTTClient_destroy(&handle);
    CHECK(now_ms() - start < 2000);
    wait_for_calls(callbacks, 2); /* one of them began without a client */
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < CALLS; ++i)
        if (takes_part(i, callbacks))
            pthread_join(threads[i], NULL);
    CHECK(now_ms() - start < 5000);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    topic = unique("topic");
    CHECK_INT(sem_init(&enough, 0, 0), 0);
    for (int round = 0; round < 6; ++round)
        one_round(round % 2);
    return 0;
}
