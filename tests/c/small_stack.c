/* Calls from threads with little stack, as small machines have them. */
#include <limits.h>
#include <unistd.h>

#include "support.h"

/* OpenSSL takes more of it than the rest. */
#define STACK (16 * 1024)
#define STACK_FOR_TLS (32 * 1024)
#define LARGE 300000

static char *topic;
static struct inbox inbox;

static void *all_calls(void *with_callbacks)
{
    MQTTClient client = create_client(broker, client_id("small"));
    if (with_callbacks != NULL)
        use_inbox(client, &inbox);
    connect_client(client, 1);
    CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
    for (int qos = 0; qos <= 2; ++qos) {
        deliver_text(client, topic, "text", qos, 0);
        if (with_callbacks == NULL)
            expect_text(client, topic, "text", qos);
    }
    if (with_callbacks != NULL)
        CHECK_ARRIVES(&inbox, arrived, 3);
    CHECK_INT(MQTTClient_unsubscribe(client, topic), MQTTCLIENT_SUCCESS);
    char *payload = calloc(1, LARGE);
    CHECK(payload != NULL);
    MQTTClient_deliveryToken token = 0;
    CHECK_INT(MQTTClient_publish(client, topic, LARGE, payload, 1, 0, &token), MQTTCLIENT_SUCCESS);
    free(payload);
    CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_yield();
    disconnect_and_destroy(&client);
    return NULL;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
#ifdef SANITIZED
    printf("skipped: the sanitizers need more stack than there is to be\n");
    return 0;
#endif
    inbox_init(&inbox);
    topic = unique("small");
    size_t size = trust.trustStore == NULL ? STACK : STACK_FOR_TLS;
    if (size < (size_t)sysconf(_SC_THREAD_STACK_MIN))
        size = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    pthread_attr_t attributes;
    CHECK_INT(pthread_attr_init(&attributes), 0);
    CHECK_INT(pthread_attr_setstacksize(&attributes, size), 0);
    for (int with_callbacks = 0; with_callbacks <= 1; ++with_callbacks) {
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, &attributes, all_calls, with_callbacks ? &inbox : NULL), 0);
        CHECK_INT(pthread_join(thread, NULL), 0);
    }
    return 0;
}
