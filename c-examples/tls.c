/* Publishes messages over TLS: the broker must show a certificate for its host name, and the client may show its own.
 *
 *   cc -o tls tls.c -lpaho-mqtt3cs
 *   ./tls --uri ssl://localhost:8883 --ca ca.pem --cert client.pem --key client.key
 */
#include "example.h"

/* Takes "NAME VALUE" out of the command line; NULL if it is not there. */
static const char *take(int *argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < *argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            const char *value = argv[i + 1];
            memmove(&argv[i], &argv[i + 2], (size_t)(*argc - i - 1) * sizeof *argv);
            *argc -= 2;
            return value;
        }
    }
    return NULL;
}

/* Why the connection could not be secured, line by line. */
static int print_error(const char *text, size_t length, void *context)
{
    (void)context;
    fwrite(text, 1, length, stderr);
    return 1; /* go on with the next line */
}

int main(int argc, char **argv)
{
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = take(&argc, argv, "--ca"); /* NULL: whom the system trusts */
    tls.keyStore = take(&argc, argv, "--cert");
    tls.privateKey = take(&argc, argv, "--key");
    tls.privateKeyPassword = getenv("KEY_PASSWORD"); /* on the command line everybody could read it */
    tls.verify = 1;                                  /* the initializer leaves the host name unchecked */
    tls.ssl_error_cb = print_error;

    struct example example = {
        .uri = "ssl://localhost:8883", .topic = "examples/tls", .count = 3, .qos = 1, .timeout = 10000};
    read_options(argc, argv, "publish over TLS; also takes --ca FILE, --cert FILE and --key FILE", &example);

    MQTTClient client;
    check(MQTTClient_create(&client, example.uri, client_id("tls"), MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.cleansession = 1;
    options.ssl = &tls;
    check(MQTTClient_connect(client, &options), "connect");

    for (int i = 1; i <= example.count; ++i) {
        char text[64];
        MQTTClient_deliveryToken token = 0;
        int length = snprintf(text, sizeof text, "secured message %d of %d", i, example.count);
        check(MQTTClient_publish(client, example.topic, length, text, example.qos, 0, &token), "publish");
        if (example.qos > 0)
            check(MQTTClient_waitForCompletion(client, token, (unsigned long)example.timeout), "waitForCompletion");
        printf("published \"%s\" to %s\n", text, example.topic);
    }

    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    return 0;
}
