/* A broker in a thread: it answers like one unless the story says otherwise, and notes every packet of the client. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

#define MAX_CONNECTIONS 32
#define BUFFER (1 << 24)
#define MAX_ANSWERS 256
#define V5 5

struct connection {
    int socket; /* -1 when closed */
    unsigned char *input;
    size_t used;
    int version;
    char client_id[16];
    bool deaf;
};

/* What to answer a type of packet with. */
struct answer {
    bool used;
    bool once;
    int type;
    char text[2048];
};

/* Bytes to be sent at a given time, or when released. */
struct parcel {
    int connection;
    long long at; /* 0: held until released */
    char text[2048];
    int id;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER, turned = PTHREAD_COND_INITIALIZER;
static bool polling;
static int commands; /* that are being carried out, or wait for the end of a poll */
static int listener = -1, port, wake_pipe[2];
static struct connection connections[MAX_CONNECTIONS];
static int connection_count;
static struct answer answers[MAX_ANSWERS]; /* in the order in which the story gave them */
static int answer_count;
static struct parcel parcels[256];
static int parcel_count;
static bool muted[16];
static long received[16], awaited[16];

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void listen_again(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int on = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
        perror("bind");
        exit(2);
    }
    getsockname(listener, (struct sockaddr *)&address, &length);
    port = ntohs(address.sin_port);
}

static void hang_up(struct connection *connection, const char *how)
{
    if (connection->socket < 0)
        return;
    if (strcmp(how, "shutdown") == 0) {
        shutdown(connection->socket, SHUT_WR);
        return;
    }
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (strcmp(how, "reset") == 0)
        setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(connection->socket);
    connection->socket = -1;
}

/* Sends what the text says: bytes in hexadecimal, `ID` for a packet id, and what to do with the connection. */
static void act(int number, const char *text, int id)
{
    struct connection *connection = &connections[number];
    unsigned char out[65536];
    size_t used = 0;
    struct words words;
    split(&words, text);
    for (int i = 0; i <= words.count; ++i) {
        const char *word = i < words.count ? words.word[i] : "";
        if (strcmp(word, "ID") == 0) {
            out[used++] = (unsigned char)(id >> 8);
            out[used++] = (unsigned char)id;
        } else if (strlen(word) == 2 && strspn(word, "0123456789abcdefABCDEF") == 2) {
            out[used++] = (unsigned char)strtol(word, NULL, 16);
        } else if (word[0] == '\'') { /* text */
            used += (size_t)snprintf((char *)out + used, sizeof out - used, "%s", word + 1);
        } else {
            if (used > 0 && connection->socket >= 0 &&
                send(connection->socket, out, used, MSG_NOSIGNAL) != (ssize_t)used)
                note(WIRE, "c%d cannot be sent to", number + 1);
            used = 0;
            if (strcmp(word, "close") == 0 || strcmp(word, "reset") == 0 || strcmp(word, "shutdown") == 0)
                hang_up(connection, word);
            else if (strcmp(word, "stop") == 0 && listener >= 0) {
                close(listener);
                listener = -1;
            }
        }
    }
}

static void schedule(int number, const char *text, int id, long long at)
{
    struct parcel *parcel = &parcels[parcel_count++ % 256];
    parcel->connection = number;
    parcel->at = at;
    parcel->id = id;
    snprintf(parcel->text, sizeof parcel->text, "%s", text);
}

