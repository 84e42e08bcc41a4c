/* Threads publish while another one disconnects and connects again, over and over: what was accepted arrives, at QoS 2
 * once, and what was refused does not. */
#include "support.h"

#define PUBLISHERS 4
#define EACH 50

static MQTTClient sender, receiver;
static char *topic;
static int version, publishing;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int seen[PUBLISHERS][EACH];
static int attempts[PUBLISHERS][EACH]; /* that were refused: the next one has this number */
static struct { int number, position, attempt; } arrived[10 * PUBLISHERS * EACH];
static size_t arrivals;
static int distinct;

static int count_message(void *context, char *name, int length, MQTTClient_message *message)
{
    (void)context, (void)length;
    int number = -1, position = -1, attempt = -1;
    char text[64];
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
    CHECK_INT(sscanf(text, "%d %d %d", &number, &position, &attempt), 3);
    pthread_mutex_lock(&lock);
    CHECK(number >= 0 && number < PUBLISHERS && position >= 0 && position < EACH);
    CHECK(arrivals < sizeof arrived / sizeof *arrived);
    arrived[arrivals].number = number, arrived[arrivals].position = position, arrived[arrivals++].attempt = attempt;
    distinct += seen[number][position]++ == 0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    MQTTClient_free(name);
    MQTTClient_freeMessage(&message);
    return 1;
}

static int try_to_publish(const char *text, int qos)
{
    MQTTClient_deliveryToken token = 0;
    if (version != MQTTVERSION_5)
        return MQTTClient_publish(sender, topic, (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(sender, topic, (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

static void *publish_all(void *argument)
{
    int number = (int)(size_t)argument;
    for (int i = 0; i < EACH; ++i) {
        for (;; ++attempts[number][i]) {
            char text[64];
            snprintf(text, sizeof text, "%d %d %d", number, i, attempts[number][i]);
            int rc = try_to_publish(text, 1 + i % 2);
            if (rc == MQTTCLIENT_SUCCESS)
                break;
            CHECK(rc == MQTTCLIENT_FAILURE || rc == MQTTCLIENT_DISCONNECTED);
            sched_yield();
        }
    }
    __atomic_fetch_sub(&publishing, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void connect_sender(int first)
{
    if (version != MQTTVERSION_5) {
        MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
        options.MQTTVersion = version;
        options.cleansession = 0;
        options.maxInflightMessages = 20;
        CHECK_INT(MQTTClient_connect(sender, &options), MQTTCLIENT_SUCCESS);
        return;
    }
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = 600};
    CHECK_INT(MQTTProperties_add(&properties, &expiry), 0);
    options.cleanstart = first;
    options.maxInflightMessages = 20;
    MQTTResponse response = MQTTClient_connect5(sender, &options, &properties, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
}

static void disconnect_sender(int round)
{
    int timeout = round % 3; /* waits for some of the acknowledgements, or for none */
    CHECK_INT(version == MQTTVERSION_5 ? MQTTClient_disconnect5(sender, timeout, MQTTREASONCODE_NORMAL_DISCONNECTION, NULL)
                                       : MQTTClient_disconnect(sender, timeout),
              MQTTCLIENT_SUCCESS);
}

static void wait_until_all_came(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE / 1000;
    pthread_mutex_lock(&lock);
    while (distinct < PUBLISHERS * EACH)
        if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
            CHECK_FAIL("%d of %d messages came", distinct, PUBLISHERS * EACH);
    pthread_mutex_unlock(&lock);
}

static void publish_over_reconnects(int callbacks)
{
    static struct inbox inbox;
    char name[32];
    snprintf(name, sizeof name, "sender-%d-%d", version, callbacks);
    memset(seen, 0, sizeof seen);
    memset(attempts, 0, sizeof attempts);
    arrivals = 0;
    distinct = 0;
    sender = version == MQTTVERSION_5 ? create_client5(broker, client_id(name)) : create_client(broker, client_id(name));
    inbox_init(&inbox);
    if (callbacks)
        CHECK_INT(MQTTClient_setCallbacks(sender, &inbox, inbox_lost, inbox_message, NULL), MQTTCLIENT_SUCCESS);
    connect_sender(1);
    pthread_t threads[PUBLISHERS];
    publishing = PUBLISHERS;
    for (int i = 0; i < PUBLISHERS; ++i)
        CHECK_INT(pthread_create(&threads[i], NULL, publish_all, (void *)(size_t)i), 0);
    for (int round = 0; __atomic_load_n(&publishing, __ATOMIC_RELAXED) > 0; ++round) {
        disconnect_sender(round);
        connect_sender(0);
    }
    for (int i = 0; i < PUBLISHERS; ++i)
        pthread_join(threads[i], NULL);
    MQTTClient_deliveryToken *pending = NULL;
    long long start = now_ms();
    while (MQTTClient_getPendingDeliveryTokens(sender, &pending) == MQTTCLIENT_SUCCESS && pending != NULL) {
        CHECK(now_ms() - start < PATIENCE);
        CHECK_INT(MQTTClient_waitForCompletion(sender, pending[0], PATIENCE), MQTTCLIENT_SUCCESS);
        MQTTClient_free(pending);
    }
    wait_until_all_came();
    CHECK_INT(inbox.lost, 0);
    disconnect_and_destroy(&sender);
}

int main(int argc, char **argv)
{
    static const int versions[] = {MQTTVERSION_3_1_1, MQTTVERSION_5};
    read_arguments(argc, argv);
    for (int i = 0; i < 4; ++i) {
        version = versions[i / 2];
        topic = unique(i / 2 ? i % 2 ? "d" : "c" : i % 2 ? "b" : "a");
        receiver = create_client(broker, client_id("receiver"));
        CHECK_INT(MQTTClient_setCallbacks(receiver, NULL, NULL, count_message, NULL), MQTTCLIENT_SUCCESS);
        connect_client(receiver, 1);
        CHECK_INT(MQTTClient_subscribe(receiver, topic, 2), MQTTCLIENT_SUCCESS);
        publish_over_reconnects(i % 2);
        disconnect_and_destroy(&receiver);
        for (size_t j = 0; j < arrivals; ++j)
            CHECK_INT(arrived[j].attempt, attempts[arrived[j].number][arrived[j].position]);
        for (int number = 0; number < PUBLISHERS; ++number)
            for (int position = 1; position < EACH; position += 2)
                CHECK_INT(seen[number][position], 1);
    }
    return 0;
}
