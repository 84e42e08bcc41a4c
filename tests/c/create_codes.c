/* What create answers, in which order it looks at its arguments, and which server URIs it accepts. */
#include "support.h"

static int create(const char *uri, const char *id, int persistence, void *context, MQTTClient_createOptions *options)
{
    MQTTClient const untouched = (MQTTClient)&broker;
    MQTTClient client = untouched;
    int rc = MQTTClient_createWithOptions(&client, uri, id, persistence, context, options);
    if (rc == MQTTCLIENT_SUCCESS || rc == MQTTCLIENT_PERSISTENCE_ERROR) {
        /* a persistence failure leaves a handle to destroy, unless it was noticed before */
        CHECK(rc == MQTTCLIENT_PERSISTENCE_ERROR || (client != NULL && client != untouched));
        if (client != untouched)
            MQTTClient_destroy(&client);
    } else {
        CHECK(client == untouched);
    }
    return rc;
}

static void arguments_are_checked_in_order(void)
{
    const int none = MQTTCLIENT_PERSISTENCE_NONE, file = MQTTCLIENT_PERSISTENCE_DEFAULT;
    MQTTClient_createOptions good = MQTTClient_createOptions_initializer, bad = MQTTClient_createOptions_initializer,
                             new = MQTTClient_createOptions_initializer;
    memcpy(bad.struct_id, "XXXX", 4);
    new.struct_version = 1;

    CHECK_INT(create(NULL, "id", none, NULL, NULL), MQTTCLIENT_NULL_PARAMETER);
    CHECK_INT(create("tcp://h", NULL, none, NULL, NULL), MQTTCLIENT_NULL_PARAMETER);
    CHECK_INT(create(NULL, "\xff", none, NULL, &bad), MQTTCLIENT_NULL_PARAMETER);
    CHECK_INT(create("odd://h", "\xff", none, NULL, &bad), MQTTCLIENT_BAD_UTF8_STRING);
    CHECK_INT(create("odd://h", "", file, NULL, &bad), MQTTCLIENT_PERSISTENCE_ERROR);
    CHECK_INT(create("odd://h", "id", none, NULL, &bad), MQTTCLIENT_BAD_PROTOCOL);
    CHECK_INT(create("tcp://h", "id", none, NULL, &bad), MQTTCLIENT_BAD_STRUCTURE);
    CHECK_INT(create("tcp://h", "id", none, NULL, &new), MQTTCLIENT_BAD_STRUCTURE);
    CHECK_INT(create("tcp://h", "id", none, NULL, &good), MQTTCLIENT_SUCCESS);

    for (int version = -6; version <= 6; ++version) { /* not looked at here */
        good.MQTTVersion = version;
        CHECK_INT(create("tcp://h", "id", none, NULL, &good), MQTTCLIENT_SUCCESS);
    }
}

static void client_ids_are_utf8(void)
{
    static const char *const good[] = {"", "a", "\x01", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd"};
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf0\x82\x82\xac", "ok\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i)
        CHECK_INT(create("tcp://h", good[i], MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL), MQTTCLIENT_SUCCESS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        CHECK_INT(create("tcp://h", bad[i], MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL), MQTTCLIENT_BAD_UTF8_STRING);
}

static void schemes_decide(void)
{
    static const char *const good[] = {"tcp://h:1883", "mqtt://h", "h:1883", "h", "", "tcp:/h", "[::1]:1883",
                                       "ws://h", "ws://[::1]:80/path?query",
#ifdef FIXED
                                       "unix:///h", /* a choice at the original's build */
#endif
    };
    static const char *const bad[] = {"odd://h", "TCP://h", " tcp://h", "://h", "localhost://h", "http://h"};
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i)
        CHECK_INT(create(good[i], "id", MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL), MQTTCLIENT_SUCCESS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        CHECK_INT(create(bad[i], "id", MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL), MQTTCLIENT_BAD_PROTOCOL);

    int tls = 0; /* the TLS library lists OpenSSL among its facts */
    for (MQTTClient_nameValue *fact = MQTTClient_getVersionInfo(); fact->name != NULL; ++fact)
        tls |= strstr(fact->name, "OpenSSL") != NULL;
    static const char *const secure[] = {"ssl://h", "mqtts://h", "wss://h"};
    for (size_t i = 0; i < sizeof secure / sizeof *secure; ++i)
        CHECK_INT(create(secure[i], "id", MQTTCLIENT_PERSISTENCE_NONE, NULL, NULL),
                  tls ? MQTTCLIENT_SUCCESS : MQTTCLIENT_BAD_PROTOCOL);
}

static void persistence_failures_leave_a_handle(void)
{
    CHECK_INT(create("tcp://h", "id", 99, NULL, NULL), MQTTCLIENT_PERSISTENCE_ERROR);
    CHECK_INT(create("tcp://h", "id", MQTTCLIENT_PERSISTENCE_USER, NULL, NULL), MQTTCLIENT_PERSISTENCE_ERROR);

    MQTTClient client = NULL;
    CHECK_INT(MQTTClient_create(&client, "tcp://h", "id", 99, NULL), MQTTCLIENT_PERSISTENCE_ERROR);
    CHECK(client != NULL);
    MQTTClient_destroy(&client);
    CHECK(client == NULL);
    MQTTClient_destroy(&client);
}

static void codes_have_texts(void)
{
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_SUCCESS), "Success");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_FAILURE), "Failure");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_DISCONNECTED), "Disconnected");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_MAX_MESSAGES_INFLIGHT), "Maximum in-flight messages amount reached");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_UTF8_STRING), "Invalid UTF8 string");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_NULL_PARAMETER), "Invalid (NULL) parameter");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_TOPICNAME_TRUNCATED), "Topic containing NULL characters has been truncated");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_STRUCTURE), "Bad structure");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_QOS), "Invalid QoS value");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_SSL_NOT_SUPPORTED), "SSL is not supported");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_MQTT_VERSION), "Unrecognized MQTT version");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_PROTOCOL), "Invalid protocol scheme");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_BAD_MQTT_OPTION), "Options for wrong MQTT version");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_WRONG_MQTT_VERSION), "Client created for another version of MQTT");
    CHECK_STR(MQTTClient_strerror(MQTTCLIENT_0_LEN_WILL_TOPIC), "Zero length will topic on connect");
    CHECK_STR(MQTTClient_strerror(77), "Unknown error code 77");
    CHECK_STR(MQTTClient_strerror(-12), "Unknown error code -12");
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    arguments_are_checked_in_order();
    client_ids_are_utf8();
    schemes_decide();
    persistence_failures_leave_a_handle();
    codes_have_texts();
    return 0;
}