/* How a broker answers, as a text for `act`; empty for nothing. */
static void usual_answer(char *out, size_t room, const struct connection *connection, const unsigned char *packet,
                         const unsigned char *body, size_t length)
{
    bool v5 = connection->version >= V5;
    int qos = packet[0] >> 1 & 3;
    out[0] = '\0';
    switch (packet[0] >> 4) {
    case 1:
        snprintf(out, room, v5 ? "20 03 00 00 00" : "20 02 00 00");
        break;
    case 3:
        if (qos > 0)
            snprintf(out, room, qos == 1 ? "40 02 ID" : "50 02 ID");
        break;
    case 5:
        snprintf(out, room, "62 02 ID");
        break;
    case 6:
        snprintf(out, room, "70 02 ID");
        break;
    case 8:
    case 10: {
        char codes[1024] = "";
        int count = 0;
        size_t at = 2;
        if (v5 && at < length)
            at += 1u + body[at]; /* properties of stories are short */
        while (at + 2 <= length) {
            size_t topic = (size_t)(body[at] << 8 | body[at + 1]);
            at += 2 + topic;
            int code = packet[0] >> 4 == 8 && at < length ? body[at++] & 3 : 0;
            snprintf(codes + strlen(codes), sizeof codes - strlen(codes), " %02x", (unsigned)code & 0xff);
            ++count;
        }
        if (packet[0] >> 4 == 8)
            snprintf(out, room, "90 %02x ID%s%s", (unsigned)(count + 2 + v5) & 0x7f, v5 ? " 00" : "", codes);
        else if (v5)
            snprintf(out, room, "b0 %02x ID 00%s", (unsigned)(count + 3) & 0x7f, codes);
        else
            snprintf(out, room, "b0 02 ID");
        break;
    }
    case 12:
        snprintf(out, room, "d0 00");
        break;
    default:
        break;
    }
}

static int packet_id(const unsigned char *packet, const unsigned char *body, size_t length)
{
    size_t at = 0;
    if (packet[0] >> 4 == 3)
        at = 2u + (length >= 2 ? (size_t)(body[0] << 8 | body[1]) : 0);
    return at + 2 <= length ? body[at] << 8 | body[at + 1] : 0;
}

/* What a CONNECT says about who comes. */
static void read_connect(struct connection *connection, const unsigned char *body, size_t length)
{
    size_t at = 2u + (size_t)(body[0] << 8 | body[1]);
    connection->version = body[at];
    at += 4;
    if (connection->version >= V5 && at < length)
        at += 1u + body[at]; /* properties of stories are short */
    size_t id = at + 2 <= length ? (size_t)(body[at] << 8 | body[at + 1]) : 0;
    if (at + 2 + id <= length)
        snprintf(connection->client_id, sizeof connection->client_id, "%.*s", (int)id, (const char *)body + at + 2);
}

static void handle(int number, const unsigned char *packet, size_t size, size_t header)
{
    struct connection *connection = &connections[number];
    const unsigned char *body = packet + header;
    size_t length = size - header;
    int type = packet[0] >> 4;
    char text[2048];
    if (!muted[type]) {
        char hex[1024];
        describe_hex(hex, sizeof hex, packet, size);
        note(WIRE, "c%d %s %s", number + 1, packet_names[type], hex);
    }
    ++received[type];
    pthread_cond_broadcast(&arrived);
    if (type == 1 && length > 8)
        read_connect(connection, body, length);
    int id = packet_id(packet, body, length);
    usual_answer(text, sizeof text, connection, packet, body, length);
    struct answer *chosen = NULL;
    for (int i = 0; i < answer_count && (chosen == NULL || !chosen->once); ++i)
        if (answers[i].used && answers[i].type == type && (chosen == NULL || answers[i].once))
            chosen = &answers[i];
    if (chosen == NULL) {
        act(number, text, id);
        return;
    }
    if (chosen->once)
        chosen->used = false;
    if (strncmp(chosen->text, "hold", 4) == 0) {
        schedule(number, text, id, 0);
    } else if (strncmp(chosen->text, "after ", 6) == 0) {
        char *rest;
        long delay = strtol(chosen->text + 6, &rest, 10);
        schedule(number, *rest != '\0' ? rest : text, id, now_ms() + delay);
    } else {
        act(number, chosen->text, id);
    }
}

static void take_packets(int number)
{
    struct connection *connection = &connections[number];
    size_t at = 0;
    while (connection->used - at >= 2) {
        size_t length = 0, header = 1;
        int shift = 0;
        bool whole = false;
        while (at + header < connection->used && header < 5) {
            unsigned char byte = connection->input[at + header++];
            length |= (size_t)(byte & 127) << shift;
            shift += 7;
            if (byte < 128) {
                whole = true;
                break;
            }
        }
        if (!whole || connection->used - at < header + length)
            break;
        handle(number, connection->input + at, header + length, header);
        at += header + length;
    }
    memmove(connection->input, connection->input + at, connection->used - at);
    connection->used -= at;
}

