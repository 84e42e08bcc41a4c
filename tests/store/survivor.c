/* Programs that are killed and started again (scripts/survive.sh).
 *
 *   survivor publish  SERVER DIRECTORY QOS JOURNAL VERSION [finish]
 *   survivor callback SERVER DIRECTORY QOS JOURNAL VERSION
 *   survivor receive  SERVER DIRECTORY QOS JOURNAL VERSION
 *   survivor relay    PORT TARGET_PORT
 *
 * publish sends numbers until it is killed; with "finish" it sends "end" and waits until all is acknowledged. Its journal
 * has a line "try N" before and "sent N" or "refused N" after each publish. callback and receive write each message to
 * their journal, a line "subscribed" when they had to subscribe, and end with "end". A line "start" stands for each new
 * process. relay passes bytes on and cuts connections in the middle of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kept.h"

static int journal;

/* In one write, so that a line is there or not. */
static void note(const char *text)
{
    char line[128];
    int length = snprintf(line, sizeof line, "%s\n", text);
    if (write(journal, line, (size_t)length) != length)
        _exit(3);
}

static void note_number(const char *word, long number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %ld", word, number);
    note(text);
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static void fail(const char *what, int rc)
{
    fprintf(stderr, "%s: %d\n", what, rc);
    exit(1);
}

/* Tries until there is a connection; the server may be away. */
static void connect_kept(MQTTClient client, char *server, int version, int qos, int subscribe)
{
    MQTTClient_connectOptions options = kept_session(&server, version, 20);
    options.connectTimeout = 2;
    /* A session that is there after an attempt that failed may be that of the attempt, without the subscription. */
    static int subscribed, attempts;
    while (!MQTTClient_isConnected(client)) {
        int retries = attempts++ > 0 && !subscribed;
        if (version == MQTTVERSION_5) {
            MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = 3600};
            MQTTProperties properties = MQTTProperties_initializer;
            MQTTProperties_add(&properties, &expiry);
            MQTTResponse response = MQTTClient_connect5(client, &options, &properties, NULL);
            MQTTResponse_free(response);
            MQTTProperties_free(&properties);
            if (MQTTClient_isConnected(client) && subscribe && (retries || !options.returned.sessionPresent)) {
                response = MQTTClient_subscribe5(client, "survivor", qos, NULL, NULL);
                if ((int)response.reasonCode == qos) {
                    subscribed = 1;
                    note("subscribed");
                }
                MQTTResponse_free(response);
            }
        } else if (MQTTClient_connect(client, &options) == MQTTCLIENT_SUCCESS && subscribe &&
                   (retries || !options.returned.sessionPresent) &&
                   MQTTClient_subscribe(client, "survivor", qos) == MQTTCLIENT_SUCCESS) {
            subscribed = 1;
            note("subscribed");
        }
        if (!MQTTClient_isConnected(client))
            pause_ms(10);
    }
}

static int send_text(MQTTClient client, int version, const char *text, int qos)
{
    MQTTClient_deliveryToken token;
    if (version != MQTTVERSION_5)
        return MQTTClient_publish(client, "survivor", (int)strlen(text), text, qos, 0, &token);
    MQTTResponse response = MQTTClient_publish5(client, "survivor", (int)strlen(text), text, qos, 0, NULL, &token);
    int rc = (int)response.reasonCode;
    MQTTResponse_free(response);
    return rc;
}

/* The number after the last one tried. */
static long next_number(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128];
    long number = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "try ", 4) == 0)
            number = atol(line + 4);
    if (file != NULL)
        fclose(file);
    return number + 1;
}

static int publish(char **argv, int finish)
{
    int qos = atoi(argv[4]), version = atoi(argv[6]);
    MQTTClient client = create("publisher", argv[3], version);
    for (long number = next_number(argv[5]); !finish; ++number) {
        char text[32];
        connect_kept(client, argv[2], version, qos, 0);
        snprintf(text, sizeof text, "%ld", number);
        note_number("try", number);
        int rc = send_text(client, version, text, qos);
        note_number(rc == MQTTCLIENT_SUCCESS ? "sent" : "refused", number);
        pause_ms(rand() % 2);
    }
    do
        connect_kept(client, argv[2], version, qos, 0);
    while (send_text(client, version, "end", qos) != MQTTCLIENT_SUCCESS);
    for (;;) {
        MQTTClient_deliveryToken *tokens = NULL;
        MQTTClient_getPendingDeliveryTokens(client, &tokens);
        if (tokens == NULL || tokens[0] == -1)
            break;
        connect_kept(client, argv[2], version, qos, 0);
        MQTTClient_waitForCompletion(client, tokens[0], 1000);
        MQTTClient_free(tokens);
    }
    MQTTClient_disconnect(client, 30000); /* until no exchange is unfinished */
    MQTTClient_destroy(&client);
    return 0;
}

