/* A server that plays a script on a thread of its own, for tests in which every byte counts.
 *
 * The script is text: steps between newlines or `;`, words as of tests/broker/script.rs:
 *
 *   accept             wait for a connection; the one before it is closed
 *   expect CONNECT     wait for one packet of this type (any type a client sends)
 *   expect 30 0a ??    wait for that many bytes and compare; ?? is any byte
 *   expect-nothing 200 nothing may arrive for 200 ms
 *   expect-eof         wait for the client to end the connection
 *   send 20 03 00 00   send these bytes
 *   close              end the connection in order
 *   signal             let peer_await() return once
 *   await              wait for peer_signal()
 */
#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

/* CONNECT of any MQTT 5 client, answered by CONNACK without properties. */
#define ACCEPT5 "accept; expect CONNECT; send 20 03 00 00 00;"
/* The client disconnects in the shortest form. */
#define GOODBYE "expect e0 00; expect-eof"

struct peer {
    int listener, connection;
    char uri[64];
    char *script;
    pthread_t thread;
    sem_t to_test, to_peer;
};

static inline int peer_read(struct peer *peer, unsigned char *byte, int patience)
{
    struct pollfd polled = {.fd = peer->connection, .events = POLLIN};
    if (poll(&polled, 1, patience) <= 0)
        return -1;
    return recv(peer->connection, byte, 1, 0) == 1 ? 1 : 0;
}

static inline unsigned char peer_take(struct peer *peer, const char *step)
{
    unsigned char byte = 0;
    int got = peer_read(peer, &byte, PATIENCE);
    if (got != 1)
        CHECK_FAIL("%s when the script is at `%s`", got == 0 ? "the connection ends" : "nothing arrives", step);
    return byte;
}

static inline void peer_expect_type(struct peer *peer, const char *step, const char *name)
{
    static const char *const names[] = {"",       "CONNECT",   "CONNACK", "PUBLISH",     "PUBACK",   "PUBREC",  "PUBREL",    "PUBCOMP",
                                        "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
    unsigned char byte = peer_take(peer, step);
    if (strcmp(names[byte >> 4], name) != 0)
        CHECK_FAIL("%s (%02x) when the script is at `%s`", names[byte >> 4], byte, step);
    unsigned long length = 0;
    int shift = 0;
    do {
        byte = peer_take(peer, step);
        length |= (unsigned long)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    while (length-- > 0)
        peer_take(peer, step);
}

static inline void peer_expect_bytes(struct peer *peer, const char *step, const char *hex)
{
    char got[3 * 1024 + 1] = "";
    size_t count = 0;
    for (; *hex != '\0'; hex += strspn(hex, " ")) {
        unsigned char byte = peer_take(peer, step);
        if (count < 1024)
            snprintf(got + 3 * count++, 4, "%02x ", byte);
        char text[3] = {hex[0], hex[1], '\0'};
        if (strcmp(text, "??") != 0 && strtoul(text, NULL, 16) != byte)
            CHECK_FAIL("%swhen the script is at `%s`", got, step);
        hex += 2;
    }
}

static inline void peer_send(struct peer *peer, const char *hex)
{
    unsigned char bytes[2048];
    size_t count = 0;
    for (char *end = NULL; *hex != '\0'; hex = end + strspn(end, " ")) {
        bytes[count++] = (unsigned char)strtoul(hex, &end, 16);
        CHECK(end != hex && count < sizeof bytes);
    }
    /* The client may be gone already: what it should have done is in the next step. */
    (void)!send(peer->connection, bytes, count, MSG_NOSIGNAL);
}

static inline void peer_hang_up(struct peer *peer)
{
    if (peer->connection >= 0)
        close(peer->connection);
    peer->connection = -1;
}

static inline void peer_play(struct peer *peer, const char *step)
{
    unsigned char byte;
    size_t word = strcspn(step, " ");
    const char *rest = step + word + strspn(step + word, " ");
#define STEP_IS(name) (word == strlen(name) && strncmp(step, name, word) == 0)
    if (STEP_IS("accept")) {
        peer_hang_up(peer);
        struct pollfd polled = {.fd = peer->listener, .events = POLLIN};
        if (poll(&polled, 1, PATIENCE) != 1)
            CHECK_FAIL("nobody connects when the script is at `%s`", step);
        peer->connection = accept(peer->listener, NULL, NULL);
        CHECK(peer->connection >= 0);
    } else if (STEP_IS("expect") && rest[0] >= 'A' && rest[0] <= 'Z') {
        peer_expect_type(peer, step, rest);
    } else if (STEP_IS("expect")) {
        peer_expect_bytes(peer, step, rest);
    } else if (STEP_IS("expect-nothing")) {
        int got = peer_read(peer, &byte, atoi(rest));
        if (got != -1)
            CHECK_FAIL("%s when the script is at `%s`", got == 0 ? "the connection ends" : "something arrives", step);
    } else if (STEP_IS("expect-eof")) {
        if (peer_read(peer, &byte, PATIENCE) != 0)
            CHECK_FAIL("the connection does not end when the script is at `%s`", step);
    } else if (STEP_IS("send")) {
        peer_send(peer, rest);
    } else if (STEP_IS("close")) {
        peer_hang_up(peer);
    } else if (STEP_IS("signal")) {
        sem_post(&peer->to_test);
    } else if (STEP_IS("await")) {
        while (sem_wait(&peer->to_peer) != 0)
            ;
    } else {
        CHECK_FAIL("the script has a step `%s`", step);
    }
#undef STEP_IS
}

static inline void *peer_run(void *argument)
{
    struct peer *peer = argument;
    char *state = NULL;
    for (char *step = strtok_r(peer->script, ";\n", &state); step != NULL; step = strtok_r(NULL, ";\n", &state)) {
        step += strspn(step, " ");
        if (*step != '\0')
            peer_play(peer, step);
    }
    peer_hang_up(peer);
    return NULL;
}

/* Listens at peer->uri and plays the script. */
static inline void peer_start(struct peer *peer, const char *script)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof local;
    peer->connection = -1;
    peer->script = strdup(script);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(peer->script != NULL && peer->listener >= 0);
    CHECK_INT(bind(peer->listener, (struct sockaddr *)&local, sizeof local), 0);
    CHECK_INT(listen(peer->listener, 8), 0);
    CHECK_INT(getsockname(peer->listener, (struct sockaddr *)&local, &size), 0);
    snprintf(peer->uri, sizeof peer->uri, "tcp://127.0.0.1:%d", ntohs(local.sin_port));
    CHECK_INT(sem_init(&peer->to_test, 0, 0), 0);
    CHECK_INT(sem_init(&peer->to_peer, 0, 0), 0);
    CHECK_INT(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void peer_signal(struct peer *peer) { sem_post(&peer->to_peer); }

static inline void peer_await(struct peer *peer)
{
    while (sem_wait(&peer->to_test) != 0)
        ;
}

/* Waits until the script has been played to its end. */
static inline void peer_finish(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    sem_destroy(&peer->to_test);
    sem_destroy(&peer->to_peer);
    free(peer->script);
}

#endif
