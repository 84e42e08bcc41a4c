/* What connect answers, in which order it looks at its options, and what it returns in them. */
#include "relay.h"
#include "support.h"

static MQTTClient client;

static MQTTClient_connectOptions options_for(int version)
{
    MQTTClient_connectOptions v3 = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions v5 = MQTTClient_connectOptions_initializer5;
    MQTTClient_connectOptions options = version == MQTTVERSION_5 ? v5 : v3;
    options.MQTTVersion = version;
    options.connectTimeout = 5;
    return options;
}

/* They may be any memory: the program was compiled when they did not exist. */
static void members_of_later_versions_are_not_read(void)
{
    char *nowhere = (char *)1;
    MQTTClient_connectOptions options = options_for(MQTTVERSION_3_1_1);
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.struct_version = 0;
    will.topicName = client_id("will");
    will.message = "will";
    will.payload.len = 100;
    will.payload.data = nowhere;
    options.will = &will;
    options.httpProxy = options.httpsProxy = nowhere;
    options.struct_version = 7;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    options.httpHeaders = (const MQTTClient_nameValue *)nowhere;
    options.struct_version = 6;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    options.username = "user";
    options.binarypwd.len = 100;
    options.binarypwd.data = nowhere;
    options.struct_version = 4;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
}

static void options_are_checked_in_order(void)
{
    MQTTClient_connectOptions options = options_for(MQTTVERSION_3_1_1);
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;

    CHECK_INT(MQTTClient_connect(client, NULL), MQTTCLIENT_NULL_PARAMETER);
    CHECK_INT(MQTTClient_connect(NULL, &options), MQTTCLIENT_NULL_PARAMETER);

    /* everything is wrong; mending the first complaint brings up the next */
    memcpy(options.struct_id, "XXXX", 4);
    options.struct_version = 99;
    memcpy(will.struct_id, "XXXX", 4);
    will.struct_version = 99;
    will.qos = 3;
    will.topicName = NULL;
    options.will = &will;
    options.username = "\xff";
    options.MQTTVersion = 99;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_STRUCTURE);
    memcpy(options.struct_id, "MQTC", 4);
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_STRUCTURE);
    options.struct_version = 6;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_STRUCTURE);
    memcpy(will.struct_id, "MQTW", 4);
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_STRUCTURE);
    will.struct_version = 1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_QOS);
    will.qos = -1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_QOS);
    will.qos = 0;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_NULL_PARAMETER);
    will.topicName = "";
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_0_LEN_WILL_TOPIC);
    options.will = NULL;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_UTF8_STRING);
    options.username = "user";
    options.password = "\xff";
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_UTF8_STRING);
    options.password = NULL;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_MQTT_VERSION);
    options.MQTTVersion = MQTTVERSION_5;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_MQTT_OPTION);
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.cleanstart = 1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_BAD_MQTT_OPTION);
    CHECK_INT(MQTTClient_isConnected(client), 0);
}

static void versions_of_call_and_client_must_agree(void)
{
    MQTTClient_connectOptions v3 = options_for(MQTTVERSION_3_1_1), v5 = options_for(MQTTVERSION_5);
    MQTTClient other = create_client5(broker, client_id("v5"));

    CHECK_INT(MQTTClient_connect(other, &v3), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_connect(other, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    MQTTResponse response = MQTTClient_connect5(client, &v5, NULL, NULL);
    CHECK_INT((int)response.reasonCode, MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(response.reasonCodeCount, 0);
    CHECK(response.properties == NULL && response.reasonCodes == NULL);

    connect_client5(other);
    CHECK_INT(MQTTClient_publish(other, "t", 0, "", 0, 0, NULL), MQTTCLIENT_WRONG_MQTT_VERSION);
    CHECK_INT(MQTTClient_subscribe(other, "t", 0), MQTTCLIENT_WRONG_MQTT_VERSION);
    disconnect_and_destroy(&other);
}

static void success_fills_in_what_was_agreed(void)
{
    static const int versions[] = {MQTTVERSION_DEFAULT, MQTTVERSION_3_1, MQTTVERSION_3_1_1};
    for (int i = 0; i < 3; ++i) {
        MQTTClient_connectOptions options = options_for(versions[i]);
        CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
        CHECK_STR(options.returned.serverURI, strstr(broker, "://") + 3);
        CHECK_INT(options.returned.MQTTVersion, versions[i] == MQTTVERSION_DEFAULT ? MQTTVERSION_3_1_1 : versions[i]);
        CHECK_INT(options.returned.sessionPresent, 0);
        CHECK_INT(MQTTClient_isConnected(client), 1);
        CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
        CHECK_INT(MQTTClient_isConnected(client), 0);
        CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
    }
}

static void the_list_of_servers_is_tried_in_order(void)
{
    MQTTClient_connectOptions options = options_for(MQTTVERSION_3_1_1);
    char *servers[] = {"tcp://127.0.0.1:1", (char *)broker};
    options.serverURIcount = 2;
    options.serverURIs = servers;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_STR(options.returned.serverURI, strstr(broker, "://") + 3);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);

    options.serverURIcount = 1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
    options.serverURIs = servers + 1;
    options.serverURIcount = -1;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_FAILURE);
}

static void unreachable_servers_are_a_failure(void)
{
    struct relay relay;
    relay_start(&relay, broker);
    MQTTClient_connectOptions options = options_for(MQTTVERSION_3_1_1);
    MQTTClient behind = create_client(relay.uri, client_id("behind"));

    relay_refuse(&relay); /* accepted and closed at once */
    CHECK_INT(MQTTClient_connect(behind, &options), MQTTCLIENT_FAILURE);

    relay_accept_again(&relay);
    relay_hold(&relay); /* a server that never answers */
    options.connectTimeout = 1;
    long long start = now_ms();
    CHECK_INT(MQTTClient_connect(behind, &options), MQTTCLIENT_FAILURE);
    CHECK(now_ms() - start >= 950 && now_ms() - start < 3000);
    relay_go_on(&relay);

    options.connectTimeout = 0;
    start = now_ms();
    CHECK_INT(MQTTClient_connect(behind, &options), MQTTCLIENT_FAILURE);
    CHECK(now_ms() - start < 900);
    CHECK_INT(MQTTClient_isConnected(behind), 0);

    options.connectTimeout = 5;
    CHECK_INT(MQTTClient_connect(behind, &options), MQTTCLIENT_SUCCESS);
    disconnect_and_destroy(&behind);
    relay_stop(&relay);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    /* no client at all: this comes before every other complaint */
    CHECK_INT(MQTTClient_connect(NULL, NULL), MQTTCLIENT_FAILURE);

    client = create_client(broker, client_id("client"));
    options_are_checked_in_order();
    members_of_later_versions_are_not_read();
    versions_of_call_and_client_must_agree();
    success_fills_in_what_was_agreed();
    the_list_of_servers_is_tried_in_order();
    unreachable_servers_are_a_failure();

#ifdef FIXED
    /* an array that is not there; an options structure too old to have a version */
    MQTTClient_connectOptions options = options_for(MQTTVERSION_3_1_1);
    options.serverURIcount = 1;
    options.serverURIs = NULL;
    CHECK(MQTTClient_connect(client, &options) < 0);
    options = options_for(99);
    options.struct_version = 2;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(client, 0), MQTTCLIENT_SUCCESS);
#endif
    MQTTClient_destroy(&client);
    return 0;
}