static void handle_input(int number)
{
    struct connection *connection = &connections[number];
    ssize_t got = recv(connection->socket, connection->input + connection->used, BUFFER - connection->used, MSG_DONTWAIT);
    if (got > 0) {
        connection->used += (size_t)got;
        take_packets(number);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        if (connection->used > 0)
            note(WIRE, "c%d ends inside a packet", number + 1);
        note(WIRE, "c%d closed", number + 1);
        close(connection->socket);
        connection->socket = -1;
    }
}

static void accept_connection(void)
{
    int socket = accept(listener, NULL, NULL);
    if (socket < 0 || connection_count == MAX_CONNECTIONS)
        return;
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = &connections[connection_count++];
    connection->socket = socket;
    connection->input = malloc(BUFFER);
    connection->version = 4;
    note(WIRE, "c%d opened", connection_count);
    struct answer *chosen = NULL;
    for (int i = 0; i < answer_count && chosen == NULL; ++i)
        if (answers[i].used && answers[i].type == 0)
            chosen = &answers[i];
    if (chosen != NULL) {
        chosen->used = !chosen->once;
        act(connection_count - 1, chosen->text, 0);
    }
}

static int deliver_parcels(void)
{
    long long next = -1;
    for (int i = 0; i < parcel_count && i < 256; ++i) {
        if (parcels[i].at <= 0)
            continue;
        long long left = parcels[i].at - now_ms();
        if (left <= 0) {
            parcels[i].at = -1;
            act(parcels[i].connection, parcels[i].text, parcels[i].id);
            wake_transcript();
        } else if (next < 0 || left < next) {
            next = left;
        }
    }
    return (int)next;
}

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        struct pollfd polled[MAX_CONNECTIONS + 2];
        int numbers[MAX_CONNECTIONS + 2], count = 2;
        pthread_mutex_lock(&lock);
        while (commands > 0)
            pthread_cond_wait(&turned, &lock);
        int wait = deliver_parcels();
        polled[0] = (struct pollfd){.fd = wake_pipe[0], .events = POLLIN};
        polled[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (int i = 0; i < connection_count; ++i)
            if (connections[i].socket >= 0 && !connections[i].deaf) {
                polled[count] = (struct pollfd){.fd = connections[i].socket, .events = POLLIN};
                numbers[count++] = i;
            }
        polling = true;
        pthread_mutex_unlock(&lock);
        poll(polled, (nfds_t)count, wait);
        pthread_mutex_lock(&lock);
        polling = false;
        pthread_cond_broadcast(&turned);
        char byte[64];
        if (polled[0].revents != 0 && read(wake_pipe[0], byte, sizeof byte) < 0)
            exit(2);
        /* The end of an old connection is noted before the begin of a new one, though it comes behind DISCONNECT. */
        do {
            for (int i = 2; i < count; ++i)
                if (polled[i].revents != 0 && connections[numbers[i]].socket == polled[i].fd)
                    handle_input(numbers[i]);
            for (int i = 2; i < count; ++i)
                if (connections[numbers[i]].socket != polled[i].fd)
                    polled[i].fd = -1;
        } while (polled[1].revents != 0 && poll(polled + 2, (nfds_t)count - 2, 0) > 0);
        if (polled[1].revents != 0 && listener == polled[1].fd && listener >= 0)
            accept_connection();
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int start_broker(void)
{
    pthread_t thread;
    listen_again();
    if (pipe(wake_pipe) != 0 || pthread_create(&thread, NULL, serve, NULL) != 0)
        exit(2);
    return port;
}

/* All words from `first` on as one text. */
static void rest_of(char *out, size_t room, const struct words *words, int first)
{
    out[0] = '\0';
    for (int i = first; i < words->count; ++i)
        snprintf(out + strlen(out), room - strlen(out), i > first ? " %s" : "%s", words->word[i]);
}

static void set_answer(const struct words *words, bool once)
{
    int type = strcmp(words->word[2], "OPEN") == 0 ? 0 : packet_type_of(words->word[2]);
    for (int i = 0; i < answer_count; ++i)
        if (!once && !answers[i].once && answers[i].type == type)
            answers[i].used = false;
    if (answer_count == MAX_ANSWERS) {
        note(RESULT, "too many answers");
        return;
    }
    struct answer *answer = &answers[answer_count++];
    *answer = (struct answer){.used = true, .once = once, .type = type};
    rest_of(answer->text, sizeof answer->text, words, 3);
}

static void release(const char *how)
{
    int held[256], count = 0;
    for (int i = 0; i < parcel_count && i < 256; ++i)
        if (parcels[i].at == 0)
            held[count++] = i;
    bool reverse = how != NULL && strcmp(how, "reverse") == 0;
    int limit = how != NULL && !reverse ? atoi(how) : count;
    for (int i = 0; i < count && i < limit; ++i) {
        struct parcel *parcel = &parcels[held[reverse ? count - 1 - i : i]];
        parcel->at = -1;
        act(parcel->connection, parcel->text, parcel->id);
    }
}

static void await(int type, long wanted)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    while (received[type] - awaited[type] < wanted && pthread_cond_timedwait(&arrived, &lock, &limit) == 0)
        ;
    if (received[type] - awaited[type] < wanted)
        note(RESULT, "%s did not come", packet_names[type]);
    awaited[type] += wanted;
}

