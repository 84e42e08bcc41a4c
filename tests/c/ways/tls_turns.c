/* A server of TLS that changes keys while messages go both ways: KeyUpdate of TLS 1.3, renegotiation of TLS 1.2, each
   while the client writes into full sockets. Arguments: files with the server's certificate and key, and with its
   authority's certificate. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "../support.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES 60
#define PAYLOAD 300000
/* The server turns the keys after so many bytes read. */
#define TURN_AFTER 500000

static const char *certificate, *private_key, *authority;

struct server {
    int version, listener, turns;
    pthread_t thread;
};

static unsigned char pattern(size_t at)
{
    return (unsigned char)(at ^ (at >> 8) ^ (at >> 16));
}

static int read_some(SSL *ssl, void *buf, int size)
{
    for (;;) {
        int count = SSL_read(ssl, buf, size);
        if (count > 0)
            return count;
        if (SSL_get_error(ssl, count) != SSL_ERROR_WANT_READ)
            return 0;
    }
}

static void read_all(SSL *ssl, unsigned char *buf, int size)
{
    for (int done = 0; done < size;) {
        int count = read_some(ssl, buf + done, size - done);
        if (count == 0) {
            ERR_print_errors_fp(stderr);
            CHECK_FAIL("the connection ends");
        }
        done += count;
    }
}

