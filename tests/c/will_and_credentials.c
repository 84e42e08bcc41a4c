/* User name and password reach the server, as text or as bytes; a refusal comes back as its CONNACK code. */
#include "support.h"

static int login(int version, const char *username, const char *password, const char *bytes, int length)
{
    MQTTClient client = create_client(auth_broker, client_id("client"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = unique("will");
    will.message = "with a will as well";
    options.will = &will;
    options.MQTTVersion = version;
    options.username = username;
    options.password = password;
    options.binarypwd.data = bytes;
    options.binarypwd.len = length;
    int rc = MQTTClient_connect(client, &options);
    CHECK_INT(MQTTClient_isConnected(client), rc == MQTTCLIENT_SUCCESS);
    if (rc == MQTTCLIENT_SUCCESS)
        deliver_text(client, unique("topic"), "let in", 1, 0);
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    return rc;
}

static int login5(const char *username, const char *password)
{
    MQTTClient client = create_client5(auth_broker, client_id("client5"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    options.username = username;
    options.password = password;
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    int reason = (int)response.reasonCode;
    CHECK_INT(response.reasonCodeCount, 0);
    CHECK_INT(response.properties != NULL, reason == MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL);
    MQTTClient_destroy(&client);
    return reason;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (auth_broker == NULL) {
        fprintf(stderr, "needs argument 3, a listener with user \"user\" and password \"secret\"\n");
        return SKIPPED;
    }
    static const int versions[] = {MQTTVERSION_DEFAULT, MQTTVERSION_3_1, MQTTVERSION_3_1_1};
    for (int i = 0; i < 3; ++i) {
        CHECK_INT(login(versions[i], "user", "secret", NULL, 0), MQTTCLIENT_SUCCESS);
        CHECK_INT(login(versions[i], "user", NULL, "secret", 6), MQTTCLIENT_SUCCESS);
        CHECK_INT(login(versions[i], "user", "secret", "wrong", 5), MQTTCLIENT_SUCCESS); /* the text wins */
        CHECK_INT(login(versions[i], "user", "wrong", NULL, 0), 5);
        CHECK_INT(login(versions[i], "user", NULL, "secret!", 7), 5);
        CHECK_INT(login(versions[i], NULL, NULL, NULL, 0), 5);
    }
    CHECK_INT(login5("user", "secret"), MQTTREASONCODE_SUCCESS);
    CHECK_INT(login5("user", "wrong"), MQTTREASONCODE_NOT_AUTHORIZED);
    return 0;
}