void broker_command(const struct words *words)
{
    const char *verb = words->count > 1 ? words->word[1] : "";
    const char *first = words->count > 2 ? words->word[2] : NULL;
    int at = 2;
    pthread_mutex_lock(&lock);
    ++commands;
    /* A socket ends when nobody polls it any more, however early it is closed. */
    while (polling) {
        if (write(wake_pipe[1], "", 1) < 0)
            exit(2);
        pthread_cond_wait(&turned, &lock);
    }
    int number = connection_count - 1;
    if (first != NULL && first[0] == 'c' && first[1] >= '1' && first[1] <= '9' && first[2] == '\0') {
        number = first[1] - '1';
        ++at;
    } else if (first != NULL && first[0] == '@') {
        while (number >= 0 && strcmp(connections[number].client_id, first + 1) != 0)
            --number;
        ++at;
    }
    char text[2048];
    if (strcmp(verb, "once") == 0 && first != NULL)
        set_answer(words, true);
    else if (strcmp(verb, "always") == 0 && first != NULL)
        set_answer(words, false);
    else if (strcmp(verb, "usual") == 0)
        answer_count = 0;
    else if (strcmp(verb, "send") == 0 && number >= 0) {
        rest_of(text, sizeof text, words, at);
        act(number, text, 0);
    } else if (strcmp(verb, "later") == 0 && first != NULL && number >= 0) {
        rest_of(text, sizeof text, words, 3);
        schedule(number, text, 0, now_ms() + atoi(first));
    } else if (strcmp(verb, "release") == 0)
        release(first);
    else if ((strcmp(verb, "close") == 0 || strcmp(verb, "reset") == 0 || strcmp(verb, "shutdown") == 0) && number >= 0)
        hang_up(&connections[number], verb);
    else if (strcmp(verb, "stop") == 0 && listener >= 0) {
        close(listener);
        listener = -1;
    } else if (strcmp(verb, "start") == 0 && listener < 0)
        listen_again();
    else if (strcmp(verb, "deaf") == 0 && number >= 0)
        connections[number].deaf = true;
    else if (strcmp(verb, "hear") == 0 && number >= 0)
        connections[number].deaf = false;
    else if (strcmp(verb, "omit") == 0 && first != NULL)
        muted[packet_type_of(first)] = true;
    else if (strcmp(verb, "await") != 0 || first == NULL)
        note(RESULT, "the broker cannot %s", verb);
    --commands;
    pthread_cond_broadcast(&turned);
    if (strcmp(verb, "await") == 0 && first != NULL)
        await(packet_type_of(first), words->count > 3 ? atol(words->word[3]) : 1);
    pthread_mutex_unlock(&lock);
}