/* The type of the next packet; its body is in `body`, `*length` long. */
static int read_packet(SSL *ssl, unsigned char *body, size_t *length)
{
    unsigned char byte, type;
    int shift = 0;
    read_all(ssl, &type, 1);
    *length = 0;
    do {
        read_all(ssl, &byte, 1);
        *length |= (size_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    CHECK(*length <= PAYLOAD + 100);
    read_all(ssl, body, (int)*length);
    return type;
}

static void turn_keys(SSL *ssl, int version)
{
    if (version == TLS1_3_VERSION) {
        CHECK_INT(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    } else {
        CHECK_INT(SSL_renegotiate(ssl), 1);
    }
    CHECK_INT(SSL_do_handshake(ssl), 1);
}

/* Takes messages with QoS 1, acknowledges each and sends each back with QoS 0, and turns the keys now and then. */
static void *serve(void *argument)
{
    struct server *server = argument;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    CHECK_INT(SSL_CTX_set_max_proto_version(context, server->version), 1);
    CHECK_INT(SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(context, private_key, SSL_FILETYPE_PEM), 1);
    int connection = accept(server->listener, NULL, NULL);
    CHECK(connection >= 0);
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, connection);
    CHECK_INT(SSL_accept(ssl), 1);
    CHECK_INT(SSL_version(ssl), server->version);

    unsigned char *body = malloc(PAYLOAD + 200);
    size_t length, since = 0;
    int messages = 0;
    CHECK(body != NULL);
    CHECK_INT(read_packet(ssl, body, &length), 0x10);
    CHECK_INT(SSL_write(ssl, "\x20\x02\0\0", 4), 4);
    for (int type; (type = read_packet(ssl, body, &length)) != 0xe0;) {
        CHECK_INT(type, 0x32);
        size_t topic = (size_t)body[0] << 8 | body[1];
        const unsigned char *id = body + 2 + topic, *payload = id + 2;
        CHECK_INT((int)(length - 4 - topic), PAYLOAD);
        for (size_t at = 0; at < PAYLOAD; ++at)
            CHECK(payload[at] == pattern(at));
        since += length;
        ++messages;
        /* Not near the end: a client that disconnects does not wait for new keys. */
        if (since > TURN_AFTER && messages < MESSAGES - 15) {
            since = 0;
            ++server->turns;
            turn_keys(ssl, server->version);
        }
        unsigned char answer[] = {0x40, 2, id[0], id[1]};
        CHECK_INT(SSL_write(ssl, answer, sizeof answer), sizeof answer);
        static const unsigned char small[] = {0x30, 7, 0, 4, 'b', 'a', 'c', 'k', '!'};
        CHECK_INT(SSL_write(ssl, small, sizeof small), sizeof small);
    }
    SSL_shutdown(ssl);
    close(connection);
    SSL_free(ssl);
    SSL_CTX_free(context);
    free(body);
    return NULL;
}

static volatile int delivered, arrived;

static void on_delivery(void *context, MQTTClient_deliveryToken token)
{
    (void)context, (void)token;
    __sync_fetch_and_add(&delivered, 1);
}

static int on_message(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    (void)context, (void)topic_length;
    CHECK_INT(message->payloadlen, 1);
    CHECK(memcmp(message->payload, "!", 1) == 0);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    __sync_fetch_and_add(&arrived, 1);
    return 1;
}

static void messages_survive_turns(int version, int with_callbacks)
{
    struct server server = {.version = version};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int small = 4096;
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(setsockopt(server.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    CHECK_INT(bind(server.listener, (struct sockaddr *)&address, size), 0);
    CHECK_INT(listen(server.listener, 1), 0);
    CHECK_INT(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    CHECK_INT(pthread_create(&server.thread, NULL, serve, &server), 0);

    char uri[64];
    snprintf(uri, sizeof uri, "ssl://localhost:%d", ntohs(address.sin_port));
    MQTTClient client = create_client(uri, client_id("turns"));
    delivered = arrived = 0;
    if (with_callbacks)
        CHECK_INT(MQTTClient_setCallbacks(client, NULL, NULL, on_message, on_delivery), MQTTCLIENT_SUCCESS);
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.trustStore = authority;
    options.ssl = &tls;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.reliable = 0;
    CHECK_INT(MQTTClient_connect(client, &options), MQTTCLIENT_SUCCESS);

    unsigned char *payload = malloc(PAYLOAD);
    CHECK(payload != NULL);
    for (size_t at = 0; at < PAYLOAD; ++at)
        payload[at] = pattern(at);
    MQTTClient_deliveryToken token = 0;
    for (int count = 0; count < MESSAGES; ++count)
        CHECK_INT(MQTTClient_publish(client, "there", PAYLOAD, payload, 1, 0, &token), MQTTCLIENT_SUCCESS);
    if (with_callbacks) {
        long long limit = now_ms() + PATIENCE;
        while ((delivered < MESSAGES || arrived < MESSAGES) && now_ms() < limit)
            poll(NULL, 0, 5);
        CHECK_INT(delivered, MESSAGES);
        CHECK_INT(arrived, MESSAGES);
    } else {
        CHECK_INT(MQTTClient_waitForCompletion(client, token, PATIENCE), MQTTCLIENT_SUCCESS);
        for (int count = 0; count < MESSAGES; ++count) {
            char *topic = NULL;
            int topic_length = 0;
            MQTTClient_message *message = NULL;
            CHECK_INT(MQTTClient_receive(client, &topic, &topic_length, &message, PATIENCE), MQTTCLIENT_SUCCESS);
            CHECK(message != NULL);
            MQTTClient_freeMessage(&message);
            MQTTClient_free(topic);
        }
    }
    CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
    MQTTClient_destroy(&client);
    CHECK_INT(pthread_join(server.thread, NULL), 0);
    CHECK(server.turns >= MESSAGES * PAYLOAD / TURN_AFTER / 2);
    close(server.listener);
    free(payload);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s CERTIFICATE KEY AUTHORITY\n", argv[0]);
        return 2;
    }
    certificate = argv[1];
    private_key = argv[2];
    authority = argv[3];
    prefix = "tls-turns";
    for (int with_callbacks = 0; with_callbacks <= 1; ++with_callbacks) {
        messages_survive_turns(TLS1_3_VERSION, with_callbacks);
        messages_survive_turns(TLS1_2_VERSION, with_callbacks);
    }
    return 0;
}