static volatile int ended;

static void take(const MQTTClient_message *message)
{
    char text[32];
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (char *)message->payload);
    note(text);
    ended |= strcmp(text, "end") == 0;
}

static int arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
    (void)context;
    (void)length;
    take(message);
    MQTTClient_free(topic);
    MQTTClient_freeMessage(&message);
    return 1;
}

static int subscribe(char **argv, int callbacks)
{
    int qos = atoi(argv[4]), version = atoi(argv[6]);
    MQTTClient client = create("subscriber", argv[3], version);
    if (callbacks)
        MQTTClient_setCallbacks(client, NULL, NULL, arrived, NULL);
    while (!ended) {
        connect_kept(client, argv[2], version, qos, 1);
        if (callbacks) {
            pause_ms(5);
            continue;
        }
        char *topic = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        MQTTClient_receive(client, &topic, &length, &message, 100);
        if (message == NULL)
            continue;
        take(message);
        MQTTClient_free(topic);
        MQTTClient_freeMessage(&message);
    }
    MQTTClient_disconnect(client, 30000); /* until no exchange is unfinished */
    MQTTClient_destroy(&client);
    return 0;
}

#define CONNECTIONS 64

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Passes on what there is; false: the connection is over, perhaps in the middle of it. */
static int pass_on(int from, int to)
{
    char buffer[4096];
    ssize_t count = recv(from, buffer, sizeof buffer, 0);
    int cut = rand() % 60 == 0;
    if (count > 0 && cut)
        count = rand() % count;
    for (ssize_t sent = 0; sent < count;) {
        ssize_t n = send(to, buffer + sent, (size_t)(count - sent), MSG_NOSIGNAL);
        if (n <= 0)
            return 0;
        sent += n;
    }
    return count > 0 && !cut;
}

__attribute__((noreturn)) static void relay(int port, int target)
{
    struct pollfd polled[2 * CONNECTIONS + 1];
    int count = 1, on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    polled[0].fd = socket(AF_INET, SOCK_STREAM, 0);
    polled[0].events = POLLIN;
    setsockopt(polled[0].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(polled[0].fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(polled[0].fd, 16) != 0)
        fail("bind", errno);
    puts("listening");
    fflush(stdout);
    for (;;) {
        poll(polled, (nfds_t)count, -1);
        for (int i = 1; i < count; i += 2) {
            int alive = 1;
            if (polled[i].revents != 0)
                alive = pass_on(polled[i].fd, polled[i + 1].fd);
            if (alive && polled[i + 1].revents != 0)
                alive = pass_on(polled[i + 1].fd, polled[i].fd);
            if (alive)
                continue;
            close(polled[i].fd);
            close(polled[i + 1].fd);
            count -= 2;
            polled[i] = polled[count];
            polled[i + 1] = polled[count + 1];
            i -= 2;
        }
        if (polled[0].revents == 0)
            continue;
        int client = accept(polled[0].fd, NULL, NULL), server = client < 0 ? -1 : dial(target);
        if (server < 0 || count + 2 > 2 * CONNECTIONS) {
            close(client);
            close(server);
            continue;
        }
        polled[count] = (struct pollfd){.fd = client, .events = POLLIN};
        polled[count + 1] = (struct pollfd){.fd = server, .events = POLLIN};
        count += 2;
    }
}

int main(int argc, char **argv)
{
    srand((unsigned)getpid());
    if (argc == 4 && strcmp(argv[1], "relay") == 0)
        relay(atoi(argv[2]), atoi(argv[3]));
    if (argc < 7)
        return 2;
    journal = open(argv[5], O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (journal < 0)
        fail("journal", errno);
    note("start");
    if (strcmp(argv[1], "publish") == 0)
        return publish(argv, argc > 7);
    return subscribe(argv, strcmp(argv[1], "callback") == 0);
}
