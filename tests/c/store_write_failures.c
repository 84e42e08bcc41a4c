/* Records that cannot be written: the call that needs them says so, and nothing is half accepted or acknowledged. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

static char base[] = "/tmp/store_write_failures.XXXXXX";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char traced[65536];

static void collect(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    (void)level;
    pthread_mutex_lock(&lock);
    size_t used = strlen(traced);
    snprintf(traced + used, sizeof traced - used, "%s\n", text);
    pthread_mutex_unlock(&lock);
}

static void expect_traced(const char *text)
{
    pthread_mutex_lock(&lock);
    if (strstr(traced, text) == NULL)
        CHECK_FAIL("the trace does not say \"%s\":\n%s", text, traced);
    traced[0] = '\0';
    pthread_mutex_unlock(&lock);
}

/* No file can grow: the same to a writer as a full disk. */
static void disk_is_full(int full)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? 0 : limit.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static MQTTClient create_stored(const char *id, int version)
{
    MQTTClient client = NULL;
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = version;
    CHECK_INT(MQTTClient_createWithOptions(&client, broker, id, MQTTCLIENT_PERSISTENCE_DEFAULT, base, &options),
              MQTTCLIENT_SUCCESS);
    return client;
}

static void connect_kept(MQTTClient client, int version)
{
    if (version != MQTTVERSION_5) {
        connect_client(client, 0);
        return;
    }
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.cleanstart = 0;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = 600};
    MQTTProperties properties = MQTTProperties_initializer;
    CHECK_INT(MQTTProperties_add(&properties, &expiry), 0);
    MQTTResponse response = MQTTClient_connect5(client, &options, &properties, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
}

static void subscribe_two(MQTTClient client, int version, char *topic)
{
    if (version != MQTTVERSION_5) {
        CHECK_INT(MQTTClient_subscribe(client, topic, 2), MQTTCLIENT_SUCCESS);
        return;
    }
    MQTTResponse response = MQTTClient_subscribe5(client, topic, 2, NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_GRANTED_QOS_2);
    MQTTResponse_free(response);
}

static int publish_rc(MQTTClient client, int version, const char *topic, const char *text, int qos)
{
    MQTTClient_deliveryToken token = 0;
    if (version != MQTTVERSION_5)
        return MQTTClient_publish(client, topic, (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(client, topic, (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

static void expect_none_pending(MQTTClient client)
{
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(client, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens == NULL || tokens[0] == -1);
    MQTTClient_free(tokens);
}

static void a_message_that_cannot_be_stored_is_not_accepted(int version)
{
    char *topic = unique(version == MQTTVERSION_5 ? "out5" : "out");
    MQTTClient listener = create_client(broker, client_id("out-listener"));
    connect_client(listener, 1);
    CHECK_INT(MQTTClient_subscribe(listener, topic, 2), MQTTCLIENT_SUCCESS);
    MQTTClient client = create_stored(client_id("out-sender"), version);
    connect_kept(client, version);
    for (int qos = 1; qos <= 2; ++qos) {
        disk_is_full(1);
        int rc = publish_rc(client, version, topic, "refused", qos);
        disk_is_full(0);
        CHECK_INT(rc, MQTTCLIENT_FAILURE);
        expect_traced("File too large");
        expect_none_pending(client);
    }
    CHECK_INT(MQTTClient_isConnected(client), 1);
    disk_is_full(1);
    CHECK_INT(publish_rc(client, version, topic, "zero", 0), MQTTCLIENT_SUCCESS);
    disk_is_full(0);
    CHECK_INT(publish_rc(client, version, topic, "two", 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_waitForCompletion(client, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    expect_text(listener, topic, "zero", 0);
    expect_text(listener, topic, "two", 2);
    /* nothing of the refused ones comes back with a new connection or a new client */
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    client = create_stored(client_id("out-sender"), version);
    expect_none_pending(client);
    connect_kept(client, version);
    expect_nothing(listener);
    disconnect_and_destroy(&client);
    disconnect_and_destroy(&listener);
}

static void a_received_message_that_cannot_be_stored_comes_again(int version, int qos)
{
    char name[32], text[32];
    snprintf(name, sizeof name, "in%d-%d", version, qos);
    snprintf(text, sizeof text, "message %d", qos);
    char *topic = unique(name), *id = client_id(name);
    MQTTClient sender = create_client(broker, client_id("in-sender"));
    connect_client(sender, 1);
    MQTTClient client = create_stored(id, version);
    connect_kept(client, version);
    subscribe_two(client, version, topic);

    disk_is_full(1);
    publish_text(sender, topic, text, qos, 0);
    char *got_topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    int rc = MQTTClient_receive(client, &got_topic, &length, &message, qos == 0 ? PATIENCE : 2 * QUIET);
    disk_is_full(0);
    if (qos == 0) {
        CHECK_INT(rc, MQTTCLIENT_SUCCESS);
        CHECK(message != NULL);
        CHECK_INT(MQTTClient_isConnected(client), 1);
        MQTTClient_free(got_topic);
        MQTTClient_freeMessage(&message);
    } else {
        CHECK(message == NULL);
        CHECK(rc < 0);
        CHECK_INT(MQTTClient_isConnected(client), 0);
        expect_traced("File too large");
        connect_kept(client, version);
        expect_text(client, topic, text, qos);
    }
    expect_nothing(client);
    disconnect_and_destroy(&client);
    disconnect_and_destroy(&sender);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(mkdtemp(base) != NULL);
    MQTTClient_setTraceCallback(collect);
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_ERROR);
    static const int versions[] = {MQTTVERSION_3_1_1, MQTTVERSION_5};
    for (int i = 0; i < 2; ++i) {
        a_message_that_cannot_be_stored_is_not_accepted(versions[i]);
        for (int qos = 0; qos <= 2; ++qos)
            a_received_message_that_cannot_be_stored_comes_again(versions[i], qos);
    }
    CHECK_INT(rmdir(base), 0); /* nothing is left in it */
    return 0;
}
