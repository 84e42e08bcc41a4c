/* Other ways to the broker: a relay that clients reach by TLS or WebSocket, and that hands their bytes on over TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"

#define CHUNK 16384

struct peer {
    int socket, broker;
    SSL *tls; /* NULL without TLS */
    bool websocket;
    unsigned char input[4 * CHUNK]; /* what came of an unfinished WebSocket frame */
    size_t used;
};

static int listener = -1, broker_port_number;
static bool by_tls, by_websocket;
static SSL_CTX *context;

static void die(const char *what)
{
    note(RESULT, "%s fails", what);
    exit(2);
}

static int loopback(int port, bool listening)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int rc = listening ? bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 16)
                       : connect(fd, (struct sockaddr *)&address, sizeof address);
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

static void make_context(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"127.0.0.1", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    context = SSL_CTX_new(TLS_server_method());
    if (X509_sign(certificate, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1)
        die("the certificate");
}

static bool put_all(struct peer *peer, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = peer->tls != NULL ? SSL_write(peer->tls, bytes, (int)length)
                                        : send(peer->socket, bytes, length, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

static ssize_t get(struct peer *peer, unsigned char *bytes, size_t room)
{
    return peer->tls != NULL ? SSL_read(peer->tls, bytes, (int)room) : recv(peer->socket, bytes, room, 0);
}

static bool hand_on(int broker, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = send(broker, bytes, length, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

static bool put_frame(struct peer *peer, int opcode, const unsigned char *bytes, size_t length)
{
    unsigned char head[4] = {(unsigned char)(0x80 | opcode), (unsigned char)length};
    size_t size = 2;
    if (length > 125) {
        head[1] = 126;
        head[2] = (unsigned char)(length >> 8);
        head[3] = (unsigned char)length;
        size = 4;
    }
    return put_all(peer, head, size) && put_all(peer, bytes, length);
}

/* Hands the payloads of whole frames on; false at the end. */
static bool take_frames(struct peer *peer)
{
    for (;;) {
        unsigned char *at = peer->input;
        size_t length = peer->used > 1 ? at[1] & 127u : 0, head = 6;
        if (length == 126 && peer->used >= 4) {
            length = (size_t)(at[2] << 8 | at[3]);
            head = 8;
        } else if (length == 127) {
            length = peer->used >= 10 ? (size_t)at[6] << 24 | (size_t)at[7] << 16 | (size_t)at[8] << 8 | at[9] : 0;
            head = 14;
        }
        size_t have = peer->used > head ? peer->used - head : 0;
        if (peer->used < head || (have < length && (at[0] & 15) > 2))
            return true;
        if ((at[0] & 15) == 8) {
            put_frame(peer, 8, NULL, 0);
            return false;
        }
        /* A long frame is handed on in pieces; the rest of it is asked for at once. */
        for (size_t done = 0; done < length;) {
            for (size_t i = 0; i < have && done + i < length; ++i)
                at[head + i] ^= at[head - 4 + (done + i) % 4];
            size_t piece = have < length - done ? have : length - done;
            if (!hand_on(peer->broker, at + head, piece))
                return false;
            done += piece;
            if (done == length) {
                memmove(at + head, at + head + piece, have - piece);
                have -= piece;
                break;
            }
            ssize_t got = get(peer, at + head, sizeof peer->input - head);
            if (got <= 0)
                return false;
            have = (size_t)got;
        }
        memmove(at, at + head, have);
        peer->used = have;
    }
}

static bool upgrade(struct peer *peer)
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char request[CHUNK] = "", key[128], answer[512];
    for (size_t used = 0; strstr(request, "\r\n\r\n") == NULL; request[used] = '\0') {
        ssize_t got = get(peer, (unsigned char *)request + used, sizeof request - 1 - used);
        if (got <= 0)
            return false;
        used += (size_t)got;
    }
    const char *at = strcasestr(request, "\r\nsec-websocket-key:");
    if (at == NULL || sscanf(at + 20, " %63s", key) != 1)
        return false;
    snprintf(key + strlen(key), sizeof key - strlen(key), "%s", magic);
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    EVP_Digest(key, strlen(key), digest, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, 20);
    snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", accept);
    return put_all(peer, (const unsigned char *)answer, strlen(answer));
}

/* Bytes of the client to the broker; false at the end. */
static bool from_client(struct peer *peer)
{
    do {
        ssize_t got = get(peer, peer->input + peer->used, sizeof peer->input - peer->used);
        if (got <= 0)
            return false;
        peer->used += (size_t)got;
        if (peer->websocket) {
            if (!take_frames(peer))
                return false;
        } else {
            if (!hand_on(peer->broker, peer->input, peer->used))
                return false;
            peer->used = 0;
        }
    } while (peer->tls != NULL && SSL_pending(peer->tls) > 0);
    return true;
}

static void relay(struct peer *peer)
{
    for (;;) {
        struct pollfd polled[2] = {{.fd = peer->socket, .events = POLLIN}, {.fd = peer->broker, .events = POLLIN}};
        unsigned char bytes[CHUNK];
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return;
        if (polled[0].revents != 0 && !from_client(peer))
            return;
        if (polled[1].revents == 0)
            continue;
        ssize_t got = recv(peer->broker, bytes, sizeof bytes, 0);
        if (got <= 0)
            return;
        if (!(peer->websocket ? put_frame(peer, 2, bytes, (size_t)got) : put_all(peer, bytes, (size_t)got)))
            return;
    }
}

static void *serve_peer(void *argument)
{
    struct peer *peer = argument;
    bool ready = true;
    if (by_tls) {
        peer->tls = SSL_new(context);
        SSL_set_fd(peer->tls, peer->socket);
        ready = SSL_accept(peer->tls) == 1;
    }
    if (ready && by_websocket)
        ready = peer->websocket = upgrade(peer);
    if (ready && (peer->broker = loopback(broker_port_number, false)) >= 0) {
        relay(peer);
        close(peer->broker);
    }
    if (peer->tls != NULL) {
        SSL_shutdown(peer->tls);
        SSL_free(peer->tls);
    }
    close(peer->socket);
    free(peer);
    return NULL;
}

static void *accept_peers(void *unused)
{
    (void)unused;
    for (;;) {
        struct peer *peer = calloc(1, sizeof *peer);
        pthread_t thread;
        peer->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer->socket < 0 || pthread_create(&thread, NULL, serve_peer, peer) != 0)
            die("the relay");
        pthread_detach(thread);
    }
    return NULL;
}

int start_way(const char *scheme, int broker_port)
{
    pthread_t thread;
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    by_tls = strcmp(scheme, "ssl") == 0 || strcmp(scheme, "wss") == 0;
    by_websocket = scheme[0] == 'w';
    broker_port_number = broker_port;
    if (by_tls)
        make_context();
    listener = loopback(0, true);
    getsockname(listener, (struct sockaddr *)&address, &length);
    if (pthread_create(&thread, NULL, accept_peers, NULL) != 0)
        die("the relay");
    return ntohs(address.sin_port);
}
