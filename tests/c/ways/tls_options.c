/* The TLS options one by one: which version of the structure has them, what they bring about, and what their callbacks
   may do. Arguments: URIs of a TLS listener, of one for pre-shared keys and of one without TLS, and the file with the
   authority's certificate. */
#include "../support.h"

static const char *tls_uri, *psk_uri, *plain_uri, *authority;

static int connect_with(const char *uri, MQTTClient_SSLOptions *tls)
{
    MQTTClient client = create_client(uri, client_id("tls"));
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.connectTimeout = 5;
    options.ssl = tls;
    int rc = MQTTClient_connect(client, &options);
    if (rc == MQTTCLIENT_SUCCESS)
        deliver_text(client, unique("tls"), "secured", 1, 0);
    MQTTClient_disconnect(client, PATIENCE);
    MQTTClient_destroy(&client);
    return rc;
}

static void the_structure_is_checked(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = authority;
    CHECK_INT(connect_with(tls_uri, NULL), MQTTCLIENT_NULL_PARAMETER);
    for (int version = 0; version <= 5; ++version) {
        tls.struct_version = version;
        CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
    }
    tls.struct_version = 6;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_BAD_STRUCTURE);
    tls.struct_version = 0;
    memcpy(tls.struct_id, "XXXX", 4);
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_BAD_STRUCTURE);
}

static MQTTClient asking; /* the client whose connect the callbacks run in */
static int reports, keep_reporting;

static int report(const char *text, size_t length, void *context)
{
    ++reports;
    CHECK(context == &reports);
    CHECK_INT(text[length], '\0');
    CHECK_INT(text[length - 1], '\n');
    CHECK(strstr(text, ":error:") != NULL);
    if (asking != NULL) {
        MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
        CHECK_INT(MQTTClient_connect(asking, &options), MQTTCLIENT_FAILURE);
        CHECK_INT(MQTTClient_disconnect(asking, 0), MQTTCLIENT_FAILURE);
        CHECK_INT(MQTTClient_publish(asking, "x", 0, NULL, 0, 0, NULL), MQTTCLIENT_FAILURE);
        CHECK_INT(MQTTClient_isConnected(asking), 0);
    }
    return keep_reporting;
}

static void errors_are_reported_from_version_3_on(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = "/nonexistent/ca.pem";
    tls.ssl_error_cb = report;
    tls.ssl_error_context = &reports;
    keep_reporting = 1;
    reports = 0;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    CHECK(reports >= 2);
    keep_reporting = 0;
    reports = 0;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    CHECK_INT(reports, 1);
    tls.struct_version = 2;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    CHECK_INT(reports, 1);

    tls.struct_version = 5;
    tls.trustStore = NULL;
    tls.disableDefaultTrustStore = 1;
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.ssl = &tls;
    asking = create_client(tls_uri, client_id("asking"));
    reports = 0;
    CHECK_INT(MQTTClient_connect(asking, &options), MQTTCLIENT_FAILURE);
    CHECK_INT(reports, 1);
    MQTTClient_destroy(&asking);
}

static void the_authorities_of_the_system_count_unless_the_program_says_otherwise(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    setenv("SSL_CERT_FILE", authority, 1); /* where OpenSSL looks for them */
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
    tls.disableDefaultTrustStore = 1;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    tls.struct_version = 3;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
    unsetenv("SSL_CERT_FILE");
}

static void unchecked_means_unchecked(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    tls.enableServerCertAuth = 0;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
    tls.verify = 1; /* and it is for this host */
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
}

static void protocols_are_read_from_version_5_on(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = authority;
    unsigned char protocols[] = "\x04mqtt";
    tls.protos = protocols;
    tls.protos_len = 5;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
    protocols[0] = 9;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_FAILURE);
    tls.struct_version = 4;
    CHECK_INT(connect_with(tls_uri, &tls), MQTTCLIENT_SUCCESS);
}

static const unsigned char key[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
static int key_length, lookups;

static unsigned int look_up(const char *hint, char *identity, unsigned int max_identity, unsigned char *psk,
                            unsigned int max_psk, void *context)
{
    ++lookups;
    CHECK(context == &lookups);
    CHECK(hint == NULL || strlen(hint) < 100);
    CHECK(max_identity >= 128 && max_psk >= sizeof key);
    snprintf(identity, max_identity, "somebody");
    memcpy(psk, key, sizeof key);
    if (asking != NULL)
        CHECK_INT(MQTTClient_publish(asking, "x", 0, NULL, 0, 0, NULL), MQTTCLIENT_FAILURE);
    return (unsigned int)key_length;
}

static void a_pre_shared_key_secures_from_version_4_on(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.disableDefaultTrustStore = 1;
    tls.enabledCipherSuites = "PSK";
    tls.ssl_psk_cb = look_up;
    tls.ssl_psk_context = &lookups;
    key_length = (int)sizeof key;
    CHECK_INT(connect_with(psk_uri, &tls), MQTTCLIENT_SUCCESS);
    CHECK(lookups > 0);
    tls.verify = 1; /* there is no certificate to compare */
    CHECK_INT(connect_with(psk_uri, &tls), MQTTCLIENT_FAILURE);
    tls.verify = 0;
    static const int wrong[] = {0, 5, 100000};
    for (int i = 0; i < 3; ++i) {
        key_length = wrong[i];
        CHECK_INT(connect_with(psk_uri, &tls), MQTTCLIENT_FAILURE);
    }
    key_length = (int)sizeof key;
    tls.struct_version = 3;
    CHECK_INT(connect_with(psk_uri, &tls), MQTTCLIENT_FAILURE);
}

static void each_listed_uri_goes_its_own_way(void)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = authority;
    tls.verify = 1;
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    char *uris[] = {(char *)"odd://nowhere", (char *)tls_uri, (char *)plain_uri};
    MQTTClient client = create_client(plain_uri, client_id("listed"));

    options.serverURIs = uris;
    options.serverURIcount = 3;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK(strstr(plain_uri, options.returned.serverURI) != NULL); /* there are no TLS options for the one before */
    MQTTClient_disconnect(client, 0);

    options.ssl = &tls;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);
    CHECK(strstr(tls_uri, options.returned.serverURI) != NULL);
    MQTTClient_disconnect(client, 0);
    MQTTClient_destroy(&client);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s TLS_URI PSK_URI PLAIN_URI CA_FILE\n", argv[0]);
        return 2;
    }
    tls_uri = argv[1];
    psk_uri = argv[2];
    plain_uri = argv[3];
    authority = argv[4];
    prefix = "tls-options";
    the_structure_is_checked();
    errors_are_reported_from_version_3_on();
    the_authorities_of_the_system_count_unless_the_program_says_otherwise();
    unchecked_means_unchecked();
    protocols_are_read_from_version_5_on();
    a_pre_shared_key_secures_from_version_4_on();
    each_listed_uri_goes_its_own_way();
    return 0;
}
