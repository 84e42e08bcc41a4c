/* A TCP relay on a thread of its own, between a client and the broker, that a test can hold and cut.
 *
 * Holding stops what the broker sends from reaching the clients: acknowledgements stay away for as long as
 * the test wants. Cutting closes every connection, as a broken network does. */
#ifndef RELAY_H
#define RELAY_H

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define RELAY_CONNECTIONS 16

struct relay {
    char uri[64]; /* what a client connects to */
    struct addrinfo *target;
    int listener;
    int command[2]; /* a pipe: one byte per command, answered on `done` */
    int done[2];
    pthread_t thread;
    int held;
    int accepting;
    int client[RELAY_CONNECTIONS], server[RELAY_CONNECTIONS];
    int count;
};

static inline int relay_forward(int from, int to)
{
    char buffer[65536];
    ssize_t got = recv(from, buffer, sizeof buffer, 0);
    for (ssize_t sent = 0; sent < got;) {
        ssize_t n = send(to, buffer + sent, (size_t)(got - sent), MSG_NOSIGNAL);
        if (n <= 0)
            return 0;
        sent += n;
    }
    return got > 0;
}

static inline void relay_close(struct relay *relay, int i)
{
    close(relay->client[i]);
    close(relay->server[i]);
    relay->count--;
    relay->client[i] = relay->client[relay->count];
    relay->server[i] = relay->server[relay->count];
}

static inline void relay_accept(struct relay *relay)
{
    int client = accept(relay->listener, NULL, NULL);
    if (client < 0)
        return;
    int server = relay->accepting && relay->count < RELAY_CONNECTIONS
                     ? socket(relay->target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)
                     : -1;
    if (server < 0 || connect(server, relay->target->ai_addr, relay->target->ai_addrlen) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    relay->client[relay->count] = client;
    relay->server[relay->count] = server;
    relay->count++;
}

/* h hold, g go on, c cut, r refuse new connections, a accept them, q quit */
static inline int relay_obey(struct relay *relay)
{
    char command;
    if (read(relay->command[0], &command, 1) != 1)
        return 0;
    switch (command) {
    case 'h': relay->held = 1; break;
    case 'g': relay->held = 0; break;
    case 'r': relay->accepting = 0; break;
    case 'a': relay->accepting = 1; break;
    default:
        while (relay->count > 0)
            relay_close(relay, 0);
    }
    CHECK(write(relay->done[1], &command, 1) == 1);
    return command != 'q';
}

static inline void *relay_run(void *argument)
{
    struct relay *relay = argument;
    for (;;) {
        struct pollfd polled[2 + 2 * RELAY_CONNECTIONS];
        int connections = relay->count;
        polled[0] = (struct pollfd){.fd = relay->command[0], .events = POLLIN};
        polled[1] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
        for (int i = 0; i < connections; ++i) {
            polled[2 + 2 * i] = (struct pollfd){.fd = relay->client[i], .events = POLLIN};
            /* a negative descriptor is not looked at: this is what holding means */
            polled[3 + 2 * i] = (struct pollfd){.fd = relay->held ? -1 : relay->server[i], .events = POLLIN};
        }
        if (poll(polled, (nfds_t)(2 + 2 * connections), -1) < 0 && errno != EINTR)
            CHECK_FAIL("poll: %s", strerror(errno));
        if (polled[0].revents != 0) {
            if (!relay_obey(relay))
                return NULL;
            continue; /* the connections may be others now */
        }
        for (int i = connections - 1; i >= 0; --i) {
            int open = 1;
            if (polled[2 + 2 * i].revents != 0)
                open = relay_forward(relay->client[i], relay->server[i]);
            if (open && polled[3 + 2 * i].revents != 0)
                open = relay_forward(relay->server[i], relay->client[i]);
            if (!open)
                relay_close(relay, i);
        }
        if (polled[1].revents != 0)
            relay_accept(relay);
    }
}

static inline void relay_command(struct relay *relay, char command)
{
    char answer;
    CHECK(write(relay->command[1], &command, 1) == 1);
    CHECK(read(relay->done[0], &answer, 1) == 1);
}

static inline void relay_hold(struct relay *relay) { relay_command(relay, 'h'); }
static inline void relay_go_on(struct relay *relay) { relay_command(relay, 'g'); }
static inline void relay_cut(struct relay *relay) { relay_command(relay, 'c'); }
static inline void relay_refuse(struct relay *relay) { relay_command(relay, 'r'); }
static inline void relay_accept_again(struct relay *relay) { relay_command(relay, 'a'); }

/* `uri` is tcp://host:port of the broker. */
static inline void relay_start(struct relay *relay, const char *uri)
{
    memset(relay, 0, sizeof *relay);
    relay->accepting = 1;

    char host[256];
    const char *address = strstr(uri, "://") ? strstr(uri, "://") + 3 : uri;
    const char *colon = strrchr(address, ':');
    CHECK(colon != NULL && (size_t)(colon - address) < sizeof host);
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    CHECK_INT(getaddrinfo(host, colon + 1, &hints, &relay->target), 0);

    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof local;
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(relay->listener >= 0);
    CHECK_INT(bind(relay->listener, (struct sockaddr *)&local, sizeof local), 0);
    CHECK_INT(listen(relay->listener, 8), 0);
    CHECK_INT(getsockname(relay->listener, (struct sockaddr *)&local, &size), 0);
    snprintf(relay->uri, sizeof relay->uri, "tcp://127.0.0.1:%d", ntohs(local.sin_port));

    CHECK_INT(pipe(relay->command), 0);
    CHECK_INT(pipe(relay->done), 0);
    CHECK_INT(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

static inline void relay_stop(struct relay *relay)
{
    relay_command(relay, 'q');
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    for (int i = 0; i < 2; ++i) {
        close(relay->command[i]);
        close(relay->done[i]);
    }
    freeaddrinfo(relay->target);
}

#endif
